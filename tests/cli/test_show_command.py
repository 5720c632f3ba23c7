"""`flowforge show KEY`: the columns that a table had."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from command_line import Call

Edit = Callable[[Path, str, str], None]
GREW = "+ note: string?"


def add_a_column(shop: Path, edit: Edit) -> None:
    """Gold sales get a column that may be null."""
    path = shop / "assets/gold/sales.sql"
    edit(path, "count(*) as orders", "count(*) as orders,\n    nullif('', '') as note")


def test_columns_that_came_are_listed(call: Call, shop: Path, edit: Edit) -> None:
    assert "schema history" not in call("show", "gold.sales").out
    add_a_column(shop, edit)
    assert call("run", "-y").code == 0
    history = call("show", "gold.sales").out.partition("schema history")[2].splitlines()
    assert "3 columns" in history[1]
    assert history[2].endswith(GREW)


def test_columns_that_came_are_in_the_answer(call: Call, shop: Path, edit: Edit) -> None:
    add_a_column(shop, edit)
    assert call("run", "-y").code == 0
    old, new = call("show", "gold.sales", "--json").data["schema_history"]
    assert set(new["columns"].items()) - set(old["columns"].items()) == {("note", "string?")}
    assert new["version"] > old["version"]


def test_the_bytes_of_the_last_commit_are_told_and_the_log_of_old_tables_has_them(
    call: Call, shop: Path
) -> None:
    lake = shop / ".flowforge/dev/lake/gold/sales"
    [file] = lake.glob("part-*.parquet")
    told = call("show", "gold.sales", "--json").data["bytes_written"]
    assert told == file.stat().st_size
    assert call("history", "gold.sales", "--json").data["steps"][0]["bytes"] == told
    [log] = (lake / "_delta_log").glob("*.json")
    without = log.read_text().replace(f'"bytes":{told}', '"older":true')
    assert without != log.read_text()
    log.write_text(without)
    (shop / ".flowforge/dev/ledger.db").unlink()
    assert call("ledger", "rebuild", "-y").code == 0
    assert call("show", "gold.sales", "--json").data["bytes_written"] == told


def test_the_lake_tells_them_when_the_ledger_is_lost(call: Call, shop: Path, edit: Edit) -> None:
    add_a_column(shop, edit)
    assert call("run", "-y").code == 0
    (shop / ".flowforge/dev/ledger.db").unlink()
    assert call("ledger", "rebuild", "-y").code == 0
    assert GREW in call("show", "gold.sales").out

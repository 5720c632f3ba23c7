"""`flowforge parity`, and what `flowforge sql` says of it, as people call them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from command_line import Call

SUMS: Final = "SELECT sku, sum(n)::BIGINT AS n FROM bronze.sales GROUP BY sku\n"
FILES: Final = {
    "flowforge.toml": '[project]\nname = "till"\n',
    "assets/bronze/sales.csv": "sku,n,day\na,2,2026-01-01\n",
    "assets/gold/sums.sql": SUMS,
    "assets/gold/never.sql": "SELECT sku FROM bronze.sales WHERE n > 1 AND n < 1\n",
}


@pytest.fixture
def till(
    write_project: Callable[[Mapping[str, str]], Path], monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A project of two queries over a seed; we are in it."""
    root = write_project(FILES)
    monkeypatch.chdir(root)
    return root


@pytest.mark.usefixtures("till")
def test_all_queries_are_tried_without_a_key(call: Call) -> None:
    ran = call("parity", "-t", "duckdb")
    assert ran.code == 0
    never, sums = sorted(ran.out.splitlines())
    assert never.startswith("unverified  gold.never  FF-470: ")
    assert sums.startswith("verified    gold.sums  ")
    assert ran.err.startswith("1 verified, 1 unverified on DuckDB ")


@pytest.mark.usefixtures("till")
def test_a_verdict_is_told_as_json(call: Call) -> None:
    ran = call("parity", "gold.sums", "-t", "duckdb", "--seed", "3", "--json")
    (found,) = ran.data["parity"]
    assert (found["key"], found["target"], found["verdict"]) == ("gold.sums", "duckdb", "verified")
    assert found["rows"] > 1
    assert found["seed"] >= 3
    assert ran.answer["errors"] == []


def test_the_newest_verdict_stands_beside_the_query(call: Call, till: Path) -> None:
    assert call("sql", "sums").err == ""
    call("parity", "sums", "-t", "duckdb")
    assert call("sql", "sums").err.startswith("verified on ")
    assert call("sql", "sums", "-t", "snowflake").err == ""
    (till / "assets/gold/sums.sql").write_text(SUMS.replace("sum(n)", "max(n)"))
    assert call("sql", "sums").err.splitlines()[1].strip().startswith("the query has changed since")
    assert call("sql", "sums", "--json").data["parity"]["is_current"] is False


@pytest.mark.usefixtures("till")
def test_without_a_warehouse_a_query_is_parsed(call: Call) -> None:
    ran = call("parity", "sums", "-t", "synapse")
    assert ran.out == "parsed only gold.sums  the environment has no warehouse\n"
    assert ran.err == "1 parsed only\n"


@pytest.mark.usefixtures("till")
def test_there_are_targets_and_queries_to_name(call: Call) -> None:
    assert "error[FF-456]" in call("parity", "-t", "oracle").err
    assert "FF-479" in call("parity", "sales", "-t", "duckdb").out
    assert call("parity", "-t", "duckdb", "--rows", "1").code == 2

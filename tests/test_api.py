from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flowforge_assets import Project
from flowforge_assets.core.event import Event
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.check import BodyError
from flowforge_assets.errors.graph import BreakingChangeError
from flowforge_assets.errors.project import NotPartitioned, ProjectError, SelectionError
from flowforge_assets.errors.record import LedgerBroken, LedgerLocked, LedgerNewer
from flowforge_assets.errors.sql import SqlError
from flowforge_assets.errors.storage import (
    DamagedDataError,
    DamagedLogError,
    NoTableError,
)
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.record.sqlite_database import SqliteDatabase

Make = Callable[..., Project]

PYTHON = """
from datetime import date

import polars as pl

from flowforge_assets import Bronze, Col, Daily, Frame, Silver, Table, asset, col, key

DAY = Daily("2026-01-01", "2026-01-03")


class Orders(Bronze, partition=DAY.on("day")):
    day: Col[date] = col()
    number: Col[int] = key()
    price: Col[float] = col(ge=0)


class Paid(Silver, partition=DAY.on("day")):
    day: Col[date] = col()
    number: Col[int] = key()
    price: Col[float] = col()


@asset
def orders(day: date) -> Table[Orders]:
    return pl.DataFrame({"day": [day], "number": [day.day], "price": [10.0 * day.day]})


@asset
def paid(orders: Frame[Orders]) -> Frame[Paid]:
    return orders.filter(Orders.price > 10)
"""
SQL = "select day, sum(price) as turnover, count(*) as orders from silver.paid group by day"


@pytest.fixture
def project(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Make]:
    """Makes a project in a folder of its own and loads it; what it imported is forgotten."""
    module = f"shop_{abs(hash(request.node.nodeid)):x}"
    path = list(sys.path)

    def make(python: str = PYTHON, sql: str = SQL, env: str = "", name: str = "dev") -> Project:
        (tmp_path / "flowforge.toml").write_text(f'[project]\nmodules = ["{module}"]\n{env}')
        (tmp_path / f"{module}.py").write_text(python)
        folder = tmp_path / "assets/gold"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "turnover.sql").write_text(sql)
        return Project.load(tmp_path, env=name)

    yield make
    sys.path[:] = path
    sys.modules.pop(module, None)


def shown(project: Project) -> str:
    return json.dumps(project.plan().as_json(), sort_keys=True)


def test_a_project_is_made_once_and_then_fresh(project: Make) -> None:
    shop = project()
    result = shop.run()
    assert (result.status, result.made) == ("succeeded", 3)
    assert shop.plan().steps == ()
    assert shop.run().fresh == 3
    assert shop.read("turnover").sort("day")["turnover"].to_list() == [20.0, 30.0]


@pytest.mark.parametrize("form", ["delta", "parquet"])
def test_the_ledger_made_again_from_the_tables_gives_the_same_plan(
    project: Make, form: str
) -> None:
    shop = project(env=f'[env.dev]\nformat = "{form}"\n')
    shop.run("orders+", partitions="2026-01-01..2026-01-02")
    before = shown(shop)
    assert json.loads(before)["steps"]
    shop.environment.ledger_path.unlink()
    rebuilt = shop.rebuild_ledger()
    assert rebuilt.datasets == 2
    assert shown(shop) == before


def test_a_missing_ledger_makes_nothing_anew(project: Make) -> None:
    shop = project()
    shop.run()
    shop.environment.ledger_path.unlink()
    assert shop.plan().steps == ()
    assert shop.run().fresh == 3


def test_a_plan_writes_nothing(project: Make, tmp_path: Path) -> None:
    shop = project()
    shop.plan()
    assert not shop.environment.ledger_path.exists()
    assert not (shop.environment.folder / "lake").exists()


def test_a_changed_function_makes_only_what_depends_on_it(project: Make) -> None:
    project().run()
    shop = project(PYTHON.replace("price > 10", "price > 20"))
    assert [(step.asset, step.reason) for step in shop.plan().steps] == [
        ("paid", "code"),
        ("turnover", "input newer"),
    ]
    shop.run()
    assert shop.read("turnover")["turnover"].to_list() == [30.0]


def test_a_comment_changes_nothing(project: Make) -> None:
    project().run()
    shop = project(PYTHON.replace("    return orders.", "    # paid in full\n    return orders."))
    assert shop.plan().steps == ()


def test_a_changed_query_makes_its_dataset_again(project: Make) -> None:
    project().run()
    shop = project(sql=SQL.replace("sum(price)", "sum(price) * 2"))
    assert [(step.asset, step.reason) for step in shop.plan().steps] == [("turnover", "code")]
    shop.run()
    assert sorted(shop.read("turnover")["turnover"].to_list()) == [40.0, 60.0]


def test_partitions_limit_what_is_partitioned(project: Make) -> None:
    shop = project()
    shop.run(partitions="2026-01-02")
    assert shop.read("orders")["number"].to_list() == [2]
    assert shop.read("orders", "2026-01-02").height == 1


def test_a_query_that_fails_on_rows_is_a_coded_error(project: Make) -> None:
    shop = project(
        sql="select cast('x' || cast(number as varchar) as integer) as n from silver.paid"
    )
    result = shop.run()
    assert result.status == "failed"
    assert isinstance(result.errors[0], SqlError)
    assert "turnover.sql" in result.errors[0].render()


def test_a_run_makes_nothing_while_an_asset_uses_a_column_that_is_not_there(
    project: Make,
) -> None:
    made = project(python=PYTHON.replace("Orders.price > 10", "pl.col('prise') > 10"))
    with pytest.raises(BodyError, match="`prise`"):
        made.run()
    assert made.history().pieces == {}


def test_an_asset_that_exits_fails_like_any_other(project: Make) -> None:
    made = project(python=PYTHON.replace("    return pl.DataFrame", "    raise SystemExit(0)"))
    result = made.run("orders")
    assert (result.status, result.failed) == ("failed", 1)
    assert {error.code for error in result.errors} == {"FF-701"}


def test_a_table_that_lacks_commits_is_not_read(project: Make, tmp_path: Path) -> None:
    project().run("orders")
    log = tmp_path / ".flowforge/dev/lake/bronze/orders/_delta_log"
    project().run("orders", force=True)
    newest = max(log.glob("*.json"))
    newest.unlink()
    result = project().run("paid")
    assert {error.code for error in result.errors} == {"FF-618"}
    project().rebuild_ledger()
    assert project().run().status == "succeeded"


def test_an_empty_ledger_makes_nothing_anew(project: Make) -> None:
    made = project()
    made.run()
    made.environment.ledger_path.write_bytes(b"")
    assert made.plan().steps == ()


def test_partitions_of_what_has_none_are_a_coded_error(project: Make) -> None:
    with pytest.raises(NotPartitioned):
        project().plan("turnover", partitions="2026-01-01")


def test_a_header_whose_key_is_no_column_is_told_with_its_line(project: Make) -> None:
    with pytest.raises(SqlError) as caught:
        project(sql="/*\nkey = ['dya']\n*/\n" + SQL)
    assert (caught.value.code, caught.value.place and caught.value.place.line) == ("FF-403", 2)
    assert caught.value.hint == "did you mean `day`?"


def test_a_rule_of_a_header_that_does_not_fit_is_found_by_check(project: Make) -> None:
    header = "/*\ncolumns.turnover = {ge = 'x'}\n*/\n"
    (error,) = project(sql=header + SQL).check().errors
    assert error.code == "FF-714"


def test_every_problem_of_a_step_is_an_error_of_its_own(project: Make) -> None:
    python = PYTHON.replace("10.0 * day.day]", "-1.0]").replace(
        "@asset\ndef paid",
        "from flowforge_assets import BadRows, check\n\n\n@check\n"
        "def no_orders(orders: Frame[Orders]) -> BadRows[Orders]:\n    return orders\n\n\n"
        "@asset\ndef paid",
    )
    result = project(python=python).run("orders")
    assert {error.code for error in result.errors} == {"FF-710", "FF-712"}


def test_an_asset_that_raises_fails_alone(project: Make) -> None:
    made = project(python=PYTHON.replace("return orders.filter", "1 / 0\n    return orders.filter"))
    result = made.run("orders, paid")
    assert (result.status, result.made, result.failed) == ("failed", 1, 1)


def test_partitioning_a_table_that_is_there_needs_leave(project: Make) -> None:
    whole = PYTHON.replace(', partition=DAY.on("day")', "").replace(
        "day: Col[date]", "on: Col[date]"
    )
    whole = whole.replace("def orders(day: date)", "def orders()").replace(
        '{"day": [day], "number": [day.day], "price": [10.0 * day.day]}',
        '{"on": [date(2026, 1, 1)], "number": [1], "price": [10.0]}',
    )
    assert project(python=whole, sql="select 1 as one").run().status == "succeeded"
    with pytest.raises(BreakingChangeError, match="its partitions are cut in another way"):
        project(python=PYTHON).run("orders")
    assert project(python=PYTHON).run("orders", allow_breaking=True).status == "succeeded"


def test_what_is_asked_for_wrongly_is_a_coded_error(project: Make) -> None:
    with pytest.raises(SelectionError):
        project().plan("ordes")
    with pytest.raises(ProjectError) as caught:
        project().plan(partitions="2026-13-01")
    assert caught.value.exit_code == 2


def test_a_dataset_is_found_by_class_key_and_name(project: Make) -> None:
    shop = project()
    paid = shop.dataset("silver.paid")
    assert shop.dataset("paid") == paid
    assert paid.cls is not None
    assert shop.dataset(paid.cls) == paid
    with pytest.raises(SelectionError, match=r"did you mean `silver\.paid`"):
        shop.dataset("silver.payd")


def test_reading_what_was_never_made_is_a_coded_error(project: Make) -> None:
    with pytest.raises(NoTableError):
        project().read("paid")


def test_reading_partitions_of_what_has_none_is_a_coded_error(project: Make) -> None:
    shop = project()
    shop.run()
    with pytest.raises(NotPartitioned):
        shop.read("turnover", "2026-01-01")


def test_an_older_version_can_be_read(project: Make) -> None:
    shop = project()
    shop.run("orders", partitions="2026-01-01")
    shop.run("orders", partitions="2026-01-02")
    assert shop.read("orders", version=0).height == 1
    assert shop.read("orders").height == 2


def test_a_failed_run_is_resumed(project: Make) -> None:
    text = "Orders.price.cast(pl.String) + 'x'"  # no number, which only rows can tell
    broken = PYTHON.replace("(Orders.price > 10)", f"(({text}).cast(pl.Float64) > 10)")
    shop = project(broken)
    failed = shop.run()
    assert (failed.made, failed.failed, failed.skipped) == (1, 1, 1)
    shop = project()
    events: list[Event] = []
    assert shop.run(resume=failed.run_id, on_event=events.append).made == 2
    assert {event.asset for event in events if event.event == "step_finished"} == {
        "paid",
        "turnover",
    }


def test_a_broken_ledger_is_a_coded_error_with_a_remedy_that_works(project: Make) -> None:
    shop = project()
    shop.run()
    before = shown(shop)
    path = shop.environment.ledger_path
    path.write_bytes(b"no ledger at all, but long enough to be read as one" * 100)
    for name in ("-wal", "-shm"):
        path.with_name(path.name + name).unlink(missing_ok=True)
    with pytest.raises(LedgerBroken, match="ledger rebuild"):
        shop.plan()
    with pytest.raises(LedgerBroken):
        shop.run()
    assert shop.rebuild_ledger().moved_to is not None
    assert shown(shop) == before


def test_a_ledger_of_a_newer_version_is_a_coded_error(project: Make) -> None:
    shop = project()
    shop.run()
    connection = sqlite3.connect(shop.environment.ledger_path)
    with connection:
        connection.execute("update meta set value = '999' where key like '%version%'")
    connection.close()
    with pytest.raises(LedgerNewer):
        shop.plan()


def test_an_event_listener_sees_the_run(project: Make) -> None:
    shop = project()
    events: list[Event] = []
    shop.run(on_event=events.append)
    assert events[0].event == "run_started"
    assert events[-1].event == "run_finished"


def _data_files(shop: Project, key: str) -> list[Path]:
    folder = shop.environment.folder / "lake" / key.replace(".", "/")
    return sorted(folder.rglob("*.parquet"))


def test_a_truncated_input_file_fails_its_reader_with_a_coded_error(project: Make) -> None:
    shop = project()
    shop.run("orders")
    for path in _data_files(shop, "bronze.orders"):
        path.write_bytes(path.read_bytes()[:-20])
    shop = Project.load(shop.root)
    result = shop.run()
    assert {type(error) for error in result.errors} == {DamagedDataError}
    assert "bronze.orders" in result.errors[0].render()


def test_a_garbled_input_file_fails_its_reader_with_a_coded_error(project: Make) -> None:
    shop = project()
    shop.run("orders")
    for path in _data_files(shop, "bronze.orders"):
        size = path.stat().st_size
        path.write_bytes(b"PAR1" + b"\xff" * (size - 8) + b"PAR1")
    result = Project.load(shop.root).run()
    assert result.status == "failed"
    assert all(error.code.startswith("FF-6") for error in result.errors)
    assert "bronze.orders" in result.errors[0].render()


def test_a_damaged_log_of_an_input_is_a_coded_error(project: Make) -> None:
    shop = project()
    shop.run("orders")
    (log, *_) = sorted((shop.environment.folder / "lake/bronze/orders/_delta_log").glob("*.json"))
    log.write_text(log.read_text()[:200])
    result_or_error: object
    try:
        result_or_error = Project.load(shop.root).run().errors[0]
    except FlowForgeError as error:
        result_or_error = error
    assert isinstance(result_or_error, DamagedLogError)


def test_the_ledger_remembers_each_run(project: Make) -> None:
    shop = project()
    shop.run("orders")
    shop.run()
    with Ledger.open(shop.environment.ledger_path) as ledger:
        runs = {(run.status, run.selection) for run in ledger.runs()}
    assert runs == {("succeeded", ""), ("succeeded", "orders")}


def test_a_locked_ledger_is_a_coded_error(project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = project()
    shop.run()
    # the same ledger, but it waits for a twentieth of a second instead of half a minute
    monkeypatch.setattr(Ledger, "open", lambda at: Ledger(SqliteDatabase(at, timeout_seconds=0.05)))
    other = sqlite3.connect(shop.environment.ledger_path, isolation_level=None)
    try:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LedgerLocked):
            shop.run(force=True)
    finally:
        other.close()
    assert shop.run(force=True).status == "succeeded"

"""What killed runs have staged goes with the next run, or with `flowforge maintain`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from flowforge_assets.api import Project
from flowforge_assets.core.table_name import TableName, staged_name
from flowforge_assets.execute.maintain import Maintenance
from flowforge_assets.project.keeping import Keeping
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.sdk.warehouse import NOBODY, Warehouse
from flowforge_assets.sql.portable.statements.all import STATEMENTS
from flowforge_assets.sql.portable.statements.statements import TableColumn
from flowforge_assets.sql.portable.types import find_type
from warehouse_places import WarehousePlace, left_over
from warehouse_project import project_files

WriteProject = Callable[[Mapping[str, str]], Path]
KEEPING = Keeping(timedelta(days=7), timedelta(days=30), 128)


def make(warehouse: Warehouse, table: TableName) -> str:
    says, whole = STATEMENTS[warehouse.target], find_type("BIGINT")
    assert whole is not None
    warehouse.execute(says.created(table, [TableColumn("n", whole)]), NOBODY)
    return table.table


def leave_behind(place: WarehousePlace, run_id: str) -> list[str]:
    """Makes what a step of that run stages; gives the names in the schema `gold`."""
    warehouse = place.warehouse()
    totals, orders = place.table("gold", "totals"), place.table("bronze", "orders")
    step = f"{run_id}/gold.totals"
    made = [make(warehouse, staged_name(totals, step, purpose=each)) for each in ("new", "next")]
    make(warehouse, staged_name(orders, f"{run_id} x", purpose="load"))
    warehouse.close()
    return made


def last_run(project: Project) -> str:
    with Ledger.open(project.environment.ledger_path) as ledger:
        return ledger.runs()[0].run_id


def swept(project: Project, *, is_dry: bool = False) -> int:
    work = Maintenance(
        project.graph,
        project.environment,
        lambda: project.store,
        project.clock,
        project.history(),
    )
    found = list(work.run(project.select("gold.totals"), KEEPING, on_wait=print, is_dry=is_dry))
    assert [each.error for each in found] == [None]
    return sum(each.done.swept for each in found)


def gold(place: WarehousePlace) -> list[str]:
    warehouse = place.warehouse()
    found = list(warehouse.tables(f"{place.prefix}gold"))
    warehouse.close()
    return found


@pytest.mark.parametrize(
    "kind",
    [
        "postgres",
        pytest.param("snowflake", marks=pytest.mark.slow),
        pytest.param("bigquery", marks=pytest.mark.slow),
    ],
)
def test_what_a_killed_run_has_left_goes_with_the_next_run_or_with_maintain(
    kind: str,
    request: pytest.FixtureRequest,
    write_project: WriteProject,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WAREHOUSE_PASSWORD", "snow")
    place: WarehousePlace = request.getfixturevalue(kind)
    root = write_project(project_files(place))
    project = Project.load(root)
    assert project.run().status == "succeeded"
    leave_behind(place, last_run(project))
    again = Project.load(root)
    result = again.run("gold.totals", force=True)
    assert result.status == "succeeded", result
    assert gold(place) == ["totals"]
    warehouse = place.warehouse()
    assert left_over(warehouse, f"{place.prefix}bronze") == []
    leave_behind(place, last_run(again))
    assert swept(again, is_dry=True) == 3
    assert len(gold(place)) == 3
    assert swept(again) == 3
    assert gold(place) == ["totals"]
    assert left_over(warehouse, f"{place.prefix}bronze") == []
    warehouse.close()


def test_what_a_run_of_another_ledger_has_staged_stays_until_it_is_old(
    postgres: WarehousePlace, write_project: WriteProject
) -> None:
    project = Project.load(write_project(project_files(postgres)))
    assert project.run().status == "succeeded"
    now = project.clock()
    new = leave_behind(postgres, f"{now:%Y%m%dT%H%M%S}-0a0a0a0a")
    old = leave_behind(postgres, f"{now - timedelta(days=8):%Y%m%dT%H%M%S}-0a0a0a0a")
    assert project.run("gold.totals", force=True).status == "succeeded"
    assert gold(postgres) == sorted(["totals", *new, *old])
    assert swept(project) == 3
    assert gold(postgres) == sorted(["totals", *new])


def test_a_table_of_a_name_that_only_looks_alike_is_left_alone(
    postgres: WarehousePlace, write_project: WriteProject
) -> None:
    project = Project.load(write_project(project_files(postgres)))
    assert project.run().status == "succeeded"
    warehouse = postgres.warehouse()
    make(warehouse, postgres.table("gold", "totals__new_customers"))
    make(warehouse, postgres.table("gold", "totals__old_0123456789ab"))
    assert swept(project) == 0
    assert len(gold(postgres)) == 3
    warehouse.close()

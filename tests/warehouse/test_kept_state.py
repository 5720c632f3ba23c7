"""States that are too long for a comment: of many partitions, and what is left of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flowforge_assets.api import Project
from flowforge_assets.core.dimension import Dimension
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint, Made, TableVersion
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.schema import Field, Plain, Schema
from flowforge_assets.core.span import Span
from flowforge_assets.core.warehouse_script import state_text
from flowforge_assets.errors.warehouse import WarehouseDownError, WarehouseStateError
from flowforge_assets.sdk.warehouse import NOBODY, STATE_TABLE, Warehouse
from flowforge_assets.sql.portable.statements.all import STATEMENTS
from flowforge_assets.storage.store import TableSpec
from flowforge_assets.warehouse.kept_state import KeptState
from flowforge_assets.warehouse.store import WarehouseStore
from flowforge_connectors.postgres import Postgres
from warehouse_places import WarehousePlace
from warehouse_project import project_files

WriteProject = Callable[[Mapping[str, str]], Path]
DAYS = (Dimension("day", "day"),)
SPEC = TableSpec(
    DatasetKey("gold.totals"),
    Schema((Field("day", Plain("date")), Field("total", Plain("int64")))),
    DAYS,
)
MANY = 10_000
LONG = "x" * 1000


def made(number: int) -> Made:
    """A commit of ten thousand days, no two of them side by side."""
    days = Span.points(range(number, number + 2 * MANY, 2))
    return Made(
        SPEC.key,
        PartitionSet(DAYS, ((days,),)),
        asset="totals",
        run_id="20260101T120000-4f3a09c2",
        step_id=f"20260101T120000-4f3a09c2/gold.totals|{number}",
        fingerprint=Fingerprint(1, "c", "s", "o", "e"),
        inputs={},
        at=datetime(2026, 1, 1, tzinfo=UTC),
        rows=0,
        table=TableVersion("", 0),
    )


def pieces(place: WarehousePlace) -> int:
    """How many states are kept in the schema `gold`."""
    warehouse = place.warehouse()
    says, table = STATEMENTS[warehouse.target], place.table("gold", STATE_TABLE)
    query = f"SELECT COUNT(DISTINCT {says.name('state')}) AS n FROM {says.path(table)}"  # noqa: S608 - quoted
    found = warehouse.number(query, NOBODY)
    warehouse.close()
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bigquery", "snowflake"])
def test_the_state_of_ten_thousand_partitions_is_kept_and_read(
    kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    place: WarehousePlace = request.getfixturevalue(kind)
    warehouse = place.warehouse()
    table = WarehouseStore(warehouse, prefix=place.prefix).table(SPEC)
    first = table.record(made(0))
    monkeypatch.setattr(type(warehouse), "longest_comment", 16_384)
    second = table.record(made(1), base=first.table)
    assert second.table.version == 1
    again = WarehouseStore(warehouse, prefix=place.prefix).table(SPEC)
    assert sum(each.partitions.count() for each in again.made()) == 2 * MANY
    facts = warehouse.look(place.table("gold", "totals"))
    assert facts is not None
    assert len(facts.comment) < 100
    third = again.record(made(2), base=second.table)
    assert third.table.version == 2
    assert pieces(place) == 1, "the state before is gone"
    assert list(warehouse.tables(f"{place.prefix}gold")) == ["totals"]
    warehouse.close()


@pytest.fixture
def warehouse(postgres: WarehousePlace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Warehouse]:
    """PostgreSQL, as if its comments were short."""
    monkeypatch.setattr(Postgres, "longest_comment", 200)
    found = postgres.warehouse()
    table = postgres.table("gold", "totals")
    for statement in STATEMENTS["postgres"].prepared(table):
        found.execute(statement, NOBODY)
    yield found
    found.close()


def kept(warehouse: Warehouse, place: WarehousePlace) -> KeptState:
    """It anew, knowing nothing."""
    return KeptState(warehouse, STATEMENTS["postgres"], place.table("gold", "totals"))


def test_a_warehouse_that_does_not_answer_is_not_taken_for_one_that_lost_a_state(
    warehouse: Warehouse, postgres: WarehousePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = kept(warehouse, postgres).short(LONG)

    def down(self: Postgres, *_: object) -> Iterator[object]:
        raise WarehouseDownError("the connection was lost")

    with monkeypatch.context() as patched:
        patched.setattr(Postgres, "read", down)
        with pytest.raises(WarehouseDownError):
            kept(warehouse, postgres).whole(said)
    assert kept(warehouse, postgres).whole(said) == LONG


def test_a_short_state_stays_in_the_comment(warehouse: Warehouse, postgres: WarehousePlace) -> None:
    assert kept(warehouse, postgres).short("{}") == "{}"
    assert kept(warehouse, postgres).whole("{}") == "{}"
    assert warehouse.look(postgres.table("gold", STATE_TABLE)) is None


def test_a_long_state_is_read_as_it_was_written(
    warehouse: Warehouse, postgres: WarehousePlace
) -> None:
    state = "".join(f"{number} it's ü \\ \n" for number in range(100_000))
    said = kept(warehouse, postgres).short(state)
    assert len(said) < 60
    assert kept(warehouse, postgres).whole(said) == state


def test_a_state_of_which_a_row_is_gone_is_not_half_understood(
    warehouse: Warehouse, postgres: WarehousePlace
) -> None:
    said = kept(warehouse, postgres).short(LONG)
    path = STATEMENTS["postgres"].path(postgres.table("gold", STATE_TABLE))
    warehouse.execute(f"UPDATE {path} SET text = 'AAAA'", NOBODY)  # noqa: S608 - quoted
    with pytest.raises(WarehouseStateError, match="not whole"):
        kept(warehouse, postgres).whole(said)
    warehouse.execute(f"DROP TABLE {path}", NOBODY)
    with pytest.raises(WarehouseStateError, match="not whole"):
        kept(warehouse, postgres).whole(said)


def test_a_state_that_no_comment_names_goes_when_it_is_old(
    warehouse: Warehouse, postgres: WarehousePlace
) -> None:
    states = kept(warehouse, postgres)
    comment = state_text(states.short(LONG))
    states.short(f"{LONG} of a killed run")
    later = datetime.now(UTC) + timedelta(hours=1)
    assert states.sweep(comment, datetime.now(UTC) - timedelta(hours=1), is_dry=False) == 0
    assert states.sweep(comment, later, is_dry=True) == 1
    assert states.sweep(comment, later, is_dry=False) == 1

    assert pieces(postgres) == 1


@pytest.mark.usefixtures("warehouse")
def test_a_project_runs_with_states_in_rows(
    postgres: WarehousePlace, write_project: WriteProject
) -> None:
    root = write_project(project_files(postgres))
    assert Project.load(root).run().status == "succeeded"
    assert list(Project.load(root).plan().steps) == []
    again = Project.load(root)
    assert again.run("gold.totals", force=True).status == "succeeded"
    again.environment.ledger_path.unlink()
    rebuilt = Project.load(root)
    rebuilt.rebuild_ledger()
    assert list(rebuilt.plan("gold.totals").steps) == []
    assert pieces(postgres) == 1

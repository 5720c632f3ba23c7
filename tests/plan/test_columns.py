"""What a plan says of tables whose columns are declared anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint
from flowforge_assets.core.schema import Field, Schema
from flowforge_assets.core.schema_change import SchemaChange, columns_of
from flowforge_assets.core.schema_text import parse_type
from flowforge_assets.declare.asset import Write
from flowforge_assets.errors.project import RebuildPartitionsError
from flowforge_assets.plan.columns import column_diffs, refusals, with_changes, with_emptied
from flowforge_assets.plan.plan import Plan, make_plan
from flowforge_assets.plan.stale import Asked
from flowforge_assets.record.history import History
from planned_lake import DAYS, FINGERPRINT, NOW, Lake, check_of, dataset, graph, key, maker, read

CHANGED = replace(FINGERPRINT, schema="other")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def schema(**columns: str) -> Schema:
    fields = [Field(name, *parse_type(spelled)) for name, spelled in columns.items()]
    return Schema(tuple(fields))


def lake(declared: Schema, *, write: Write = "overwrite", in_place: bool = False) -> Lake:
    """`raw` of five days, which `total` reads and a check looks at; all is made."""
    raw = replace(maker("raw"), write=write, in_place=in_place)
    found = Lake(
        graph(
            [replace(dataset("raw", DAYS), schema=declared), dataset("total")],
            [raw, maker("total", reads=[read("raw")])],
            [check_of("raw")],
        )
    )
    found.make_all()
    found.today[key("raw")] = CHANGED
    return found


def planned(
    found: Lake,
    stored: Schema,
    *,
    ids: tuple[str, ...] = ("raw", "total"),
    partitions: str = "",
    allow_breaking: bool = False,
    rebuild: bool = False,
) -> Plan:
    """The plan where the table of `raw` has the columns `stored`."""
    had = {key("raw"): SchemaChange(0, NOON, columns_of(stored))}
    used: Mapping[DatasetKey, Fingerprint] = {
        id_: found.today.get(id_, FINGERPRINT) for id_ in found.graph.assets
    }
    days = found.graph.datasets[key("raw")].partitioning
    chosen = {key("raw"): days.parse(partitions, NOW)} if partitions else {}
    asked = Asked(frozenset(map(key, ids)), chosen, rebuild=rebuild, allow_breaking=allow_breaking)
    diffs = column_diffs(found.graph, found.history, asked.assets, had.get)
    asked = with_emptied(asked, found.graph, diffs)
    plan = make_plan(found.graph, found.history, used, asked, env="dev", now=NOW)
    return with_changes(
        plan, found.graph, found.history, fingerprints=used, asked=asked, diffs=diffs
    )


def told(plan: Plan) -> list[tuple[str, str, str]]:
    return [(change.dataset, change.change, change.answer) for change in plan.changes]


def refused(found: Lake, plan: Plan) -> list[str]:
    return [error.message for error in refusals(found.graph, plan.steps, plan.changes)]


def test_columns_that_are_as_they_were_are_not_spoken_of() -> None:
    found = lake(schema(n="int64"))
    plan = planned(found, schema(n="int64"))
    assert plan.changes == ()
    assert plan.as_json()["changes"] == []


def test_a_step_says_which_columns_it_is_about() -> None:
    plan = planned(lake(schema(n="int64")), schema(n="int32"))
    assert plan.steps[0].detail == (
        "the declaration of `silver.raw` changed: `n` was int32 and is int64"
    )


def test_a_change_is_told_with_its_cost_and_its_readers() -> None:
    found = lake(schema(n="int64"), write="append")
    [change] = planned(found, schema(n="int32")).changes
    assert change.readers == ("make_total", "check_raw")
    assert change.said == (
        "`silver.raw` has other columns (widening): `n` was int32 and is int64; the next commit "
        f"writes the rows that stay again (about {change.rows} rows); read by `make_total`, "
        "`check_raw`"
    )
    assert change.as_json() == {
        "dataset": "silver.raw",
        "change": "widening",
        "answer": "rewritten",
        "columns": [{"kind": "wider", "column": "n", "was": "int32", "now": "int64"}],
        "readers": ["make_total", "check_raw"],
        "rows": change.rows,
    }


@pytest.mark.parametrize(
    ("declared", "was", "write", "answer", "cost"),
    [
        (schema(n="int64", m="date?"), "int64", "append", "taken", "; rows that stay are null"),
        (schema(n="json"), "string", "append", "taken", "brings them into the table"),
        (schema(n="int64", m="date"), "int64", "overwrite", "remade", "all rows are made again"),
        (schema(n="int64"), "int32", "view", "remade", "all rows are made again"),
        (schema(n="int32"), "int64", "append", "refused", "refused without `--allow-breaking`"),
    ],
)
def test_what_a_run_does_about_it_is_said(
    declared: Schema, was: str, write: Write, answer: str, cost: str
) -> None:
    found = lake(declared, write=write)
    [change] = planned(found, schema(n=was)).changes
    assert change.answer == answer
    assert change.cost.endswith(cost)


def test_what_breaks_is_refused_with_its_readers() -> None:
    found = lake(schema(n="string"))
    plan = planned(found, schema(n="int64"))
    assert told(plan) == [("silver.raw", "breaking", "refused")]
    [message] = refused(found, plan)
    assert message == (
        "the rows of `silver.raw` do not survive its new columns: `n` was int64 and is string; "
        "read by `make_total`, `check_raw`"
    )


def test_what_nothing_reads_or_writes_is_not_refused() -> None:
    found = lake(schema(n="string"), write="append")
    assert refused(found, planned(found, schema(n="int64"))) == []


def test_what_breaks_is_emptied_where_that_is_allowed() -> None:
    found = lake(schema(n="string"))
    plan = planned(found, schema(n="int64"), allow_breaking=True)
    assert told(plan) == [("silver.raw", "breaking", "emptied")]
    assert plan.steps[0].reason == "rebuild"
    assert plan.changes[0].cost.startswith("the table is emptied (about ")
    assert refused(found, plan) == []


@pytest.mark.parametrize(("made", "planned_days"), [("2026-01-01..2026-01-04", 4), ("", 0)])
def test_what_cannot_be_made_anew_is_not_emptied(made: str, planned_days: int) -> None:
    found = Lake(
        graph(
            [dataset("source", DAYS), replace(dataset("raw", DAYS), schema=schema(n="string"))],
            [maker("source"), maker("raw", reads=[read("source")])],
        )
    )
    for name in ("source", "raw"):
        found.remake(name, made or "2026-01-01..2026-01-05")
    if not made:  # the last day of what is read is there no more
        found.commits = [each for each in found.commits if each.dataset == key("raw")]
        found.remake("source", "2026-01-01..2026-01-04")
    plan = planned(found, schema(n="int64"), ids=("raw",), allow_breaking=True)
    assert sum(step.partitions.count() for step in plan.steps) == planned_days
    assert plan.waiting[0].missing == key("source")


def test_a_rebuild_empties_it_anyhow() -> None:
    found = lake(schema(n="string"), write="append")
    plan = planned(found, schema(n="int64"), rebuild=True)
    assert told(plan) == [("silver.raw", "breaking", "emptied")]


def test_a_table_that_is_only_read_is_not_emptied() -> None:
    found = lake(schema(n="string"), write="append")
    found.remake("total")
    found.today[key("total")] = CHANGED
    plan = planned(found, schema(n="int64"), ids=("total",), allow_breaking=True)
    assert told(plan) == [("silver.raw", "breaking", "refused")]
    [error] = refusals(found.graph, plan.steps, plan.changes)
    assert (error.hint or "").endswith("what is read must be selected, too")


def test_dropped_columns_leave_the_rows_that_stay_where_that_is_allowed() -> None:
    found = lake(schema(n="int64"), write="append")
    plan = planned(found, schema(n="int64", m="date"), allow_breaking=True)
    assert told(plan) == [("silver.raw", "breaking", "dropped")]
    assert "again without them" in plan.changes[0].cost
    [kept] = plan.kept
    assert kept.detail.endswith("`m` (date) is no longer declared")


def test_a_view_has_no_rows_to_lose() -> None:
    found = lake(schema(n="string"), write="view")
    plan = planned(found, schema(n="int64"), allow_breaking=True)
    assert told(plan) == [("silver.raw", "breaking", "remade")]


def test_a_column_that_is_never_null_needs_all_rows_to_be_made_again() -> None:
    found = lake(schema(n="int64", m="date"))
    stored = schema(n="int64")
    assert told(planned(found, stored)) == [("silver.raw", "additive", "remade")]
    some = planned(found, stored, partitions="2026-01-01")
    assert told(some) == [("silver.raw", "breaking", "refused")]


def test_rows_that_were_made_to_todays_declaration_lack_nothing() -> None:
    found = lake(schema(n="int64"))
    found.today.clear()
    assert planned(found, schema(n="int64?")).changes == ()


def test_some_partitions_of_what_is_emptied_cannot_be_asked_for() -> None:
    with pytest.raises(RebuildPartitionsError, match="is emptied for its new columns"):
        planned(
            lake(schema(n="string")),
            schema(n="int64"),
            partitions="2026-01-01",
            allow_breaking=True,
        )


def test_a_table_of_which_nothing_is_known_is_not_spoken_of() -> None:
    found = lake(schema(n="string"))
    ids = frozenset(found.graph.assets)
    assert column_diffs(found.graph, found.history, ids, lambda _: None) == {}


def test_partitions_that_are_cut_in_another_way_are_breaking() -> None:
    found = lake(schema(n="int64"))
    recut = History({}, recut=frozenset([key("raw")]))
    had = {key("raw"): SchemaChange(0, NOON, columns_of(schema(n="int64")))}
    [diff] = column_diffs(found.graph, recut, [key("raw")], had.get).values()
    assert [change.kind for change in diff.changes] == ["partitioning"]


def test_what_a_job_writes_in_place_is_for_the_job() -> None:
    assert planned(lake(schema(n="string"), in_place=True), schema(n="int64")).changes == ()

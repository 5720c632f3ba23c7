from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from flowforge_assets.core.partition import UNPARTITIONED, Partitioning, TimeExtent
from flowforge_assets.core.rule import Unique
from flowforge_assets.declare.definition import Input
from flowforge_assets.declare.mapping import All, Has, Lag, Latest, Mapping, Same, Window
from flowforge_assets.plan.fit import misfits
from flowforge_assets.plan.needs import is_ordered
from flowforge_assets.plan.partition_map import unmapped
from planned_lake import (
    DAYS,
    DAYS_AND_COUNTRIES,
    FINGERPRINT,
    HOURS,
    Lake,
    check_of,
    dataset,
    graph,
    key,
    maker,
    read,
    said,
    waits,
)

NAMES = ("a", "b", "c", "d")
FEW_HOURS = replace(HOURS, extents=(TimeExtent("2026-01-01T20", "2026-01-02T03"),))
PARTITIONINGS = (UNPARTITIONED, DAYS, FEW_HOURS, DAYS_AND_COUNTRIES)
MAPPINGS: tuple[Mapping, ...] = (Same(), All(), Lag(1), Window(-2, 0), Latest(), Has("skip"))


@st.composite
def lakes(draw: st.DrawFn) -> Lake:
    """An empty lake of up to four datasets, each reading some of those before it, or itself."""
    known: dict[str, Partitioning] = {}
    makers = []
    for name in NAMES[: draw(st.integers(1, len(NAMES)))]:
        partitioning = draw(st.sampled_from(PARTITIONINGS))
        inputs: list[Input] = []
        for up, cut in known.items():
            if draw(st.booleans()):
                fitting = [m for m in MAPPINGS if unmapped(partitioning, cut, m) is None]
                mapping = draw(st.sampled_from(fitting))
                inputs.append(read(up, mapping, optional=draw(st.booleans())))
        known[name] = partitioning
        if partitioning != UNPARTITIONED and draw(st.booleans()):
            inputs.append(read(name, Lag(draw(st.integers(1, 2))), optional=draw(st.booleans())))
        makers.append(maker(name, reads=inputs))
    return Lake(graph([dataset(name, known[name]) for name in known], makers))


@given(lakes(), st.data())
@settings(max_examples=60)
def test_after_a_plan_is_made_nothing_is_left_to_do(lake: Lake, data: st.DataObject) -> None:
    lake.make_all()
    assert said(lake.plan()) == []
    for _ in range(data.draw(st.integers(0, 3))):
        name = data.draw(st.sampled_from([id_.name for id_ in lake.graph.assets]))
        every = list(lake.graph.datasets[key(name)].partitioning.all(lake.now).keys())
        lake.remake(name, data.draw(st.sampled_from(every)))
        if data.draw(st.booleans()):
            lake.today[key(name)] = replace(FINGERPRINT, code=str(data.draw(st.integers(0, 9))))
    lake.make_all()
    plan = lake.plan()
    assert said(plan) == []
    assert waits(plan) == []
    assert set(plan.fresh) == set(lake.graph.assets)


@given(lakes(), st.data())
@settings(max_examples=40)
def test_each_partition_is_planned_at_most_once(lake: Lake, data: st.DataObject) -> None:
    lake.make_all()
    for name in data.draw(st.lists(st.sampled_from([id_.name for id_ in lake.graph.assets]))):
        lake.today[key(name)] = replace(FINGERPRINT, schema="other")
    steps = lake.plan(force=data.draw(st.booleans())).steps
    for one in steps:
        for other in steps:
            if one.asset_id == other.asset_id and one.id != other.id:
                assert not one.partitions & other.partitions


@given(lakes())
@settings(max_examples=30)
def test_a_plan_is_the_same_each_time_and_changes_nothing(lake: Lake) -> None:
    commits = list(lake.commits)
    one, other = lake.plan(), lake.plan()
    assert one == other
    assert one.digest == other.digest
    assert lake.commits == commits


@given(lakes())
@settings(max_examples=30)
def test_what_waits_is_not_planned(lake: Lake) -> None:
    first = next(iter(lake.graph.assets)).name
    plan = lake.plan(*[id_.name for id_ in lake.graph.assets if id_.name != first] or [first])
    for waiting in plan.waiting:
        for step in plan.steps:
            if step.asset_id == waiting.asset:
                assert not step.partitions & waiting.partitions


def test_another_plan_has_another_digest() -> None:
    lake = Lake(graph([dataset("raw", DAYS)], [maker("raw")]))
    assert lake.plan().digest != lake.plan(partitions={"raw": "2026-01-01"}).digest


def test_partitions_made_for_different_reasons_are_steps_of_their_own() -> None:
    lake = Lake(graph([dataset("raw", DAYS)], [maker("raw")]))
    lake.remake("raw", "2026-01-01..2026-01-02")
    lake.today[key("raw")] = replace(FINGERPRINT, code="other")
    plan = lake.plan()
    assert [step.id for step in plan.steps] == ["silver.raw", "silver.raw#2"]
    assert said(plan) == [
        ("raw", "2026-01-03..2026-01-05", "never made"),
        ("raw", "2026-01-01..2026-01-02", "code"),
    ]


def test_a_plan_as_json_says_what_is_made_why_and_what_is_fresh() -> None:
    lake = Lake(
        graph(
            [dataset("raw", DAYS), dataset("total"), dataset("other")],
            [maker("raw"), maker("total", reads=[read("raw")]), maker("other")],
        )
    )
    lake.remake("other")
    lake.remake("raw", "2026-01-01..2026-01-04")
    plan = lake.plan("total", "other", "raw", partitions={"raw": "2026-01-01"})
    assert plan.as_json() == {
        "env": "dev",
        "steps": [],
        "fresh": ["silver.other", "silver.raw"],
        "waiting": [{"asset": "silver.total", "partitions": None, "missing": "silver.raw"}],
        "kept": [],
        "changes": [],
        "notes": [],
        "runs_in": {},
    }


def test_a_plan_of_many_partitions_takes_no_longer() -> None:
    hours = replace(HOURS, extents=(TimeExtent("1900-01-01T00", "2026-01-08T23"),))
    lake = Lake(
        graph(
            [dataset("raw", hours), dataset("clean", hours)],
            [maker("raw"), maker("clean", reads=[read("raw")])],
        )
    )
    steps = lake.plan().steps
    assert all(step.partitions.count() > 1_000_000 for step in steps)
    assert all(len(step.partitions.boxes) == 1 for step in steps)


def test_an_asset_that_reads_its_own_past_makes_its_partitions_one_by_one() -> None:
    lake = Lake(
        graph([dataset("balance", DAYS)], [maker("balance", reads=[read("balance", Lag(1))])])
    )
    (step,) = lake.plan().steps
    assert [batch.render() for batch in step.batches()] == [
        f"2026-01-0{day}" for day in range(1, 6)
    ]


def test_a_key_of_the_whole_table_makes_partitions_one_by_one() -> None:
    rules = (Unique(("n",), scope="table"),)
    built = graph([dataset("orders", DAYS, rules=rules)], [maker("orders")])
    assert is_ordered(built.assets[key("orders")], built)


def test_a_check_of_the_whole_table_makes_partitions_one_by_one() -> None:
    check = check_of("orders")
    whole = replace(check, inputs=(replace(check.inputs[0], mapping=All()),))
    built = graph([dataset("orders", DAYS)], [maker("orders")], [whole])
    assert is_ordered(built.assets[key("orders")], built)


def test_partitions_are_committed_fifty_at_a_time() -> None:
    lake = Lake(graph([dataset("raw", HOURS)], [maker("raw")]))
    (step,) = lake.plan().steps
    assert [batch.count() for batch in step.batches()] == [50, 50, 20]
    assert [unit.count() for unit in step.units(next(step.batches()))] == [1] * 50


def test_an_asset_that_takes_sets_is_called_once_a_batch() -> None:
    lake = Lake(graph([dataset("raw", HOURS)], [maker("raw", takes_sets=True)]))
    (step,) = lake.plan().steps
    batches = list(step.batches())
    assert [batch.count() for batch in batches] == [120]
    assert list(step.units(batches[0])) == batches


def test_a_mapping_that_fits_nothing_is_an_error() -> None:
    built = graph(
        [dataset("a"), dataset("b", DAYS)], [maker("a"), maker("b", reads=[read("a", Latest())])]
    )
    (error,) = misfits(built)
    assert (error.code, "make_b" in error.message) == ("FF-205", True)


def test_outputs_that_are_cut_differently_are_an_error() -> None:
    built = graph([dataset("a", DAYS), dataset("b")], [maker("a", "b")])
    (error,) = misfits(built)
    assert "cut differently" in error.message


def test_reading_the_own_output_must_look_back() -> None:
    built = graph([dataset("a", DAYS)], [maker("a", reads=[read("a")])])
    (error,) = misfits(built)
    assert "which it makes itself" in error.message
    built = graph([dataset("a", DAYS)], [maker("a", reads=[read("a", Lag(1))], takes_sets=True)])
    (error,) = misfits(built)
    assert "takes sets" in error.message


def test_the_mapping_of_a_check_must_fit_too() -> None:
    built = graph(
        [dataset("a"), dataset("b", DAYS)],
        [maker("a"), maker("b")],
        [check_of("b", read("a", Latest()))],
    )
    (error,) = misfits(built)
    assert "check_b" in error.message


def test_an_open_end_grows_by_what_is_over() -> None:
    hours = replace(HOURS, extents=(TimeExtent("2026-01-01T00"),))
    lake = Lake(graph([dataset("raw", hours)], [maker("raw")]))
    lake.make_all()
    lake.now += timedelta(hours=2)
    assert said(lake.plan()) == [("raw", "2026-01-10T12..2026-01-10T13", "never made")]

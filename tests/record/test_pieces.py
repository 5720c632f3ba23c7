"""The current state in the ledger, which must agree with `History.of` whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made, TableVersion
from flowforge_assets.core.partition import WHOLE, Axis, Dimension, PartitionSet, Span, Values
from flowforge_assets.record.history import History
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.record.run import StepRecord

FLIGHTS = DatasetKey("silver.flights")
HOUR = Dimension("hour", "hour")
DAY = Dimension("day", "day")
COUNTRY = Dimension("country", "static")
CARRIER = Dimension("carrier", "static")


def days(first: int, last: int) -> PartitionSet:
    return PartitionSet((DAY,), ((Span.of(first, last + 1),),))


def countries(*names: str) -> PartitionSet:
    return PartitionSet((COUNTRY,), ((Values.of(names),),))


spans: st.SearchStrategy[Axis] = st.sets(st.integers(-3, 9), min_size=1, max_size=4).map(
    Span.points
)


def long_span(first: int, size: int) -> Axis:
    return Span.of(first, first + size)


wide_spans: st.SearchStrategy[Axis] = st.builds(
    long_span, st.integers(0, 6_000), st.sampled_from([1, 2, 64, 65, 4_096, 5_000])
)
names: st.SearchStrategy[Axis] = st.sets(st.sampled_from("abc"), min_size=1).map(Values.of)
SHAPES: dict[tuple[Dimension, ...], tuple[st.SearchStrategy[Axis], ...]] = {
    (): (),
    (DAY,): (spans,),
    (HOUR,): (wide_spans,),
    (COUNTRY,): (names,),
    (COUNTRY, CARRIER): (names, names),
    (COUNTRY, DAY): (names, spans),
}


@st.composite
def partition_sets(draw: st.DrawFn, dimensions: tuple[Dimension, ...]) -> PartitionSet:
    boxes = st.lists(st.tuples(*SHAPES[dimensions]), max_size=2)
    return PartitionSet(dimensions, tuple(draw(boxes)))


@st.composite
def recordings(draw: st.DrawFn) -> list[tuple[int, PartitionSet]]:
    dimensions = draw(st.sampled_from(list(SHAPES)))
    sets = draw(st.lists(partition_sets(dimensions), max_size=8))
    return list(zip(draw(st.permutations(range(len(sets)))), sets, strict=True))


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterable[Ledger]:
    """One ledger for the many examples of a property; each begins with nothing made."""
    with Ledger.open(tmp_path_factory.mktemp("record") / "ledger.db") as opened:
        yield opened


@settings(max_examples=50)
@given(recorded=recordings())
def test_the_ledger_agrees_with_history(
    shared: Ledger,
    commit: Callable[..., Made],
    step: Callable[..., StepRecord],
    recorded: list[tuple[int, PartitionSet]],
) -> None:
    made = [commit(version, partitions) for version, partitions in recorded]
    shared.forget(FLIGHTS)
    for each in made:
        shared.record_made(step(), [each])
    expected = list(History.of(made).lookup(FLIGHTS))
    assert shared.current(FLIGHTS, dimensions_of(recorded)) == expected


@settings(max_examples=50)
@given(recorded=recordings(), order=st.randoms(use_true_random=False))
def test_the_order_of_recording_does_not_matter(
    shared: Ledger,
    commit: Callable[..., Made],
    recorded: list[tuple[int, PartitionSet]],
    order: Random,
) -> None:
    made = [commit(version, partitions) for version, partitions in recorded]
    shared.replace_all(FLIGHTS, made)
    before = shared.current(FLIGHTS, dimensions_of(recorded))
    order.shuffle(made)
    shared.replace_all(FLIGHTS, made)
    assert shared.current(FLIGHTS, dimensions_of(recorded)) == before


@settings(max_examples=50)
@given(recorded=recordings())
def test_recording_a_commit_again_changes_nothing(
    shared: Ledger,
    commit: Callable[..., Made],
    step: Callable[..., StepRecord],
    recorded: list[tuple[int, PartitionSet]],
) -> None:
    made = [commit(version, partitions) for version, partitions in recorded]
    shared.replace_all(FLIGHTS, made)
    before = shared.current(FLIGHTS, dimensions_of(recorded))
    shared.record_made(step(), made)
    assert shared.current(FLIGHTS, dimensions_of(recorded)) == before


def dimensions_of(recorded: list[tuple[int, PartitionSet]]) -> tuple[Dimension, ...]:
    return recorded[0][1].dimensions if recorded else ()


def test_a_commit_is_read_as_it_was_recorded(
    ledger: Ledger, commit: Callable[..., Made], step: Callable[..., StepRecord]
) -> None:
    made = commit(
        3,
        days(1, 9),
        table_id="8d5e",
        inputs={DatasetKey("bronze.flights"): TableVersion("9f", 12)},
        at=datetime(2026, 1, 1, 12, 0, 0, 123_456, tzinfo=UTC),
    )
    ledger.record_made(step(), [made])
    assert ledger.current(FLIGHTS, (DAY,)) == [made]


def test_times_of_other_zones_are_kept_as_the_same_instant(
    ledger: Ledger, commit: Callable[..., Made], step: Callable[..., StepRecord]
) -> None:
    there = timezone(timedelta(hours=2))
    ledger.record_made(step(), [commit(at=datetime(2026, 1, 1, 14, tzinfo=there))])
    (read,) = ledger.current(FLIGHTS, ())
    assert read.at.isoformat() == "2026-01-01T12:00:00+00:00"


def test_one_step_may_make_several_datasets(
    ledger: Ledger, commit: Callable[..., Made], step: Callable[..., StepRecord]
) -> None:
    weather = DatasetKey("silver.weather")
    made = [commit(1), commit(5, dataset=weather)]
    ledger.record_made(step(), made)
    found = ledger.current_all({FLIGHTS: (), weather: ()})
    assert found == History({FLIGHTS: made[:1], weather: made[1:]})


def test_a_batch_is_one_row(
    ledger: Ledger, commit: Callable[..., Made], step: Callable[..., StepRecord]
) -> None:
    ledger.record_made(step(), [commit(1, days(1, 100))])
    assert ledger._database.rows("SELECT count(*) FROM pieces") == [(1,)]


def test_a_commit_without_partitions_is_no_piece_but_ends_older_tables(
    ledger: Ledger, commit: Callable[..., Made], step: Callable[..., StepRecord]
) -> None:
    ledger.record_made(step(), [commit(1, days(1, 2))])
    ledger.record_made(step(), [commit(0, PartitionSet.none((DAY,)), table_id="again")])
    assert ledger.current(FLIGHTS, (DAY,)) == []


def test_a_table_that_is_created_again_ends_its_pieces(
    ledger: Ledger, commit: Callable[..., Made], step: Callable[..., StepRecord]
) -> None:
    new = commit(0, days(1, 1), table_id="again")
    for made in (commit(8, days(1, 9)), new):
        ledger.record_made(step(), [made])
    assert ledger.current(FLIGHTS, (DAY,)) == [new]


def test_other_dimensions_end_the_pieces(
    ledger: Ledger, commit: Callable[..., Made], step: Callable[..., StepRecord]
) -> None:
    new = commit(2, countries("de"))
    for made in (commit(1, days(1, 9)), new):
        ledger.record_made(step(), [made])
    assert ledger.current(FLIGHTS, (COUNTRY,)) == [new]
    assert ledger.current(FLIGHTS, (DAY,)) == []


def test_of_a_dataset_that_was_repartitioned_only_that_is_told(
    ledger: Ledger, commit: Callable[..., Made], step: Callable[..., StepRecord]
) -> None:
    ledger.record_made(step(), [commit(1, days(1, 9))])
    berlin = replace(DAY, tz="Europe/Berlin")
    for dimensions in ((), (HOUR,), (berlin,), (DAY, COUNTRY)):
        assert ledger.current_all({FLIGHTS: dimensions}) == History(recut=frozenset({FLIGHTS}))


def test_datasets_that_nobody_asked_for_are_left_out(
    ledger: Ledger, commit: Callable[..., Made], step: Callable[..., StepRecord]
) -> None:
    ledger.record_made(step(), [commit(), commit(dataset=DatasetKey("gold.delays"))])
    assert ledger.current_all({FLIGHTS: ()}).datasets() == {FLIGHTS}


def test_a_forgotten_dataset_counts_as_never_made(
    ledger: Ledger, commit: Callable[..., Made], step: Callable[..., StepRecord]
) -> None:
    ledger.record_made(step(), [commit()])
    ledger.forget(FLIGHTS)
    assert ledger.current(FLIGHTS, ()) == []
    assert ledger.datasets() == []


def test_replace_all_leaves_nothing_of_before(
    ledger: Ledger, commit: Callable[..., Made], step: Callable[..., StepRecord]
) -> None:
    ledger.record_made(step(), [commit(9, days(1, 9))])
    ledger.replace_all(FLIGHTS, [commit(1, days(1, 1)), commit(2, days(2, 2))])
    assert [made.table.version for made in ledger.current(FLIGHTS, (DAY,))] == [2, 1]


def test_a_commit_reads_only_the_pieces_that_it_meets(
    ledger: Ledger, commit: Callable[..., Made], step: Callable[..., StepRecord]
) -> None:
    ledger.replace_all(FLIGHTS, [commit(at, days(at, at + 1)) for at in range(0, 100, 2)])
    with ledger._database.transaction() as connection:
        connection.execute("UPDATE pieces SET partitions = 'unreadable' WHERE lo <> 8")
    ledger.record_made(step(), [commit(999, days(9, 9)), commit(999, days(100, 100))])
    trimmed = ledger._database.rows("SELECT lo, hi FROM pieces WHERE version = 8")
    assert trimmed == [(8, 9)]


def test_one_country_meets_its_piece_alone(
    ledger: Ledger, commit: Callable[..., Made], step: Callable[..., StepRecord]
) -> None:
    made = [commit(at, countries(name)) for at, name in enumerate(("at", "ch", "de"))]
    ledger.replace_all(FLIGHTS, made)
    new = commit(9, countries("ch"))
    ledger.record_made(step(), [new])
    assert ledger.current(FLIGHTS, (COUNTRY,)) == [new, made[2], made[0]]


def test_the_unpartitioned_dataset_has_one_piece(
    ledger: Ledger, commit: Callable[..., Made], step: Callable[..., StepRecord]
) -> None:
    for version in range(3):
        ledger.record_made(step(), [commit(version, WHOLE)])
    assert ledger.current(FLIGHTS, ()) == [commit(2, WHOLE)]


@pytest.mark.parametrize("column", ["day", 'the "day"'])
def test_stretches_of_time_are_read_with_their_gaps(
    ledger: Ledger,
    commit: Callable[..., Made],
    step: Callable[..., StepRecord],
    column: str,
) -> None:
    dimensions = (Dimension(column, "day"),)
    gap = PartitionSet(dimensions, ((Span.union([(0, 3), (5, 9)]),),))
    whole = PartitionSet(dimensions, ((Span.of(20, 29),),))
    ledger.record_made(step(), [commit(1, gap)])
    ledger.record_made(step(), [commit(2, whole)])
    assert [piece.partitions for piece in ledger.current(FLIGHTS, dimensions)] == [whole, gap]

"""What was made and which rows changed, which need not be the same partitions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made
from flowforge_assets.core.partition import Dimension, PartitionSet, Span
from flowforge_assets.record.history import History
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.record.run import StepRecord
from flowforge_assets.storage.latest import latest

FLIGHTS = DatasetKey("silver.flights")
DAY = (Dimension("day", "day"),)
HOUR = (Dimension("hour", "hour"),)


def days(*numbers: int) -> PartitionSet:
    return PartitionSet(DAY, ((Span.points(numbers),),))


def hours(*numbers: int) -> PartitionSet:
    return PartitionSet(HOUR, ((Span.points(numbers),),))


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterable[Ledger]:
    """One ledger for the many examples of a property; each begins with nothing made."""
    with Ledger.open(tmp_path_factory.mktemp("tracks") / "ledger.db") as opened:
        yield opened


SETS = st.sets(st.integers(0, 4), max_size=3)
Said = tuple[str, set[int], set[int] | None, bool]
"""Table, partitions, what is touched, and whether it restarts; hours where steps are cut so."""


def says(of: str) -> st.SearchStrategy[list[Said]]:
    """What a few commits say; `of` hours, they always say what they touch of the days."""
    touched = SETS if of == "hours" else st.none() | SETS
    one = st.tuples(st.just("t"), SETS, touched, st.sampled_from([False] * 5 + [True]))
    again = st.tuples(st.sampled_from("tt2"), SETS, touched, st.just(value=False))
    return st.lists(one | again, min_size=1, max_size=8)


def as_made(said: Sequence[Said], of: str, commit: Callable[..., Made]) -> list[Made]:
    cut = hours if of == "hours" else days
    return [
        replace(
            commit(version, cut(*partitions), table_id=table),
            touched=None if touched is None else days(*touched),
            restart=restart,
            source=f"etag {version}" if version % 3 else "",
            bytes_written=100 * version if version % 2 else None,
        )
        for version, (table, partitions, touched, restart) in enumerate(said)
    ]


def on_one_table(said: Iterable[Said]) -> list[Said]:
    return [("t", partitions, touched, restart) for _, partitions, touched, restart in said]


def tracks(history: History) -> tuple[list[Made], list[Made]]:
    return list(history.lookup(FLIGHTS)), list(history.changes(FLIGHTS))


def of_ledger(ledger: Ledger, by_step: tuple[Dimension, ...]) -> tuple[list[Made], list[Made]]:
    return tracks(ledger.current_all({FLIGHTS: by_step}, {FLIGHTS: DAY}))


STEPS = {"days": DAY, "hours": HOUR}
each_cut = pytest.mark.parametrize("of", STEPS)


@each_cut
@settings(max_examples=60)
@given(data=st.data())
def test_ledger_history_and_lake_agree(
    shared: Ledger, commit: Callable[..., Made], of: str, data: st.DataObject
) -> None:
    made = as_made(data.draw(says(of)), of, commit)
    expected = tracks(History.of(made))
    shared.replace_all(FLIGHTS, made)
    assert of_ledger(shared, STEPS[of]) == expected
    last = [each for each in made if each.table.table_id == made[-1].table.table_id]
    since = max((at for at, each in enumerate(made) if each not in last), default=-1)
    left = latest(made[since + 1 :], DAY, STEPS[of])
    assert tracks(History.of(left)) == expected
    assert tracks(History.of_tables([(FLIGHTS, left)])) == expected
    shared.replace_all(FLIGHTS, left)
    assert of_ledger(shared, STEPS[of]) == expected


@each_cut
@settings(max_examples=60)
@given(data=st.data(), order=st.randoms(use_true_random=False))
def test_the_order_of_recording_does_not_matter_on_either_track(
    shared: Ledger, commit: Callable[..., Made], of: str, data: st.DataObject, order: Random
) -> None:
    made = as_made(on_one_table(data.draw(says(of))), of, commit)
    expected = tracks(History.of(made))
    order.shuffle(made)
    assert tracks(History.of(made)) == expected
    shared.replace_all(FLIGHTS, made)
    assert of_ledger(shared, STEPS[of]) == expected


@settings(max_examples=60)
@given(before=says("days"), after=says("hours"))
def test_steps_may_be_cut_anew(
    shared: Ledger, commit: Callable[..., Made], before: list[Said], after: list[Said]
) -> None:
    by_day = as_made(on_one_table(before), "days", commit)
    by_hour = as_made(on_one_table(after), "hours", commit)
    later = [
        replace(each, table=replace(each.table, version=each.table.version + len(before)))
        for each in by_hour
    ]
    expected = tracks(History.of([*by_day, *later]))
    shared.replace_all(FLIGHTS, [*by_day, *later])
    assert of_ledger(shared, HOUR) == expected
    left = latest([*by_day, *later], DAY, HOUR)
    assert tracks(History.of(left)) == expected
    shared.replace_all(FLIGHTS, left)
    assert of_ledger(shared, HOUR) == expected


def test_one_track_serves_as_both_while_steps_touch_what_they_make(
    ledger: Ledger, commit: Callable[..., Made]
) -> None:
    made = [commit(1, days(1)), commit(2, days(2))]
    ledger.replace_all(FLIGHTS, made)
    found = ledger.current_all({FLIGHTS: DAY})
    assert found.changes(FLIGHTS) == found.lookup(FLIGHTS) == made[::-1]
    assert not found.rows


def test_a_step_that_changed_nothing_leaves_the_rows_to_the_commit_before(
    ledger: Ledger, commit: Callable[..., Made]
) -> None:
    old, new = commit(1, days(1, 2)), replace(commit(2, days(1)), touched=days())
    for history in (History.of([old, new]), filled(ledger, [old, new])):
        assert [each.table.version for each in history.lookup(FLIGHTS)] == [2, 1]
        (rows,) = history.changes(FLIGHTS)
        assert (rows.table.version, rows.partitions) == (1, days(1, 2))


def test_late_rows_change_days_that_the_step_is_not_of(
    ledger: Ledger, commit: Callable[..., Made]
) -> None:
    made = [
        replace(commit(1, hours(24)), touched=days(1)),
        replace(commit(2, hours(25)), touched=days(0, 1)),
    ]
    ledger.replace_all(FLIGHTS, made)
    found = ledger.current_all({FLIGHTS: HOUR}, {FLIGHTS: DAY})
    assert [each.partitions for each in found.lookup(FLIGHTS)] == [hours(25), hours(24)]
    assert [each.partitions for each in found.changes(FLIGHTS)] == [days(0, 1)]


def test_a_restart_ends_all_that_was_made_before_on_both_tracks(
    ledger: Ledger, commit: Callable[..., Made]
) -> None:
    old = replace(commit(1, days(1)), touched=days(1, 2))
    new = replace(commit(2, days(3)), restart=True)
    for history in (History.of([old, new]), filled(ledger, [old, new])):
        for track in tracks(history):
            assert [each.partitions for each in track] == [days(3)]


def test_a_commit_before_a_restart_that_is_recorded_late_counts_no_more(
    ledger: Ledger, commit: Callable[..., Made], step: Callable[..., StepRecord]
) -> None:
    restart, over = replace(commit(2, days(3)), restart=True), commit(3, days(3))
    for made in (restart, over, commit(1, days(1, 3))):
        ledger.record_made(step(), [made])
    assert ledger.current(FLIGHTS, DAY) == [over]


def test_rows_that_are_partitioned_anew_are_unknown_before(
    ledger: Ledger, commit: Callable[..., Made]
) -> None:
    ledger.replace_all(FLIGHTS, [replace(commit(1, hours(1)), touched=days(0))])
    found = ledger.current_all({FLIGHTS: HOUR}, {FLIGHTS: HOUR})
    assert (len(found.lookup(FLIGHTS)), list(found.changes(FLIGHTS))) == (1, [])


def test_a_dataset_of_two_tracks_is_one_dataset(
    ledger: Ledger, commit: Callable[..., Made]
) -> None:
    ledger.replace_all(FLIGHTS, [replace(commit(1, hours(1)), touched=days(0))])
    assert ledger.datasets() == [FLIGHTS]
    ledger.forget(FLIGHTS)
    assert ledger.datasets() == []
    assert ledger.current_all({FLIGHTS: HOUR}, {FLIGHTS: DAY}).datasets() == set()


def test_the_newest_version_is_that_of_either_track(commit: Callable[..., Made]) -> None:
    made = [
        replace(commit(5, hours()), touched=days(0)),
        replace(commit(4, hours(1)), touched=days()),
    ]
    newest = History.of(made).newest(FLIGHTS)
    assert newest is not None
    assert newest.version == 5


def test_the_source_that_was_read_is_kept(ledger: Ledger, commit: Callable[..., Made]) -> None:
    made = replace(commit(1, days(1)), source="etag")
    assert list(filled(ledger, [made]).lookup(FLIGHTS)) == [made]


def test_of_two_datasets_only_the_asked_are_told(commit: Callable[..., Made]) -> None:
    weather = DatasetKey("silver.weather")
    touching = replace(commit(1, hours(1)), touched=days(0))
    history = History.of([touching, replace(touching, dataset=weather)])
    assert history.only({weather}).datasets() == {weather}
    assert list(history.only({weather}).rows) == [weather]


def filled(ledger: Ledger, made: Sequence[Made]) -> History:
    ledger.replace_all(FLIGHTS, made)
    return ledger.current_all({FLIGHTS: DAY})

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made, TableVersion
from flowforge_assets.core.partition import Dimension, PartitionSet, Span
from flowforge_assets.record.history import History

FLIGHTS = DatasetKey("silver.flights")
DAY = (Dimension("day", "day"),)
MONTH = (Dimension("month", "month"),)


def days(first: int, last: int) -> PartitionSet:
    return PartitionSet(DAY, ((Span.of(first, last + 1),),))


def test_nothing_is_known_of_a_dataset_that_was_never_made() -> None:
    history = History()
    assert list(history.lookup(FLIGHTS)) == []
    assert history.newest(FLIGHTS) is None


def test_pieces_come_newest_first(commit: Callable[..., Made]) -> None:
    made = [commit(1, days(1, 1)), commit(2, days(2, 2)), commit(3, days(3, 3))]
    assert list(History.of(made).lookup(FLIGHTS)) == made[::-1]


def test_newest_is_the_version_of_the_last_commit(commit: Callable[..., Made]) -> None:
    history = History.of([commit(1, days(1, 1)), commit(7, days(2, 2))])
    assert history.newest(FLIGHTS) == TableVersion("t", 7)


def test_a_later_commit_takes_its_partitions_from_earlier_ones(
    commit: Callable[..., Made],
) -> None:
    old, new = commit(1, days(1, 9)), commit(2, days(4, 5))
    rest = days(1, 3) | days(6, 9)
    assert list(History.of([old, new]).lookup(FLIGHTS)) == [new, replace(old, partitions=rest)]


def test_a_commit_that_replaces_all_is_all_that_is_left(commit: Callable[..., Made]) -> None:
    made = [commit(1, days(1, 2)), commit(2, days(3, 4)), commit(3, days(1, 4))]
    assert list(History.of(made).lookup(FLIGHTS)) == made[2:]


def test_the_newer_commit_wins_whichever_is_recorded_last(commit: Callable[..., Made]) -> None:
    old, new = commit(1, days(1, 9)), commit(2, days(4, 5))
    assert History.of([new, old]) == History.of([old, new])


def test_an_older_commit_that_is_replaced_whole_leaves_nothing(
    commit: Callable[..., Made],
) -> None:
    new = commit(2, days(1, 9))
    assert list(History.of([new, commit(1, days(4, 5))]).lookup(FLIGHTS)) == [new]


def test_a_table_that_is_created_again_ends_what_was_made_before(
    commit: Callable[..., Made],
) -> None:
    new = commit(0, days(4, 5), table_id="again")
    assert list(History.of([commit(8, days(1, 9)), new]).lookup(FLIGHTS)) == [new]


def test_other_partition_dimensions_end_what_was_made_before(
    commit: Callable[..., Made],
) -> None:
    new = commit(2, PartitionSet(MONTH, ((Span.of(1, 2),),)))
    assert list(History.of([commit(1, days(1, 9)), new]).lookup(FLIGHTS)) == [new]


def test_datasets_do_not_touch_one_another(commit: Callable[..., Made]) -> None:
    weather = DatasetKey("silver.weather")
    made = [commit(1), commit(1, dataset=weather)]
    history = History.of(made)
    assert [list(history.lookup(key)) for key in (FLIGHTS, weather)] == [made[:1], made[1:]]

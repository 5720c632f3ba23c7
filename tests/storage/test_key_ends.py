from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from flowforge_assets.storage.column_stats import ColumnStats
from flowforge_assets.storage.key_ends import KeyEnds

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
KEYS = pl.DataFrame({"id": [3, 9], "at": [NOON, NOON + timedelta(hours=1)]})
ENDS = KeyEnds.of(KEYS, hive=())


@pytest.mark.parametrize(
    ("least", "greatest", "may"),
    [(0, 2, False), (0, 3, True), (4, 8, True), (9, 20, True), (10, 20, False)],
)
def test_a_file_is_told_by_its_ends(least: int, greatest: int, *, may: bool) -> None:
    assert ENDS.may_meet({"id": ColumnStats(0, least, greatest)}) is may


def test_a_file_of_which_nothing_is_known_may_hold_any_row() -> None:
    assert ENDS.may_meet({})
    assert ENDS.may_meet({"id": ColumnStats(1)})
    assert ENDS.may_meet({"id": ColumnStats(0, "3", "2")})


def test_one_column_is_enough_to_tell() -> None:
    known = ColumnStats(0, NOON - timedelta(days=2), NOON - timedelta(days=1))
    assert not ENDS.may_meet({"id": ColumnStats(0, 0, 99), "at": known})


def test_moments_that_another_program_cut_still_meet() -> None:
    keys = pl.DataFrame({"at": [NOON + timedelta(microseconds=999)]})
    stats = {"at": ColumnStats(0, NOON - timedelta(days=1), NOON)}
    assert KeyEnds.of(keys, hive=()).may_meet(stats)


def test_columns_with_nulls_tell_nothing() -> None:
    keys = pl.DataFrame({"id": [None, 3]})
    ends = KeyEnds.of(keys, hive=())
    assert ends.may_meet({"id": ColumnStats(0, 50, 60)})
    assert keys.filter(ends.meets).height == 2


def test_a_column_that_names_folders_is_told_by_its_values() -> None:
    ends = KeyEnds.of(KEYS, hive=("id",))
    assert [ends.may_meet({"id": ColumnStats(0, n, n)}) for n in (3, 5, 9)] == [True, False, True]


def test_no_key_meets_nothing() -> None:
    ends = KeyEnds.of(KEYS.clear(), hive=())
    assert not ends.may_meet({})
    assert KEYS.filter(ends.meets).is_empty()


def test_rows_between_the_ends_meet() -> None:
    rows = pl.DataFrame({"id": [2, 3, 5, 9, 10], "at": [NOON] * 5})
    assert rows.filter(ENDS.meets).get_column("id").to_list() == [3, 5, 9]


def test_texts_are_not_taken_for_columns() -> None:
    keys = pl.DataFrame({"name": ["a", "name"], "a": ["x", "x"]})
    assert keys.filter(KeyEnds.of(keys, hive=()).meets).height == 2


def test_rows_beyond_the_ends_of_all_files_meet_none() -> None:
    files = [{"id": ColumnStats(0, 5, 8)}, {"id": ColumnStats(2, 1, 4)}]
    within = ENDS.met_by(files)
    assert within is not None
    assert KEYS.filter(within).get_column("id").to_list() == [3]


def test_files_that_reach_as_far_or_do_not_tell_leave_no_row_out() -> None:
    assert ENDS.met_by([]) is None
    assert ENDS.met_by([{"id": ColumnStats(0, 3, 9)}]) is None
    assert ENDS.met_by([{"id": ColumnStats(0, 5, 6)}, {}]) is None
    assert ENDS.met_by([{"id": ColumnStats(0, "5", "6")}]) is None


def test_the_last_moment_there_is_can_be_an_end() -> None:
    last = datetime.max.replace(tzinfo=UTC)
    within = ENDS.met_by([{"at": ColumnStats(0, NOON + timedelta(minutes=1), last)}])
    assert within is not None
    assert KEYS.filter(within).get_column("id").to_list() == [9]

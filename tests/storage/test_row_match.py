from __future__ import annotations

import polars as pl
import pytest

from flowforge_assets.storage.row_match import (
    Reach,
    RowMatch,
    free_name,
    match_rows,
    same_values,
)
from flowforge_assets.storage.store import Matching


def matched(stored: dict[str, list[object]], staged: dict[str, list[object]]) -> RowMatch:
    found = pl.DataFrame(stored).with_row_index("row")
    return match_rows(
        found.lazy(),
        pl.DataFrame(staged, schema=found.drop("row").schema),
        Matching(("k",)),
        row="row",
    )


def told(match: RowMatch) -> tuple[list[int], list[bool]]:
    """The numbers of the rows that go, and which staged ones come."""
    return sorted(match.numbers(of_removed=True).to_list()), match.is_added.to_list()


def test_a_row_with_other_values_goes_and_its_successor_comes() -> None:
    match = matched({"k": [1, 2], "v": ["a", "b"]}, {"k": [2, 3], "v": ["c", "d"]})
    assert told(match) == ([1], [True, True])
    assert not match.is_empty


def test_a_row_that_is_the_same_neither_goes_nor_comes() -> None:
    match = matched({"k": [1, 2], "v": ["a", None]}, {"k": [2], "v": [None]})
    assert told(match) == ([], [False])
    assert match.is_empty
    assert match.numbers(of_removed=False).to_list() == [1]


def test_of_stored_rows_with_one_key_only_the_staged_one_is_left() -> None:
    match = matched({"k": [1, 1, 1], "v": ["a", "b", "b"]}, {"k": [1], "v": ["b"]})
    assert told(match) == ([0, 2], [False])


def test_of_rows_that_are_there_many_times_as_many_stay_as_are_staged() -> None:
    match = matched({"k": [1] * 4, "v": ["a", "a", "a", "b"]}, {"k": [1] * 3, "v": ["a", "a", "c"]})
    assert told(match) == ([2, 3], [False, False, True])


def test_rows_of_values_that_are_given_go_though_no_staged_row_has_them() -> None:
    stored = pl.DataFrame({"k": [1, 1, 2], "v": ["a", "b", "c"]}).with_row_index("row")
    what = Matching(("k",), ((1,),))
    assert told(match_rows(stored.lazy(), stored.clear().drop("row"), what, row="row")) == (
        [0, 1],
        [],
    )


def test_the_rows_of_a_table_that_is_empty_are_all_new() -> None:
    stored = pl.DataFrame(schema={"row": pl.UInt32, "k": pl.Int64, "v": pl.String})
    staged = pl.DataFrame({"k": [1, 1], "v": ["a", "b"]})
    assert told(match_rows(stored.lazy(), staged, Matching(("k",)), row="row")) == (
        [],
        [True, True],
    )


def test_a_name_is_made_longer_until_it_is_free() -> None:
    assert free_name("row", ["row", "row_"]) == "row__"


def held(stored: pl.DataFrame, staged: pl.DataFrame, what: Matching, reach: Reach) -> RowMatch:
    match = match_rows(stored.lazy(), staged, what, row="row", reach=reach)
    assert match.is_whole == reach.may_hold
    return match


STORED = pl.DataFrame(
    {"row": [0, 1, 2, 3], "k": [1, 2, 3, None], "v": ["a", "b", "c", "d"], "n": [1, 2, None, 4]}
)
STAGED = STORED.drop("row").with_columns(
    k=pl.Series([2, 3, None, 9]), v=pl.Series(["b", "x", "d", "a"]), n=pl.Series([2, None, 5, 1])
)


@pytest.mark.parametrize("may_hold", [False, True])
@pytest.mark.parametrize("is_unique", [False, True])
def test_rows_are_matched_alike_in_memory_and_in_files(*, may_hold: bool, is_unique: bool) -> None:
    what = Matching(("k",), is_unique=is_unique)
    match = held(STORED, STAGED, what, Reach(may_hold=may_hold))
    assert told(match) == ([2, 3], [False, True, True, True])
    assert match.removed(["v"]).get_column("v").sort().to_list() == ["c", "d"]


@pytest.mark.parametrize("may_hold", [False, True])
def test_rows_that_are_known_not_to_match_are_left_out(*, may_hold: bool) -> None:
    reach = Reach(pl.col("k") > 2, pl.col("k") < 3, may_hold)
    assert told(held(STORED, STAGED, Matching(("k",)), reach)) == ([], [True] * 4)


@pytest.mark.parametrize("may_hold", [False, True])
def test_staged_rows_that_share_a_key_after_all_are_told(*, may_hold: bool) -> None:
    stored = pl.DataFrame({"row": [0, 1], "k": [1, 1], "v": ["a", "a"]})
    staged = pl.DataFrame({"k": [1, 1], "v": ["a", "b"]})
    what = Matching(("k",), is_unique=True)
    match = match_rows(stored.lazy(), staged, what, row="row", reach=Reach(may_hold=may_hold))
    assert told(match) == ([1], [False, True])


def test_texts_are_compared_only_where_all_else_is_the_same() -> None:
    stored = pl.DataFrame({"t": ["a", "b", "c"], "n": [1, 2, 3], "f": [0.0, None, float("nan")]})
    staged = pl.DataFrame({"t": ["c", "x", "a"], "n": [3, 2, 9], "f": [float("nan"), None, 0.0]})
    at = pl.Series([2, 1, 0])
    in_order = same_values(stored, None, staged, at, ["t", "n", "f"])
    assert in_order.to_list() == [False, False, True]
    picked = same_values(stored, pl.Series([2, 0]), staged, pl.Series([0, 2]), ["t", "n", "f"])
    assert picked.to_list() == [True, False]
    assert same_values(stored, None, staged, at, []).all()

from __future__ import annotations

import polars as pl

from flowforge_assets.storage.row_match import RowMatch, free_name, match_rows
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
    return sorted(match.removed.get_column("row").to_list()), match.is_added.to_list()


def test_a_row_with_other_values_goes_and_its_successor_comes() -> None:
    match = matched({"k": [1, 2], "v": ["a", "b"]}, {"k": [2, 3], "v": ["c", "d"]})
    assert told(match) == ([1], [True, True])
    assert not match.is_empty


def test_a_row_that_is_the_same_neither_goes_nor_comes() -> None:
    match = matched({"k": [1, 2], "v": ["a", None]}, {"k": [2], "v": [None]})
    assert told(match) == ([], [False])
    assert match.is_empty
    assert match.matched.get_column("row").to_list() == [1]


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

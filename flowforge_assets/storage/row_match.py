"""Which stored rows go and which staged rows come when rows are replaced by their columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Collection

    from flowforge_assets.storage.store import Matching


@dataclass(frozen=True, slots=True, eq=False)
class RowMatch:
    """What differs between staged rows and the stored rows that they match.

    `matched` has the stored rows that match, with the column `row` that numbers them, and
    `is_removed` says of each whether it goes. `is_added` says it of the staged rows, in order.
    What is neither is the same on both sides, unless some staged rows are left out as older:
    what those alone match is not among `matched`.
    """

    matched: pl.DataFrame
    row: str
    is_removed: pl.Series
    is_added: pl.Series
    leaves_out: bool = False

    @property
    def removed(self) -> pl.DataFrame:
        """The stored rows that go."""
        return self.matched.filter(self.is_removed)

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        return not (self.is_removed.any() or self.is_added.any())


def free_name(wanted: str, taken: Collection[str]) -> str:
    """`wanted`, made longer until no column has it."""
    while wanted in taken:
        wanted += "_"
    return wanted


def sought(staged: pl.DataFrame, what: Matching) -> pl.DataFrame:
    """The values in the columns of `what` whose rows are replaced."""
    keys = staged.select(what.columns)
    parts = [keys]
    if what.values:
        parts.append(pl.DataFrame(what.values, schema=keys.schema, orient="row"))
    if what.removing is not None:
        parts.append(what.removing.select(what.columns))
    return pl.concat(parts) if len(parts) > 1 else keys


def match_rows(stored: pl.LazyFrame, staged: pl.DataFrame, what: Matching, *, row: str) -> RowMatch:
    """Holds `staged` against the rows of `stored` that have its values in some columns.

    Both have the same columns in any order, and `stored` has `row` beside them. Nulls are equal,
    and so is what is not a number. The staged rows and those that they match are in memory.
    """
    if what.latest is not None or what.removing is not None:
        return _match_newest(stored, staged, what, row=row)
    keys, columns = sought(staged, what), what.columns
    if what.values or keys.n_unique() < keys.height:
        return _match_bags(stored, staged, keys, row=row)
    place = free_name("staged", [*staged.columns, row])
    matched = stored.join(
        keys.with_row_index(place).lazy(), on=columns, how="inner", nulls_equal=True
    ).collect()
    at = matched.get_column(place)
    is_same = pl.Series([True]).new_from_index(0, matched.height)
    for name in staged.columns:
        if name not in columns:
            is_same &= matched.get_column(name).eq_missing(staged.get_column(name).gather(at))
    stays = is_same
    if at.n_unique() < len(at):
        # of stored rows that are the same, one is the staged one and the others are too many
        stays = is_same & pl.DataFrame({"at": at, "same": is_same}).to_struct().is_first_distinct()
    is_added = pl.Series([True]).new_from_index(0, staged.height)
    kept = at.filter(stays)
    if len(kept):
        is_added = is_added.scatter(kept, values=False)
    return RowMatch(matched.drop(place), row, ~stays, is_added)


def _match_newest(
    stored: pl.LazyFrame, staged: pl.DataFrame, what: Matching, *, row: str
) -> RowMatch:
    """The same where rows are removed by their keys, or older ones left out."""
    columns, removing = list(what.columns), what.removing
    reached = stored.join(
        sought(staged, what).unique().lazy(), on=columns, how="semi", nulls_equal=True
    ).collect()
    is_taken = pl.Series([True]).new_from_index(0, staged.height)
    if what.latest is not None:
        is_taken = ~is_older(staged, reached, columns, what.latest)
        if removing is not None:
            removing = removing.filter(~is_older(removing, reached, columns, what.latest))
    gone, rest = reached.clear(), reached
    if removing is not None:
        keys = removing.select(columns)
        gone = reached.join(keys, on=columns, how="semi", nulls_equal=True)
        rest = reached.join(keys, on=columns, how="anti", nulls_equal=True)
    plain = replace(what, latest=None, removing=None)
    match = match_rows(rest.lazy(), staged.filter(is_taken), plain, row=row)
    places = is_taken.arg_true().filter(match.is_added)
    is_added = pl.Series([False]).new_from_index(0, staged.height)
    return RowMatch(
        pl.concat([match.matched.select(gone.columns), gone]),
        row,
        pl.concat([match.is_removed, pl.Series([True]).new_from_index(0, gone.height)]),
        is_added.scatter(places, values=True) if len(places) else is_added,
        leaves_out=not is_taken.all(),
    )


def is_older(
    rows: pl.DataFrame, reached: pl.DataFrame, columns: list[str], latest: str
) -> pl.Series:
    """Of each of `rows`, whether one of `reached` with its key has a greater value in `latest`."""
    value, newest = pl.col(latest), free_name("newest", [*columns, latest])
    greatest = value.nan_max() if rows.schema[latest].is_float() else value.max()
    known = reached.group_by(columns).agg(greatest.alias(newest))
    both = rows.select(*columns, latest).join(
        known, on=columns, how="left", nulls_equal=True, maintain_order="left"
    )
    is_behind = value.is_null() | (value < pl.col(newest))
    return both.select(pl.col(newest).is_not_null() & is_behind).to_series()


def _match_bags(
    stored: pl.LazyFrame, staged: pl.DataFrame, keys: pl.DataFrame, *, row: str
) -> RowMatch:
    """The same where several staged rows have the same values in the columns of `keys`.

    Equal rows are numbered on both sides, so that each pairs with one.
    """
    matched = stored.join(
        keys.unique().lazy(), on=keys.columns, how="semi", nulls_equal=True
    ).collect()
    if not matched.height:
        every = pl.Series([True]).new_from_index(0, staged.height)
        return RowMatch(matched, row, every.clear(), every)
    names = staged.columns
    number = free_name("number", [*names, row])
    numbered = pl.int_range(pl.len()).over(names).alias(number)
    place = free_name("staged", [*names, row])
    stored_rows = matched.with_columns(numbered)
    staged_rows = staged.with_columns(numbered).with_row_index(place)
    gone = stored_rows.join(staged_rows, on=[*names, number], how="anti", nulls_equal=True)
    new = staged_rows.join(stored_rows, on=[*names, number], how="anti", nulls_equal=True)
    return RowMatch(
        matched,
        row,
        matched.get_column(row).is_in(gone.get_column(row).implode()),
        staged_rows.get_column(place).is_in(new.get_column(place).implode()),
    )

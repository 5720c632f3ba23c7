"""Which stored rows go and which staged rows come when rows are replaced by their columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from flowforge_assets.storage.store import Matching


@dataclass(frozen=True, slots=True, eq=False)
class RowMatch:
    """What differs between staged rows and the stored rows that they match.

    `reached` has stored rows, with the column `row` that numbers them: all of them, in order,
    where it `is_whole`. Those at the places `matched` match, and `is_removed` says of each of
    these whether it goes. `is_added` says of the staged rows, in order, which come. What matches
    and does not go is the same on both sides, unless some staged rows are left out as older: what
    those alone match is not among `matched`.
    """

    reached: pl.DataFrame
    row: str
    matched: pl.Series
    is_removed: pl.Series
    is_added: pl.Series
    leaves_out: bool = False
    is_whole: bool = False

    def removed(self, columns: Sequence[str]) -> pl.DataFrame:
        """The stored rows that go, with some of their columns."""
        places = self.matched.filter(self.is_removed)
        return self.reached.select(pl.col(*columns).gather(places))

    def numbers(self, *, of_removed: bool) -> pl.Series:
        """The numbers of the rows that go, or of all that match."""
        places = self.matched.filter(self.is_removed) if of_removed else self.matched
        return self.reached.get_column(self.row).gather(places)

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


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """What is known of rows before they are matched.

    `stored` and `staged` say which rows on either side can match one of the other (None: all),
    `may_hold` whether all stored rows may be in memory.
    """

    stored: pl.Expr | None = None
    staged: pl.Expr | None = None
    may_hold: bool = False


def match_rows(
    stored: pl.LazyFrame,
    staged: pl.DataFrame,
    what: Matching,
    *,
    row: str,
    reach: Reach | None = None,
) -> RowMatch:
    """Holds `staged` against the rows of `stored` that have its values in some columns.

    Both have the same columns in any order, and `stored` has `row` beside them. Nulls are equal,
    and so is what is not a number. The staged rows and those that they match are in memory, and
    where `reach` lets them all stored rows: then only keys are joined, which costs half.
    """
    reach = reach or Reach()
    keys, columns = sought(staged, what), list(what.columns)
    if what.latest is not None or what.removing is not None:
        return _match_newest(_kept(stored, reach.stored), staged, what, row=row)
    place = free_name("staged", [*staged.columns, row])
    met = _kept(keys.with_row_index(place).lazy(), reach.staged).collect()
    if what.values or not (what.is_unique or met.select(columns).n_unique() == met.height):
        return _match_bags(_kept(stored, reach.stored), staged, keys, row=row)
    reached, here, at = _pairs(stored, met, place=place, reach=reach)
    rows_met = marked(reached.height, here).sum() if reach.may_hold else reached[row].n_unique()
    if rows_met < len(here):
        # who says that no two have the same values may be wrong, if what is stored is
        return _match_bags(_kept(stored, reach.stored), staged, keys, row=row)
    values = [name for name in staged.columns if name not in columns]
    stays = same_values(reached, here, staged, at, values)
    if marked(staged.height, at).sum() < len(at):
        # of stored rows that are the same, one is the staged one and the others are too many
        stays &= pl.DataFrame({"at": at, "same": stays}).to_struct().is_first_distinct()
    is_added = ~marked(staged.height, at.filter(stays))
    return RowMatch(reached, row, here, ~stays, is_added, is_whole=reach.may_hold)


def _places(height: int) -> pl.Series:
    return pl.int_range(height, dtype=pl.UInt32, eager=True)


def _kept(rows: pl.LazyFrame, which: pl.Expr | None) -> pl.LazyFrame:
    return rows if which is None else rows.filter(which)


def _pairs(
    stored: pl.LazyFrame, met: pl.DataFrame, *, place: str, reach: Reach
) -> tuple[pl.DataFrame, pl.Series, pl.Series]:
    """Stored rows, and of each pair of rows that match the places of both.

    `met` has the staged keys, with the column `place` that numbers them.
    """
    columns = [name for name in met.columns if name != place]
    if not reach.may_hold:
        found = (
            _kept(stored, reach.stored)
            .join(met.lazy(), on=columns, how="inner", nulls_equal=True)
            .collect()
        )
        return found.drop(place), _places(found.height), found.get_column(place)
    reached = stored.collect()
    here = free_name("stored", met.columns)
    numbered = _kept(reached.lazy().select(columns).with_row_index(here), reach.stored)
    pairs = numbered.join(met.lazy(), on=columns, how="inner", nulls_equal=True)
    found = pairs.select(here, place).collect()
    return reached, found.get_column(here), found.get_column(place)


def same_values(
    stored: pl.DataFrame,
    here: pl.Series | None,
    staged: pl.DataFrame,
    at: pl.Series,
    names: Iterable[str],
) -> pl.Series:
    """Of each pair of rows, whether they have the same values in the columns `names`.

    A pair is one row of `stored`, at the place `here` (None: they are in order), and the row of
    `staged` at the place `at`. Texts are compared last, and only of pairs that are still the same.
    """
    count = len(at)
    left = _places(count)
    for name in sorted(names, key=lambda name: _is_dear(stored.schema[name])):
        value = stored.get_column(name)
        value = value if here is None else value.gather(here)
        # out of many chunks it takes four times as long to pick values in any order
        is_same = value.eq_missing(staged.get_column(name).rechunk().gather(at))
        if not is_same.all():
            left, at = left.filter(is_same), at.filter(is_same)
            here = left if here is None else here.filter(is_same)
        if not len(left):
            break
    return marked(count, left)


def _is_dear(dtype: pl.DataType) -> bool:
    return dtype.is_nested() or isinstance(dtype, (pl.String, pl.Binary))


def marked(height: int, places: pl.Series) -> pl.Series:
    """As many marks as `height`, true at `places`."""
    marks = pl.Series([False]).new_from_index(0, height)
    return marks.scatter(places, values=True) if len(places) else marks


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
    first = match.reached.height
    goes = _places(gone.height) + first
    return RowMatch(
        pl.concat([match.reached.select(gone.columns), gone]),
        row,
        pl.concat([match.matched, goes]),
        pl.concat([match.is_removed, pl.Series([True]).new_from_index(0, gone.height)]),
        marked(staged.height, places),
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
    places = _places(matched.height)
    if not matched.height:
        every = pl.Series([True]).new_from_index(0, staged.height)
        return RowMatch(matched, row, places, every.clear(), every)
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
        places,
        matched.get_column(row).is_in(gone.get_column(row).implode()),
        staged_rows.get_column(place).is_in(new.get_column(place).implode()),
    )

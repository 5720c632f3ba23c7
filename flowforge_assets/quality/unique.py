"""Keys that occur more than once.

Strings and keys of several columns are several times cheaper to count by their hashes. Two rows
with different hashes have different keys, so as many hashes as rows prove that no key occurs
twice, and 64-bit hashes of millions of rows hardly ever miss the proof. Only where it fails are
the keys compared. Integers and times are counted as they are: polars is quick with them, and
quicker where they come sorted. What stands for a key in the count is called its token here.

A key that holds a null repeats nothing, as in SQL. Of the rows of a key the first is good and the
rest are surplus; where the table has the key already, all are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from flowforge_assets.core.rule import Unique


@dataclass(frozen=True, slots=True)
class Keys:
    """What must be unique: `columns`, together with what tells partitions apart.

    `others` are the rows of the table that stay beside these, or None to look at these alone.
    """

    columns: tuple[str, ...]
    partition_by: tuple[pl.Expr, ...] = ()
    others: pl.LazyFrame | None = None

    @classmethod
    def of(
        cls, rule: Unique, *, partition_by: Sequence[pl.Expr] = (), others: pl.LazyFrame | None
    ) -> Keys:
        """The keys of `rule`: one scope minds the partitions, the other the rows beside."""
        if rule.scope == "table":
            return cls(rule.columns, others=others)
        apart = tuple(
            expr
            for expr in partition_by
            if not (expr.meta.is_column() and expr.meta.output_name() in rule.columns)
        )
        return cls(rule.columns, partition_by=apart)

    @property
    def single(self) -> str | None:
        """The column that is the whole key, if it is one column."""
        return self.columns[0] if len(self.columns) == 1 and not self.partition_by else None

    def suspects(self, rows: pl.DataFrame) -> pl.Expr:
        """How many key tokens of `rows` are repetitions; 0 proves that no key is."""
        token = self._token(rows.schema)
        if any(rows.get_column(name).null_count() for name in self.columns):
            return (~self._has_null).sum() - token.filter(~self._has_null).n_unique()
        return pl.len() - token.n_unique()

    def tokens(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """One column: the key tokens of `rows` and of the rows beside, without those of nulls."""
        token = self._token(rows.collect_schema()).filter(~self._has_null)
        if self.others is None:
            return rows.select(token)
        return pl.concat([rows.select(token), self._beside(self.others, rows).select(token)])

    def surplus_rows(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """One value: how many of `rows` are surplus, by comparing the keys themselves."""
        parts = self._parts
        keyed = rows.filter(~self._has_null).select(parts)
        first = keyed.unique()
        if self.others is not None:
            names = [part.meta.output_name() for part in parts]
            first = first.join(self._beside(self.others, rows).select(parts), on=names, how="anti")
        total, good = (frame.select(pl.len().cast(pl.Int64)) for frame in (keyed, first))
        return pl.concat([total, good.select(-pl.first())]).sum()

    def with_surplus(self, rows: pl.LazyFrame, mark: str) -> pl.LazyFrame:
        """`rows` in their order, with the column `mark`: whether a row is surplus."""
        repeats = ~self._whole.is_first_distinct() & ~self._has_null
        marked = rows.with_columns(repeats.alias(mark))
        if self.others is None:
            return marked
        known = f"{mark} known"
        beside = (
            self._beside(self.others, rows).unique().with_columns(pl.lit(value=True).alias(known))
        )
        joined = marked.join(beside, on=self.columns, how="left", maintain_order="left")
        return joined.with_columns(pl.col(mark) | pl.col(known).fill_null(value=False)).drop(known)

    @property
    def _parts(self) -> list[pl.Expr]:
        """The key's values as columns `0`, `1`, ..., so that no two names are the same."""
        values = [*map(pl.col, self.columns), *self.partition_by]
        return [value.alias(str(place)) for place, value in enumerate(values)]

    @property
    def _whole(self) -> pl.Expr:
        parts = self._parts
        return parts[0] if len(parts) == 1 else pl.struct(parts)

    @property
    def _has_null(self) -> pl.Expr:
        return pl.any_horizontal(pl.col(name).is_null() for name in self.columns)

    def _token(self, schema: pl.Schema) -> pl.Expr:
        """A value of 8 bytes at most: the key itself where it is one integer or time."""
        dtype = None if self.single is None else schema[self.single]
        if dtype is not None and (dtype.is_integer() or dtype.is_temporal()):
            return self._whole
        return self._whole.hash()

    def _beside(self, others: pl.LazyFrame, rows: pl.LazyFrame) -> pl.LazyFrame:
        """The keys of `others` in the types of `rows`: the table may have older ones."""
        schema = rows.collect_schema()
        return others.select(pl.col(name).cast(schema[name], strict=False) for name in self.columns)


def repetitions(values: pl.Series) -> int:
    """How many of `values` occurred before, nulls apart."""
    values = values.drop_nulls() if values.null_count() else values
    return values.len() - values.n_unique()

"""Each rule as a polars expression that is true in the rows that break it.

NULL breaks `NotNull` and nothing else: on a null value the expression is null. NaN is no number,
so it breaks every `Bound`; it is a value, so it passes `NotNull`, and `OneOf` where it is listed.
"""

from __future__ import annotations

from decimal import Decimal
from math import inf
from operator import ge, gt, le, lt
from typing import Final, TypeAlias, assert_never

import polars as pl

from flowforge_assets.core.rule import (
    Bound,
    Holds,
    Length,
    Matches,
    NotNull,
    OneOf,
    Rule,
    Unique,
)

RowRule: TypeAlias = NotNull | Bound | OneOf | Matches | Length | Holds
"""A rule that each row keeps or breaks by itself."""

_BROKEN_WHEN: Final = {">=": lt, ">": le, "<=": gt, "<": ge}


def violation(rule: RowRule, dtype: pl.DataType | None) -> pl.Expr:
    """True where a row breaks `rule`, null where its value is null (except for `NotNull`).

    `dtype` is that of the rule's column; `Holds` has none.
    """
    match rule:
        case NotNull(column):
            return pl.col(column).is_null()
        case Bound(column, op, limit):
            broken: pl.Expr = _BROKEN_WHEN[op](pl.col(column), pl.lit(limit))
            if op in {">=", ">"} and dtype is not None and dtype.is_float():
                # NaN sorts above infinity: an upper bound refuses it by itself
                return broken | (pl.col(column) > inf)
            return broken
        case OneOf(column, values):
            if isinstance(dtype, pl.Decimal):
                # polars takes no whole numbers for decimals
                values = tuple(Decimal(str(value)) for value in values)
            return ~pl.col(column).is_in(pl.lit(pl.Series(values, dtype=dtype).implode()))
        case Matches(column, pattern):
            return ~pl.col(column).str.contains(f"^(?:{pattern})$")
        case Length():
            return _length_violation(rule, dtype)
        case Holds(_, sql):
            return ~pl.sql_expr(sql)
        case _:
            assert_never(rule)


def columns_of(rule: Rule) -> tuple[str, ...]:
    """The columns that `rule` looks at."""
    match rule:
        case Unique(columns):
            return columns
        case Holds(_, sql):
            return tuple(pl.sql_expr(sql).meta.root_names())
        case _:
            return (rule.column,)


def dtype_of(rule: RowRule, schema: pl.Schema) -> pl.DataType | None:
    """The type of the column that `rule` looks at; None for SQL, which may look at many."""
    return None if isinstance(rule, Holds) else schema[rule.column]


def _length_violation(rule: Length, dtype: pl.DataType | None) -> pl.Expr:
    column = pl.col(rule.column)
    match dtype:
        case pl.List():
            length = column.list.len()
        case pl.Binary():
            length = column.bin.size()
        case _:
            length = column.str.len_chars()
    if rule.most is None:
        return length < rule.least
    return ~length.is_between(rule.least, rule.most)

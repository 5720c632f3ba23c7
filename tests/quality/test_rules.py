from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from math import inf, nan

import polars as pl
import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.rule import (
    Bound,
    Holds,
    Length,
    Matches,
    NotNull,
    OneOf,
    References,
    Scalar,
    Unique,
)
from flowforge_assets.quality.rules import RowRule, columns_of, dtype_of, violation


def broken(rule: RowRule, values: list[object], dtype: pl.DataType) -> list[bool | None]:
    frame = pl.DataFrame({"x": pl.Series(values, dtype=dtype)})
    return frame.select(violation(rule, dtype_of(rule, frame.schema))).to_series().to_list()


def test_only_a_null_breaks_not_null() -> None:
    assert broken(NotNull("x"), [1.0, nan, None], pl.Float64()) == [False, False, True]


@pytest.mark.parametrize(
    ("op", "expected"),
    [
        (">=", [True, False, False, None]),
        (">", [True, True, False, None]),
        ("<=", [False, False, True, None]),
        ("<", [False, True, True, None]),
    ],
)
def test_a_bound_breaks_beyond_its_limit_and_passes_null(
    op: str, expected: list[bool | None]
) -> None:
    rule = Bound("x", op, 2)  # type: ignore[arg-type]  # one of the four, from the list above

    assert broken(rule, [1, 2, 3, None], pl.Int64()) == expected


@pytest.mark.parametrize("op", [">=", ">", "<=", "<"])
@pytest.mark.parametrize("limit", [0.0, inf, -inf])
@pytest.mark.parametrize("dtype", [pl.Float32(), pl.Float64()])
def test_nan_breaks_every_bound(op: str, limit: float, dtype: pl.DataType) -> None:
    rule = Bound("x", op, limit)  # type: ignore[arg-type]  # one of the four, from the list above

    assert broken(rule, [nan], dtype) == [True]


def test_infinity_keeps_a_lower_bound() -> None:
    assert broken(Bound("x", ">=", 0), [inf, -inf], pl.Float64()) == [False, True]


@pytest.mark.parametrize(
    ("dtype", "limit", "below"),
    [
        (pl.Date(), date(2026, 1, 2), date(2026, 1, 1)),
        (pl.Datetime("us"), datetime(2026, 1, 2), datetime(2026, 1, 1)),  # noqa: DTZ001 - naive
        (
            pl.Datetime("us", "UTC"),
            datetime(2026, 1, 2, tzinfo=UTC),
            datetime(2026, 1, 1, tzinfo=UTC),
        ),
        (pl.Decimal(38, 2), Decimal("0.10"), Decimal("0.09")),
        (pl.Int8(), 100, 99),
        (pl.String(), "b", "a"),
    ],
)
def test_a_bound_compares_every_ordered_type_exactly(
    dtype: pl.DataType, limit: Scalar, below: object
) -> None:
    assert broken(Bound("x", ">=", limit), [below, limit], dtype) == [True, False]


def test_a_whole_number_may_bound_a_decimal() -> None:
    values: list[object] = [Decimal("0.99"), Decimal("1.00")]

    assert broken(Bound("x", ">=", 1), values, pl.Decimal(38, 2)) == [True, False]
    assert broken(OneOf("x", (1,)), values, pl.Decimal(38, 2)) == [True, False]


def test_an_instant_is_compared_across_time_zones() -> None:
    limit = datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    midnight = datetime(2026, 1, 1, tzinfo=UTC)

    values: list[object] = [midnight, midnight - timedelta(microseconds=1)]
    assert broken(Bound("x", ">=", limit), values, pl.Datetime("us", "UTC")) == [False, True]


@pytest.mark.parametrize(
    ("dtype", "inside", "outside"),
    [
        (pl.String(), "EWR", "ewr"),
        (pl.Int16(), 3, 4),
        (pl.Float64(), 3.0, nan),
        (pl.Boolean(), True, False),
        (pl.Date(), date(2026, 1, 1), date(2026, 1, 2)),
        (pl.Decimal(38, 2), Decimal("1.50"), Decimal("1.51")),
        (
            pl.Datetime("us", "UTC"),
            datetime(2026, 1, 1, tzinfo=UTC),
            datetime(2026, 1, 2, tzinfo=UTC),
        ),
    ],
)
def test_only_listed_values_keep_one_of(
    dtype: pl.DataType, inside: Scalar, outside: object
) -> None:
    assert broken(OneOf("x", (inside,)), [inside, outside, None], dtype) == [False, True, None]


def test_whole_numbers_may_be_listed_for_a_float_column() -> None:
    assert broken(OneOf("x", (1, 2.5)), [1.0, 2.5, 2.0], pl.Float64()) == [False, False, True]


def test_an_empty_list_is_broken_by_every_value() -> None:
    assert broken(OneOf("x", ()), ["a", None], pl.String()) == [True, None]


@pytest.mark.parametrize(
    ("pattern", "whole", "part"),
    [("a|bc", "bc", "abc"), ("N[0-9]+", "N14", "N14x"), ("a", "a", "a\n"), ("(?i)a", "A", "b\nA")],
)
def test_a_pattern_must_match_the_whole_string(pattern: str, whole: str, part: str) -> None:
    assert broken(Matches("x", pattern), [whole, part, None], pl.String()) == [False, True, None]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Length("x", 2, 3), [True, False, False, True, None]),
        (Length("x", 2), [True, False, False, False, None]),
        (Length("x", most=3), [False, False, False, True, None]),
    ],
)
def test_length_counts_characters_and_includes_its_ends(
    rule: Length, expected: list[bool | None]
) -> None:
    assert broken(rule, ["ü", "üü", "üüü", "üüüü", None], pl.String()) == expected


def test_length_counts_bytes_and_items() -> None:
    rule = Length("x", 2, 2)

    assert broken(rule, [b"\x00\x01", b"", None], pl.Binary()) == [False, True, None]
    assert broken(rule, [[1, None], [1], None], pl.List(pl.Int64())) == [False, True, None]


def test_a_condition_in_sql_breaks_only_where_it_is_false() -> None:
    rule = Holds("small", "x < 3 AND x <> 1")

    assert broken(rule, [0, 1, 3, None], pl.Int64()) == [False, True, True, None]


@pytest.mark.parametrize(
    "rule",
    [
        NotNull("x"),
        Bound("x", ">=", "a"),
        OneOf("x", ("a",)),
        Matches("x", "a"),
        Length("x", 1),
        Holds("rule", "x > 'a'"),
    ],
)
def test_no_rule_is_broken_in_an_empty_frame(rule: RowRule) -> None:
    assert broken(rule, [], pl.String()) == []


def test_every_rule_knows_its_columns() -> None:
    assert columns_of(NotNull("a")) == ("a",)
    assert columns_of(Unique(("a", "b"))) == ("a", "b")
    assert columns_of(References("a", DatasetKey("silver.t"), "k")) == ("a",)
    assert sorted(columns_of(Holds("rule", 'a < "Order ID"'))) == ["Order ID", "a"]

"""PostgreSQL: Redshift's elder. Text is compared by its bytes whatever the database's collation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from flowforge_assets.sql.portable.forms import correlation
from flowforge_assets.sql.portable.target import NEAR, WINDOWS, Form, Formed, Writing
from flowforge_assets.sql.portable.targets.redshift import OPERATIONS, REDSHIFT
from flowforge_assets.sql.portable.tree import Aggregate
from flowforge_assets.sql.portable.types import Kind

_UNITS: Final = ("year", "month", "day", "hour", "minute", "second")


def _shift(unit: str) -> Form:
    def write(_: Writing, call: Formed) -> str:
        if call.type.kind is Kind.DATE:
            return "{0} + {1}"
        return f"{{0}} + {{1}} * INTERVAL '1 {unit}'"

    return write


def _join_texts(_: Writing, call: Formed) -> str | None:
    """Of distinct texts it would have to order by what it joins, and that is collated."""
    is_distinct = isinstance(call, Aggregate) and call.distinct
    return None if is_distinct else "STRING_AGG({0}, {1} ORDER BY {order})"


_OPERATIONS: Final[Mapping[str, Form]] = {
    **OPERATIONS,
    **{f"plus_{unit}s": _shift(unit) for unit in _UNITS},
    "mark": '(CAST({0} AS TEXT) COLLATE "C")',  # a VARCHAR would be cast below its collation
    "unmark": "{0}",
    "growing": "CAST({0} AS TEXT)",
    "elapsed_seconds": "CAST(EXTRACT(EPOCH FROM {1} - {0}) AS DOUBLE PRECISION)",
    "epoch": "CAST(EXTRACT(EPOCH FROM {0}) AS DOUBLE PRECISION)",
    "last_day": "CAST(DATE_TRUNC('month', {0}) + INTERVAL '1 month' - INTERVAL '1 day' AS DATE)",
    "make_date": "MAKE_DATE(CAST({0} AS INTEGER), CAST({1} AS INTEGER), CAST({2} AS INTEGER))",
    "today": "CAST(NOW() AT TIME ZONE 'UTC' AS DATE)",
    "sha256": "ENCODE(SHA256(CONVERT_TO({0}, 'UTF8')), 'hex')",
    "matches": "{0} ~ {t0}",
    "replace_match": "REGEXP_REPLACE({0}, {t0}, {t1})",
    "replace_matches": "REGEXP_REPLACE({0}, {t0}, {t1}, 'g')",
    "find_match": "SUBSTRING({0} FROM {t0})",
}

POSTGRES: Final = replace(
    REDSHIFT,
    name="postgres",
    longest_name=63,
    operations=_OPERATIONS,
    aggregates={
        **REDSHIFT.aggregates,
        "correlation": correlation("DOUBLE PRECISION"),
        "covariance": "COVAR_SAMP({0}, {1})",
        "covariance_population": "COVAR_POP({0}, {1})",
        "join_texts": _join_texts,
    },
    windows=WINDOWS,
    frames=frozenset({"ROWS", "RANGE", "DISTANCE"}),
    why={},
    near=NEAR,
    marks="plain",
    kept_duplicates=frozenset({"UNION", "INTERSECT", "EXCEPT"}),
    no_correlated=frozenset(),
    settings=(),
)

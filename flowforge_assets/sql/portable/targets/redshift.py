"""Redshift. Blanks at the end of a VARCHAR do not count when texts are compared, so all are marked.

What PostgreSQL can run too is preferred, so that it can be tried there. Read for it: the Amazon
Redshift Database Developer Guide (data types, numeric computation, date and string functions,
window functions, correlated subqueries), 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from flowforge_assets.sql.portable.forms import HALF_AWAY, HALF_EVEN, decimal_from_double
from flowforge_assets.sql.portable.narrow import narrow_product, narrow_sum
from flowforge_assets.sql.portable.target import (
    AGGREGATES,
    COMMON,
    NEAR,
    OTHER,
    SUM,
    WINDOWS,
    Form,
    Formed,
    Infix,
    Target,
    Text,
    Writing,
    like,
    operands,
    time_text,
)
from flowforge_assets.sql.portable.tree import Literal
from flowforge_assets.sql.portable.types import Kind, SqlType

_DATE_UNITS: Final = ("year", "quarter", "month", "day")
_TIME_UNITS: Final = {"hour": 3600, "minute": 60}
_UNITS: Final = (*_DATE_UNITS, "week", "hour", "minute", "second")


def text_literal(text: str) -> str | None:
    """Backslashes are written by their number: settings decide what they mean between quotes."""
    if any(ord(character) < 32 and character not in "\n\t" for character in text):  # noqa: PLR2004
        return None
    parts = ("'" + part.replace("'", "''") + "'" for part in text.split("\\"))
    written = " || CHR(92) || ".join(parts)
    return f"({written})" if "\\" in text else written


def type_name(type_: SqlType) -> str | None:
    """Of PostgreSQL too."""
    match type_.kind:
        case Kind.INTEGER:
            return {8: "SMALLINT", 128: "DECIMAL(38, 0)"}.get(type_.bits, str(type_))
        case Kind.DECIMAL:
            return f"DECIMAL({type_.digits}, {type_.scale})"
        case Kind.DOUBLE:
            return "DOUBLE PRECISION"
        case Kind.TEXT:
            return "VARCHAR(65535)"
        case Kind.BOOL | Kind.DATE | Kind.TIMESTAMP:
            return str(type_)
        case Kind.INTERVAL | Kind.NULL | Kind.OTHER:
            return None


def literal(constant: Literal) -> str | None:
    """Constants that are no text."""
    value = constant.value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return f"CAST('{value!r}' AS DOUBLE PRECISION)"
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    return f"{value:f}" if constant.type.kind is Kind.DECIMAL else str(value)


def _part(unit: str) -> str:
    return f"CAST(EXTRACT({unit} FROM {{0}}) AS BIGINT)"


def _months(name: str, factor: int) -> str:
    """Boundaries of a unit between two dates, from the years and the units in them."""
    years = "(EXTRACT(YEAR FROM {1}) - EXTRACT(YEAR FROM {0}))"
    rest = f"EXTRACT({name} FROM {{1}}) - EXTRACT({name} FROM {{0}})"
    return f"CAST({years} * {factor} + {rest} AS BIGINT)"


def _boundaries(unit: str, seconds: int) -> str:
    later, earlier = (f"EXTRACT(EPOCH FROM DATE_TRUNC('{unit}', {{{i}}}))" for i in (1, 0))
    return f"CAST(({later} - {earlier}) / {seconds} AS BIGINT)"


def _shift(unit: str) -> Form:
    """A number of units that is known is an interval; another needs DATEADD."""

    def write(writing: Writing, call: Formed) -> Text | str:
        moment, amount = operands(call)
        if call.type.kind is Kind.DATE:
            return "{0} + {1}"
        if isinstance(amount, Literal) and isinstance(amount.value, int):
            sign = "-" if amount.value < 0 else "+"
            interval = f"INTERVAL '{abs(amount.value)} {unit}'"
            return Text(f"{writing.held(moment, SUM)} {sign} {interval}", SUM)
        return f"DATEADD({unit}, {{1}}, {{0}})"

    return write


OPERATIONS: Final[Mapping[str, Form]] = {
    **COMMON,
    "add": narrow_sum("+"),
    "subtract": narrow_sum("-"),
    "multiply": narrow_product,
    "mark": "({0} || CHR(1))",
    "unmark": "LEFT({0}, LENGTH({0}) - 1)",
    "distinct": "NOT CASE WHEN {0} = {1} THEN TRUE ELSE {0} IS NULL AND {1} IS NULL END",
    "not_distinct": "CASE WHEN {0} = {1} THEN TRUE ELSE {0} IS NULL AND {1} IS NULL END",
    **{f"start_of_{u}": f"DATE_TRUNC('{u}', {{0}})" for u in _UNITS},
    **{f"part_{u}": _part(u.upper()) for u in (*_DATE_UNITS, "hour", "minute")},
    "part_second": "CAST(FLOOR(EXTRACT(SECOND FROM {0})) AS BIGINT)",
    "part_iso_week": _part("WEEK"),
    "part_weekday": _part("DOW"),
    "part_iso_weekday": "CAST(MOD(CAST(EXTRACT(DOW FROM {0}) AS INTEGER) + 6, 7) + 1 AS BIGINT)",
    "part_day_of_year": _part("DOY"),
    "part_iso_year": "CAST(TO_CHAR({0}, 'IYYY') AS BIGINT)",
    **{f"plus_{u}s": _shift(u) for u in _UNITS},
    "years_between": "CAST(EXTRACT(YEAR FROM {1}) - EXTRACT(YEAR FROM {0}) AS BIGINT)",
    "quarters_between": _months("QUARTER", 4),
    "months_between": _months("MONTH", 12),
    "days_between": "CAST({1} - {0} AS BIGINT)",
    **{f"{u}s_between": _boundaries(u, seconds) for u, seconds in _TIME_UNITS.items()},
    "seconds_between": _boundaries("second", 1),
    "elapsed_seconds": "CAST(DATEDIFF(microsecond, {0}, {1}) AS DOUBLE PRECISION) / 1000000",
    "epoch": "CAST(DATEDIFF(microsecond, TIMESTAMP '1970-01-01 00:00:00', {0})"
    " AS DOUBLE PRECISION) / 1000000",
    "last_day": "LAST_DAY({0})",
    "make_date": "CAST(LPAD(CAST({0} AS VARCHAR), 4, '0') || '-'"
    " || LPAD(CAST({1} AS VARCHAR), 2, '0') || '-' || LPAD(CAST({2} AS VARCHAR), 2, '0') AS DATE)",
    "parse_time": time_text(
        "CAST(TO_TIMESTAMP({value}, {format}) AS TIMESTAMP)",
        {"YYYY": "YYYY", "MM": "MM", "DD": "DD", "HH24": "HH24", "MI": "MI", "SS": "SS"},
    ),
    "today": "CAST(GETDATE() AS DATE)",
    "utc_to_zone": "{0} AT TIME ZONE 'UTC' AT TIME ZONE {t0}",
    "time_text": time_text(
        "TO_CHAR({value}, {format})",
        {
            "YYYY": "YYYY",
            "MM": "MM",
            "DD": "DD",
            "HH24": "HH24",
            "MI": "MI",
            "SS": "SS",
            "Mon": "Mon",
            "Month": "FMMonth",
            "Dy": "Dy",
            "Day": "FMDay",
            "YY": "YY",
            "DDD": "DDD",
        },
    ),
    "divide_any": "CASE WHEN {1} = 0 THEN"
    " CASE WHEN {0} > 0 THEN CAST('Infinity' AS DOUBLE PRECISION)"
    " WHEN {0} < 0 THEN CAST('-Infinity' AS DOUBLE PRECISION)"
    " WHEN {0} = 0 THEN CAST('NaN' AS DOUBLE PRECISION) END ELSE {0} / NULLIF({1}, 0) END",
    "whole_divide": "CAST(({0} - MOD({0}, {1})) / {1} AS {type})",
    "remainder": "MOD({0}, {1})",
    "bit_and": Infix("&", OTHER),
    "bit_or": Infix("|", OTHER),
    "bit_xor": Infix("#", OTHER),
    "sign": "CAST(SIGN({0}) AS SMALLINT)",
    **{f"floor_{kind}": "FLOOR({0})" for kind in ("double", "decimal")},
    **{f"ceil_{kind}": "CEIL({0})" for kind in ("double", "decimal")},
    **{f"trunc_{kind}": "TRUNC({0})" for kind in ("double", "decimal")},
    "round_double": HALF_AWAY,
    "round_decimal": "ROUND({0}, {n0})",
    "round_integer": "CAST(ROUND(CAST({0} AS DECIMAL(38, 0)), {n0}) AS {type})",
    "ln": "LN({0})",
    "log10": "LOG({0})",
    "log2": "LN({0}) / LN(2)",
    "text_length": "CAST(LENGTH({0}) AS BIGINT)",
    "trim_both": "BTRIM({0}, {t0})",
    "trim_left": "LTRIM({0}, {t0})",
    "trim_right": "RTRIM({0}, {t0})",
    "substring": "SUBSTRING({0}, {n0}, {n1})",
    "substring_from": "SUBSTRING({0}, {n0})",
    "left": "LEFT({0}, {n0})",
    "right": "RIGHT({0}, {n0})",
    "translate": "TRANSLATE({0}, {1}, {2})",
    "repeat": "REPEAT({0}, {n0})",
    "pad_left": "LPAD({0}, {n0}, {1})",
    "pad_right": "RPAD({0}, {n0}, {1})",
    "code_point": "ASCII({0})",
    "position": "CAST(STRPOS({0}, {1}) AS BIGINT)",
    "split_part": "SPLIT_PART({0}, {1}, {n0})",
    "growing": "CAST({0} AS VARCHAR(65535))",
    "md5": "MD5({0})",
    "sha256": "SHA2({0}, 256)",
    "like": like("%_\\"),
}

_WHOLE: Final = "DECIMAL(38, 0)"
CASTS: Final[Mapping[tuple[Kind, Kind], Form]] = {
    **{(Kind.INTEGER, to): "CAST({0} AS {type})" for to in (Kind.INTEGER, Kind.DECIMAL)},
    (Kind.INTEGER, Kind.DOUBLE): "CAST({0} AS {type})",
    (Kind.INTEGER, Kind.TEXT): "CAST({0} AS VARCHAR(40))",
    (Kind.DECIMAL, Kind.INTEGER): "CAST(ROUND({0}, 0) AS {type})",
    (Kind.DECIMAL, Kind.DECIMAL): "CAST(ROUND({0}, {scale}) AS {type})",
    (Kind.DECIMAL, Kind.DOUBLE): "CAST({0} AS DOUBLE PRECISION)",
    (Kind.DECIMAL, Kind.TEXT): "CAST({0} AS VARCHAR(40))",
    (Kind.DOUBLE, Kind.INTEGER): f"CAST({HALF_EVEN} AS {{type}})",
    (Kind.DOUBLE, Kind.DECIMAL): decimal_from_double(HALF_AWAY.replace("{0}", "({value})"), _WHOLE),
    **{(Kind.TEXT, to): "CAST({0} AS {type})" for to in (Kind.INTEGER, Kind.DOUBLE, Kind.DATE)},
    (Kind.DATE, Kind.TEXT): "TO_CHAR({0}, 'YYYY-MM-DD')",
    (Kind.DATE, Kind.TIMESTAMP): "CAST({0} AS TIMESTAMP)",
    (Kind.TIMESTAMP, Kind.DATE): "CAST({0} AS DATE)",
}

_AGGREGATE_FORMS: Final[Mapping[str, Form]] = {
    **AGGREGATES,
    "median": "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY {0})",
    "quantile": "PERCENTILE_CONT({1}) WITHIN GROUP (ORDER BY {0})",
    "all_true": "BOOL_AND({0})",
    "any_true": "BOOL_OR({0})",
    "join_texts": "LISTAGG({distinct}{0}, {1}) WITHIN GROUP (ORDER BY {order})",
}

_REGEX: Final = "its regular expressions are of another kind, and replace all matches"

REDSHIFT: Final = Target(
    name="redshift",
    quotes=('"', '"'),
    longest_name=127,
    name_pattern=r"(?s).+",
    types=type_name,
    text=text_literal,
    literal=literal,
    operations=OPERATIONS,
    casts=CASTS,
    aggregates=_AGGREGATE_FORMS,
    windows={
        **WINDOWS,
        "first_value_present": "FIRST_VALUE({0} IGNORE NULLS)",
        "last_value_present": "LAST_VALUE({0} IGNORE NULLS)",
    },
    frames=frozenset({"ROWS"}),
    why=dict.fromkeys(("matches", "replace_match", "replace_matches", "find_match"), _REGEX),
    near={
        **NEAR,
        "matches": "REGEXP_INSTR({0}, {t0}) > 0",
        "replace_match": "REGEXP_REPLACE({0}, {t0}, {t1})",
        "replace_matches": "REGEXP_REPLACE({0}, {t0}, {t1})",
        "find_match": "REGEXP_SUBSTR({0}, {t0})",
    },
    marks="length",
    nulls_sort="largest",
    kept_duplicates=frozenset({"UNION"}),
    no_correlated=frozenset(
        {"skips a query", "in an outer join", "in a key", "window", "limit", "groups"}
    ),
    settings=("SET enable_case_sensitive_identifier TO true",),
)

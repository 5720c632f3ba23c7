"""Snowflake. Numbers are NUMBER, timestamps TIMESTAMP_NTZ; names are quoted, so their case counts.

Read for it: Snowflake's SQL reference (numeric data types, arithmetic operators, DATEADD, DATEDIFF,
LISTAGG, window functions), 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from flowforge_assets.sql.portable.forms import HALF_EVEN, correlation, decimal_from_double
from flowforge_assets.sql.portable.target import (
    AGGREGATES,
    COMMON,
    PRODUCT,
    WINDOWS,
    Form,
    Formed,
    Target,
    Text,
    Writing,
    like,
    operands,
    time_text,
)
from flowforge_assets.sql.portable.tree import Call, Literal
from flowforge_assets.sql.portable.types import Kind, SqlType

_SMALL: Final = ("hour", "minute", "second")
_LARGE: Final = ("year", "quarter", "month", "day")
_LEAST_SCALE: Final = 12  # products keep at least so many digits


def _text(text: str) -> str | None:
    if any(ord(character) < 32 and character not in "\n\t" for character in text):  # noqa: PLR2004
        return None
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _type(type_: SqlType) -> str | None:
    match type_.kind:
        case Kind.INTEGER:
            return "NUMBER(38, 0)"
        case Kind.DECIMAL:
            return f"NUMBER({type_.digits}, {type_.scale})"
        case Kind.TIMESTAMP:
            return "TIMESTAMP_NTZ(6)"
        case Kind.TEXT | Kind.DATE | Kind.DOUBLE | Kind.BOOL:
            return str(type_)
        case Kind.INTERVAL | Kind.NULL | Kind.OTHER:
            return None


def _literal(literal: Literal) -> str | None:
    value = literal.value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return f"CAST('{value!r}' AS DOUBLE)"
    if isinstance(value, datetime):
        return f"CAST('{value.isoformat(sep=' ')}' AS TIMESTAMP_NTZ(6))"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    return f"{value:f}" if literal.type.kind is Kind.DECIMAL else str(value)


def _product(writing: Writing, call: Formed) -> Text | None:
    """A product keeps at most 12 digits after the point, or those of an operand if more."""
    scales = [arg.type.scale for arg in operands(call)]
    if call.type.kind is Kind.DECIMAL and sum(scales) > max(*scales, _LEAST_SCALE):
        return None
    left, right = operands(call)
    return Text(f"{writing.held(left, PRODUCT)} * {writing.held(right, PRODUCT + 1)}", PRODUCT)


_OPERATIONS: Final[Mapping[str, Form]] = {
    **COMMON,
    "multiply": _product,
    **{f"start_of_{unit}": f"DATE_TRUNC('{unit.upper()}', {{0}})" for unit in (*_LARGE, *_SMALL)},
    "start_of_week": "DATEADD(DAY, 1 - DAYOFWEEKISO({0}), DATE_TRUNC('DAY', {0}))",
    **{f"part_{unit}": f"{unit.upper()}({{0}})" for unit in (*_LARGE, *_SMALL)},
    "part_iso_week": "WEEKISO({0})",
    "part_weekday": "MOD(DAYOFWEEKISO({0}), 7)",
    "part_iso_weekday": "DAYOFWEEKISO({0})",
    "part_day_of_year": "DAYOFYEAR({0})",
    "part_iso_year": "YEAROFWEEKISO({0})",
    **{f"plus_{unit}s": f"DATEADD({unit.upper()}, {{1}}, {{0}})" for unit in (*_LARGE, *_SMALL)},
    **{
        f"{unit}s_between": f"DATEDIFF({unit.upper()}, {{0}}, {{1}})" for unit in (*_LARGE, *_SMALL)
    },
    "elapsed_seconds": "CAST(DATEDIFF(MICROSECOND, {0}, {1}) AS DOUBLE) / 1000000",
    "epoch": "CAST(DATEDIFF(MICROSECOND, CAST('1970-01-01 00:00:00' AS TIMESTAMP_NTZ(6)), {0})"
    " AS DOUBLE) / 1000000",
    "last_day": "LAST_DAY({0})",
    "make_date": "DATE_FROM_PARTS({0}, {1}, {2})",
    "parse_time": time_text(
        "TO_TIMESTAMP_NTZ({value}, {format})",
        {"YYYY": "YYYY", "MM": "MM", "DD": "DD", "HH24": "HH24", "MI": "MI", "SS": "SS"},
    ),
    "today": "CAST(SYSDATE() AS DATE)",
    "utc_to_zone": "CONVERT_TIMEZONE('UTC', {t0}, {0})",
    "time_text": time_text(
        "TO_CHAR(CAST({value} AS TIMESTAMP_NTZ(6)), {format})",
        {
            "YYYY": "YYYY",
            "MM": "MM",
            "DD": "DD",
            "HH24": "HH24",
            "MI": "MI",
            "SS": "SS",
            "Mon": "MON",
            "Month": "MMMM",
            "Dy": "DY",
            "YY": "YY",
        },
    ),
    "divide_any": "CASE WHEN {1} = 0 THEN CASE WHEN {0} > 0 THEN CAST('inf' AS DOUBLE)"
    " WHEN {0} < 0 THEN CAST('-inf' AS DOUBLE) WHEN {0} = 0 THEN CAST('NaN' AS DOUBLE) END"
    " ELSE {0} / NULLIF({1}, 0) END",
    "whole_divide": "CAST(({0} - MOD({0}, {1})) / {1} AS NUMBER(38, 0))",
    "remainder": "MOD({0}, {1})",
    "bit_and": "BITAND({0}, {1})",
    "bit_or": "BITOR({0}, {1})",
    "bit_xor": "BITXOR({0}, {1})",
    "sign": "SIGN({0})",
    **{f"floor_{kind}": "FLOOR({0})" for kind in ("double", "decimal")},
    **{f"ceil_{kind}": "CEIL({0})" for kind in ("double", "decimal")},
    **{f"trunc_{kind}": "TRUNC({0}, 0)" for kind in ("double", "decimal")},
    "round_double": "ROUND({0})",
    "round_decimal": "ROUND({0}, {n0})",
    "round_integer": "ROUND({0}, {n0})",
    "ln": "LN({0})",
    "log10": "LOG(10, {0})",
    "log2": "LOG(2, {0})",
    "text_length": "LENGTH({0})",
    "trim_both": "TRIM({0}, {t0})",
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
    "code_point": "UNICODE({0})",
    "position": "POSITION({1}, {0})",
    "split_part": "SPLIT_PART({0}, {1}, {n0})",
    "growing": "CAST({0} AS VARCHAR)",
    "md5": "MD5({0})",
    "sha256": "SHA2({0}, 256)",
    "like": like(),
    "matches": "REGEXP_INSTR({0}, {t0}) > 0",
    # the first place where the text of the first match stands is where the first match is
    "replace_match": "CASE WHEN REGEXP_SUBSTR({0}, {t0}) IS NOT NULL THEN"
    " LEFT({0}, POSITION(REGEXP_SUBSTR({0}, {t0}), {0}) - 1) || {t1}"
    " || SUBSTRING({0}, POSITION(REGEXP_SUBSTR({0}, {t0}), {0})"
    " + LENGTH(REGEXP_SUBSTR({0}, {t0}))) ELSE {0} END",
    "replace_matches": "REGEXP_REPLACE({0}, {t0}, {t1})",
    "find_match": lambda _, call: (
        "REGEXP_SUBSTR({0}, {t0}, 1, 1, 'e', 1)"
        if isinstance(call, Call) and call.constants[1] == "1"
        else "REGEXP_SUBSTR({0}, {t0})"
    ),
}

_WHOLE: Final = "CAST(ROUND({0}, 0) AS NUMBER(38, 0))"
_CASTS: Final[Mapping[tuple[Kind, Kind], Form]] = {
    **{(Kind.INTEGER, to): "CAST({0} AS {type})" for to in (Kind.INTEGER, Kind.DECIMAL)},
    **{(Kind.INTEGER, to): "CAST({0} AS {type})" for to in (Kind.DOUBLE, Kind.TEXT)},
    (Kind.DECIMAL, Kind.INTEGER): _WHOLE,
    (Kind.DECIMAL, Kind.DECIMAL): "CAST({0} AS {type})",
    (Kind.DECIMAL, Kind.DOUBLE): "CAST({0} AS DOUBLE)",
    (Kind.DECIMAL, Kind.TEXT): lambda writing, call: Text(
        f"CAST(CAST({writing.value(operands(call)[0])}"
        f" AS {writing.type(operands(call)[0].type)}) AS VARCHAR)"
    ),
    (Kind.DOUBLE, Kind.INTEGER): f"CAST({HALF_EVEN} AS NUMBER(38, 0))",
    (Kind.DOUBLE, Kind.DECIMAL): decimal_from_double("ROUND({value})", "NUMBER(38, 0)"),
    **{(Kind.TEXT, to): "CAST({0} AS {type})" for to in (Kind.INTEGER, Kind.DOUBLE, Kind.DATE)},
    (Kind.DATE, Kind.TEXT): "TO_CHAR({0}, 'YYYY-MM-DD')",
    (Kind.DATE, Kind.TIMESTAMP): "CAST({0} AS {type})",
    (Kind.TIMESTAMP, Kind.DATE): "CAST({0} AS DATE)",
}

_AGGREGATES: Final[Mapping[str, Form]] = {
    **AGGREGATES,
    "median": "CAST(MEDIAN({0}) AS DOUBLE)",
    "correlation": correlation("DOUBLE"),
    "covariance": "COVAR_SAMP({0}, {1})",
    "covariance_population": "COVAR_POP({0}, {1})",
    "quantile": "PERCENTILE_CONT({1}) WITHIN GROUP (ORDER BY {0})",
    "all_true": "BOOLAND_AGG({0})",
    "any_true": "BOOLOR_AGG({0})",
    "join_texts": "CASE WHEN COUNT({0}) > 0 THEN"
    " LISTAGG({distinct}{0}, {1}) WITHIN GROUP (ORDER BY {order}) END",
}

SNOWFLAKE: Final = Target(
    name="snowflake",
    quotes=('"', '"'),
    longest_name=255,
    name_pattern=r"(?s).+",
    types=_type,
    text=_text,
    literal=_literal,
    operations=_OPERATIONS,
    casts=_CASTS,
    aggregates=_AGGREGATES,
    windows={
        **WINDOWS,
        "first_value_present": "FIRST_VALUE({0}) IGNORE NULLS",
        "last_value_present": "LAST_VALUE({0}) IGNORE NULLS",
    },
    frames=frozenset({"ROWS", "RANGE", "DISTANCE"}),
    nulls_sort="largest",
    kept_duplicates=frozenset({"UNION"}),
    no_correlated=frozenset(
        {"skips a query", "in an outer join", "of several rows", "window", "limit"}
    ),
)

"""Synapse dedicated SQL pools (T-SQL): conditions are no values, text has a collation.

Its default collation ignores case and blanks at the end, so that texts are marked and compared by
their code points. Read for it: Transact-SQL reference pages that apply to Azure Synapse Analytics,
2026-11. No engine that runs it was at hand: what stands here follows those pages alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from flowforge_assets.sql.portable.forms import HALF_EVEN, decimal_from_double
from flowforge_assets.sql.portable.narrow import narrow_product, narrow_sum
from flowforge_assets.sql.portable.target import (
    AGGREGATES,
    COMMON,
    NEAR,
    OTHER,
    PRODUCT,
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
from flowforge_assets.sql.portable.tree import Call, Literal
from flowforge_assets.sql.portable.types import Kind, SqlType

_COLLATE: Final = " COLLATE Latin1_General_100_BIN2_UTF8"
_UNITS: Final = ("year", "quarter", "month", "day", "hour", "minute", "second")
_DAYS: Final = "DATEDIFF(DAY, CAST('0001-01-01' AS DATE), {0})"  # a Monday
_MIDNIGHT: Final = "CAST(CAST({0} AS DATE) AS DATETIME2(6))"


def _text(text: str) -> str | None:
    has_control = any(ord(c) < 32 and c not in "\n\t" for c in text)  # noqa: PLR2004
    if has_control or "\\\n" in text:  # a backslash before a line's end joins the lines
        return None
    return "N'" + text.replace("'", "''") + "'"


def _type(type_: SqlType) -> str | None:
    match type_.kind:
        case Kind.INTEGER:
            return {8: "SMALLINT", 128: "DECIMAL(38, 0)"}.get(type_.bits, str(type_))
        case Kind.DECIMAL:
            return f"DECIMAL({type_.digits}, {type_.scale})"
        case Kind.DOUBLE:
            return "FLOAT"
        case Kind.TEXT:
            return "NVARCHAR(4000)"
        case Kind.BOOL:
            return "BIT"
        case Kind.DATE:
            return "DATE"
        case Kind.TIMESTAMP:
            return "DATETIME2(6)"
        case Kind.INTERVAL | Kind.NULL | Kind.OTHER:
            return None


def _literal(literal: Literal) -> str | None:
    value = literal.value
    if isinstance(value, bool):
        return f"CAST({int(value)} AS BIT)"
    if isinstance(value, float):
        return f"CAST({value!r} AS FLOAT)"
    if isinstance(value, datetime):
        return f"CAST('{value.isoformat()}' AS DATETIME2(6))"
    if isinstance(value, date):
        return f"CAST('{value.isoformat()}' AS DATE)"
    if isinstance(value, int) and not -(2**31) <= value < 2**31:
        return f"CAST({value} AS {_type(literal.type)})"
    return f"{value:f}" if literal.type.kind is Kind.DECIMAL else str(value)


def _trim(_: Writing, call: Formed) -> Text | str | None:
    """Other characters than blanks can be trimmed at both ends only."""
    if not isinstance(call, Call):
        return None
    if call.name == "trim_both":
        return f"TRIM({{t0}} FROM {{0}}{_COLLATE})"
    if call.constants[0] != " ":
        return None
    return f"{'LTRIM' if call.name == 'trim_left' else 'RTRIM'}({{0}})"


def _joined(writing: Writing, call: Formed) -> Text:
    """Adding texts: long ones are cut at 4,000 characters, as all columns here are."""
    first, *rest = operands(call)
    parts = (writing.held(first, SUM), *(writing.held(each, SUM + 1) for each in rest))
    return Text(" + ".join(parts), SUM)


_OPERATIONS: Final[Mapping[str, Form]] = {
    **COMMON,
    "add": narrow_sum("+"),
    "subtract": narrow_sum("-"),
    "multiply": narrow_product,
    "joined": _joined,
    "mark": f"({{0}} + NCHAR(1)){_COLLATE}",
    "unmark": "LEFT({0}, LEN({0}) - 1)",
    "distinct": "CASE WHEN {0} = {1} OR ({0} IS NULL AND {1} IS NULL) THEN 1 ELSE 0 END = 0",
    "not_distinct": "CASE WHEN {0} = {1} OR ({0} IS NULL AND {1} IS NULL) THEN 1 ELSE 0 END = 1",
    "start_of_year": "DATETIME2FROMPARTS(YEAR({0}), 1, 1, 0, 0, 0, 0, 6)",
    "start_of_quarter": "DATETIME2FROMPARTS(YEAR({0}), DATEPART(QUARTER, {0}) * 3 - 2,"
    " 1, 0, 0, 0, 0, 6)",
    "start_of_month": "DATETIME2FROMPARTS(YEAR({0}), MONTH({0}), 1, 0, 0, 0, 0, 6)",
    "start_of_week": f"DATEADD(DAY, -({_DAYS} % 7), {_MIDNIGHT})",
    "start_of_day": _MIDNIGHT,
    "start_of_hour": f"DATEADD(HOUR, DATEPART(HOUR, {{0}}), {_MIDNIGHT})",
    "start_of_minute": f"DATEADD(MINUTE, DATEPART(HOUR, {{0}}) * 60 + DATEPART(MINUTE, {{0}}),"
    f" {_MIDNIGHT})",
    **{f"part_{u}": f"DATEPART({u.upper()}, {{0}})" for u in _UNITS},
    "part_iso_week": "DATEPART(ISO_WEEK, {0})",
    "part_weekday": f"({_DAYS} + 1) % 7",
    "part_iso_weekday": f"{_DAYS} % 7 + 1",
    "part_day_of_year": "DATEPART(DAYOFYEAR, {0})",
    "part_iso_year": f"YEAR(DATEADD(DAY, 3 - {_DAYS} % 7, {{0}}))",
    **{f"plus_{u}s": f"DATEADD({u.upper()}, {{1}}, {{0}})" for u in _UNITS},
    **{f"{u}s_between": f"DATEDIFF({u.upper()}, {{0}}, {{1}})" for u in _UNITS},
    "seconds_between": "DATEDIFF_BIG(SECOND, {0}, {1})",
    "elapsed_seconds": "CAST(DATEDIFF_BIG(MICROSECOND, {0}, {1}) AS FLOAT) / 1000000",
    "epoch": "CAST(DATEDIFF_BIG(MICROSECOND, CAST('1970-01-01' AS DATETIME2(6)), {0}) AS FLOAT)"
    " / 1000000",
    "last_day": "EOMONTH({0})",
    "make_date": "DATEFROMPARTS({0}, {1}, {2})",
    "today": "CAST(SYSUTCDATETIME() AS DATE)",
    "time_text": time_text(
        "FORMAT({value}, {format}, N'en-US')",
        {
            "YYYY": "yyyy",
            "MM": "MM",
            "DD": "dd",
            "HH24": "HH",
            "MI": "mm",
            "SS": "ss",
            "Mon": "MMM",
            "Month": "MMMM",
            "Dy": "ddd",
            "Day": "dddd",
            "YY": "yy",
        },
    ),
    "divide_any": Infix("/", PRODUCT),
    "whole_divide": "CAST(({0} - {0} % {1}) / {1} AS {type})",
    "remainder": Infix("%", PRODUCT),
    "bit_and": Infix("&", OTHER),
    "bit_or": Infix("|", OTHER),
    "bit_xor": Infix("^", OTHER),
    "sign": "CAST(SIGN({0}) AS SMALLINT)",
    **{f"floor_{kind}": "FLOOR({0})" for kind in ("double", "decimal")},
    **{f"ceil_{kind}": "CEILING({0})" for kind in ("double", "decimal")},
    **{f"trunc_{kind}": "ROUND({0}, 0, 1)" for kind in ("double", "decimal")},
    "round_double": "ROUND({0}, 0)",
    "round_decimal": lambda _, call: (
        f"CAST(ROUND(CAST({{0}} AS DECIMAL(38, {operands(call)[0].type.scale})), {{n0}})"
        " AS {type})"
    ),
    "round_integer": "CAST(ROUND(CAST({0} AS DECIMAL(38, 0)), {n0}) AS {type})",
    "ln": "LOG({0})",
    "log10": "LOG10({0})",
    "log2": "LOG({0}, 2)",
    "power": "POWER({0}, {1})",
    "atan2": "ATN2({0}, {1})",
    "cube_root": lambda _, __: None,
    "code_point": "CASE WHEN LEN({0} + NCHAR(1)) = 1 THEN 0 ELSE UNICODE({0}) END",
    "text_length": "CAST(LEN({0} + NCHAR(1)) - 1 AS BIGINT)",
    "trim_both": _trim,
    "trim_left": _trim,
    "trim_right": _trim,
    "substring": "SUBSTRING({0}, {n0}, {n1})",
    "substring_from": "SUBSTRING({0}, {n0}, 4000)",
    "left": "LEFT({0}, {n0})",
    "right": "RIGHT({0}, {n0})",
    "replace": f"REPLACE({{0}}{_COLLATE}, {{1}}, {{2}})",
    "translate": f"TRANSLATE({{0}}{_COLLATE}, {{1}}, {{2}})",
    "position": f"CAST(CHARINDEX({{1}}, {{0}}{_COLLATE}) AS BIGINT)",
    "like": like("%_[]^", _COLLATE),
}

_CASTS: Final[Mapping[tuple[Kind, Kind], Form]] = {
    **{(Kind.INTEGER, to): "CAST({0} AS {type})" for to in (Kind.INTEGER, Kind.DECIMAL)},
    (Kind.INTEGER, Kind.DOUBLE): "CAST({0} AS FLOAT)",
    (Kind.INTEGER, Kind.TEXT): "CAST({0} AS NVARCHAR(40))",
    (Kind.DECIMAL, Kind.INTEGER): "CAST(ROUND({0}, 0) AS {type})",
    (Kind.DECIMAL, Kind.DECIMAL): "CAST({0} AS {type})",
    (Kind.DECIMAL, Kind.DOUBLE): "CAST({0} AS FLOAT)",
    (Kind.DECIMAL, Kind.TEXT): lambda writing, call: Text(
        f"CAST(CAST({writing.value(operands(call)[0])}"
        f" AS {writing.type(operands(call)[0].type)}) AS NVARCHAR(41))"
    ),
    (Kind.DOUBLE, Kind.INTEGER): f"CAST({HALF_EVEN} AS {{type}})",
    (Kind.DOUBLE, Kind.DECIMAL): decimal_from_double("ROUND({value}, 0)", "DECIMAL(37, 0)"),
    (Kind.TEXT, Kind.DATE): "CAST({0} AS DATE)",
    (Kind.DATE, Kind.TEXT): "CONVERT(NVARCHAR(10), {0}, 23)",
    (Kind.DATE, Kind.TIMESTAMP): "CAST({0} AS DATETIME2(6))",
    (Kind.TIMESTAMP, Kind.DATE): "CAST({0} AS DATE)",
}


def _sum(writing: Writing, call: Formed) -> str:
    """A sum of integers is made in decimals: an INT sum overflows where DuckDB's does not."""
    del writing
    if operands(call)[0].type.kind is Kind.INTEGER:
        return "SUM({distinct}CAST({0} AS DECIMAL(38, 0)))"
    return "SUM({distinct}{0})"


_AGGREGATE_FORMS: Final[Mapping[str, Form]] = {
    **AGGREGATES,
    "sum": _sum,
    "count_rows": "COUNT_BIG(*)",
    "count": "COUNT_BIG({distinct}{0})",
    "stddev": "STDEV({distinct}{0})",
    "stddev_population": "STDEVP({distinct}{0})",
    "variance": "VAR({distinct}{0})",
    "variance_population": "VARP({distinct}{0})",
    "all_true": "CAST(MIN(CAST({0} AS INT)) AS BIT)",
    "any_true": "CAST(MAX(CAST({0} AS INT)) AS BIT)",
    "join_texts": lambda _, call: (
        None
        if getattr(call, "distinct", False)
        else "STRING_AGG(CAST({0} AS NVARCHAR(MAX)), {1}) WITHIN GROUP (ORDER BY {order})"
    ),
}

_BYTES: Final = f"CAST({{0}}{_COLLATE} AS VARCHAR(8000))"  # in UTF-8
_NEAR: Final[Mapping[str, Form]] = {
    **NEAR,
    "md5": f"LOWER(CONVERT(VARCHAR(32), HASHBYTES('MD5', {_BYTES}), 2))",
    "sha256": f"LOWER(CONVERT(VARCHAR(64), HASHBYTES('SHA2_256', {_BYTES}), 2))",
    "repeat": "REPLICATE({0}, {n0})",
    "pad_left": "RIGHT(REPLICATE({1}, {n0}) + {0}, {n0})",
    "pad_right": "LEFT({0} + REPLICATE({1}, {n0}), {n0})",
    "parse_time": "CAST({0} AS DATETIME2(6))",
}

SYNAPSE: Final = Target(
    name="synapse",
    quotes=("[", "]"),
    longest_name=128,
    name_pattern=r"(?s).+",
    types=_type,
    text=_text,
    literal=_literal,
    operations=_OPERATIONS,
    casts=_CASTS,
    aggregates=_AGGREGATE_FORMS,
    windows={
        **{name: form for name, form in WINDOWS.items() if name != "nth_value"},
        **{name: _AGGREGATE_FORMS[name] for name in ("sum", "count", "count_rows")},
    },
    why={"median": "`median` is exact over a window only here"},
    near=_NEAR,
    marks="mark",
    conditions_are_values=False,
    nulls_sort="smallest",
    says_nulls=False,
    limit="top",
    recursive=False,
    nested_with=False,
    groupings=frozenset({"plain", "rollup"}),
    kept_duplicates=frozenset({"UNION"}),
)

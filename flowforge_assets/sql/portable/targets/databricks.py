"""Databricks, that is Spark SQL. Timestamps are TIMESTAMP_NTZ; text is compared by its bytes.

Some functions of Spark know only timestamps with a zone, so that the session must keep UTC. Read
for it: the Databricks SQL language manual and Spark's SQL reference (data types, ANSI mode,
functions), 2026-11; tried on Sail, an engine that reads Spark's SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from flowforge_assets.sql.portable.forms import HALF_EVEN, correlation, decimal_from_double
from flowforge_assets.sql.portable.narrow import narrow_product, narrow_sum
from flowforge_assets.sql.portable.target import (
    AGGREGATES,
    COMMON,
    COMPARISON,
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
    like_pattern,
    operands,
    time_text,
)
from flowforge_assets.sql.portable.tree import Call, Literal
from flowforge_assets.sql.portable.types import Kind, SqlType

_ESCAPES: Final = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_DATE_UNITS: Final = ("year", "quarter", "month", "day")
_TIME_UNITS: Final = {"hour": 3_600_000_000, "minute": 60_000_000, "second": 1_000_000}
_UNITS: Final = (*_DATE_UNITS, "week", *_TIME_UNITS)
_DAYS: Final = "MOD(DAYOFWEEK({0}) + 5, 7)"  # since Monday
_PLAIN_SCALE: Final = 6  # decimals of a larger scale may be written with an exponent


def _text(text: str) -> str | None:
    if any(ord(character) < 32 and character not in _ESCAPES for character in text):  # noqa: PLR2004
        return None
    return "'" + "".join(_ESCAPES.get(character, character) for character in text) + "'"


def _type(type_: SqlType) -> str | None:
    match type_.kind:
        case Kind.INTEGER:
            return {32: "INT", 128: "DECIMAL(38, 0)"}.get(type_.bits, str(type_))
        case Kind.DECIMAL:
            return f"DECIMAL({type_.digits}, {type_.scale})"
        case Kind.TEXT:
            return "STRING"
        case Kind.TIMESTAMP:
            return "TIMESTAMP_NTZ"
        case Kind.DOUBLE | Kind.BOOL | Kind.DATE:
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
        return f"TIMESTAMP_NTZ '{value.isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    return f"{value:f}" if literal.type.kind is Kind.DECIMAL else str(value)


def _shift(unit: str) -> Form:
    """A number of units that is known is an interval; another needs TIMESTAMPADD."""

    def write(writing: Writing, call: Formed) -> Text | str:
        moment, amount = operands(call)
        if call.type.kind is Kind.DATE:
            return "DATE_ADD({0}, {1})"
        if isinstance(amount, Literal) and isinstance(amount.value, int):
            sign = "-" if amount.value < 0 else "+"
            interval = f"INTERVAL '{abs(amount.value)}' {unit.upper()}"
            return Text(f"{writing.held(moment, SUM)} {sign} {interval}", SUM)
        return f"TIMESTAMPADD({unit.upper()}, {{1}}, {{0}})"

    return write


def _months(name: str, factor: int) -> str:
    """Boundaries of a unit between two dates, from the years and the units in them."""
    return f"(YEAR({{1}}) - YEAR({{0}})) * {factor} + {name}({{1}}) - {name}({{0}})"


def _boundaries(unit: str, micros: int) -> str:
    later, earlier = (f"UNIX_MICROS(DATE_TRUNC('{unit.upper()}', {{{i}}}))" for i in (1, 0))
    return f"({later} - {earlier}) DIV {micros}"


def _like(writing: Writing, call: Formed) -> Text | None:
    """A backslash escapes unless another character is said to."""
    if not isinstance(call, Call):
        return None
    pattern, escape = like_pattern(call.constants[0])
    if escape is None and "\\" in pattern:
        escape = next(each for each in "!^~|#@$&" if each not in pattern)
    ending = f" ESCAPE {writing.text(escape)}" if escape else ""
    left = writing.held(call.args[0], COMPARISON + 1)
    return Text(f"{left} LIKE {writing.text(pattern)}{ending}", COMPARISON)


def _whole(name: str) -> str:
    """FLOOR and CEIL give a BIGINT, which holds not every double: the largest are whole anyway."""
    return (
        f"CASE WHEN ABS({{0}}) < 9007199254740992 THEN CAST({name}({{0}}) AS DOUBLE) ELSE {{0}} END"
    )


_OPERATIONS: Final[Mapping[str, Form]] = {
    **COMMON,
    "add": narrow_sum("+"),
    "subtract": narrow_sum("-"),
    "multiply": narrow_product,
    **{f"start_of_{u}": f"CAST(DATE_TRUNC('{u.upper()}', {{0}}) AS TIMESTAMP_NTZ)" for u in _UNITS},
    **{f"part_{u}": f"{u.upper()}({{0}})" for u in _UNITS if u != "week"},
    "part_iso_week": "WEEKOFYEAR({0})",
    "part_weekday": "DAYOFWEEK({0}) - 1",
    "part_iso_weekday": f"{_DAYS} + 1",
    "part_day_of_year": "DAYOFYEAR({0})",
    "part_iso_year": f"YEAR(DATE_ADD(CAST({{0}} AS DATE), 3 - {_DAYS}))",
    **{f"plus_{u}s": _shift(u) for u in (*_DATE_UNITS, *_TIME_UNITS) if u != "quarter"},
    "years_between": "YEAR({1}) - YEAR({0})",
    "quarters_between": _months("QUARTER", 4),
    "months_between": _months("MONTH", 12),
    "days_between": "DATEDIFF({1}, {0})",
    **{f"{u}s_between": _boundaries(u, micros) for u, micros in _TIME_UNITS.items()},
    "elapsed_seconds": "(UNIX_MICROS(CAST({1} AS TIMESTAMP)) - UNIX_MICROS(CAST({0} AS TIMESTAMP)))"
    " / 1000000",
    "epoch": "UNIX_MICROS(CAST({0} AS TIMESTAMP)) / 1000000",
    "last_day": "LAST_DAY({0})",
    "make_date": "MAKE_DATE({0}, {1}, {2})",
    "parse_time": time_text(
        "TO_TIMESTAMP_NTZ({value}, {format})",
        {"YYYY": "yyyy", "MM": "MM", "DD": "dd", "HH24": "HH", "MI": "mm", "SS": "ss"},
    ),
    "today": "CURRENT_DATE()",
    "utc_to_zone": "CONVERT_TIMEZONE('UTC', {t0}, {0})",
    "time_text": time_text(
        "DATE_FORMAT({value}, {format})",
        {
            "YYYY": "yyyy",
            "MM": "MM",
            "DD": "dd",
            "HH24": "HH",
            "MI": "mm",
            "SS": "ss",
            "Mon": "MMM",
            "Month": "MMMM",
            "Dy": "E",
            "Day": "EEEE",
            "YY": "yy",
            "DDD": "DDD",
        },
    ),
    "divide_any": "CASE WHEN {1} = 0 THEN"
    " CASE WHEN {0} > 0 THEN CAST('Infinity' AS DOUBLE)"
    " WHEN {0} < 0 THEN CAST('-Infinity' AS DOUBLE)"
    " WHEN {0} = 0 THEN CAST('NaN' AS DOUBLE) END ELSE {0} / NULLIF({1}, 0) END",
    "whole_divide": Infix("DIV", PRODUCT),
    "remainder": Infix("%", PRODUCT),
    "bit_and": Infix("&", OTHER),
    "bit_or": Infix("|", OTHER),
    "bit_xor": Infix("^", OTHER),
    "sign": "CAST(SIGN({0}) AS TINYINT)",
    "floor_double": _whole("FLOOR"),
    "ceil_double": _whole("CEIL"),
    "trunc_double": f"CASE WHEN {{0}} < 0 THEN {_whole('CEIL')} ELSE {_whole('FLOOR')} END",
    "floor_decimal": "FLOOR({0})",
    "ceil_decimal": "CEIL({0})",
    "trunc_decimal": "CASE WHEN {0} < 0 THEN CEIL({0}) ELSE FLOOR({0}) END",
    "round_double": "ROUND({0})",
    "round_decimal": "ROUND({0}, {n0})",
    "round_integer": "ROUND({0}, {n0})",
    "ln": "LN({0})",
    "log10": "LOG10({0})",
    "log2": "LOG2({0})",
    "text_length": "CHAR_LENGTH({0})",
    "code_point": "ASCII({0})",
    "trim_both": "TRIM(BOTH {t0} FROM {0})",
    "trim_left": "TRIM(LEADING {t0} FROM {0})",
    "trim_right": "TRIM(TRAILING {t0} FROM {0})",
    "substring": "SUBSTRING({0}, {n0}, {n1})",
    "substring_from": "SUBSTRING({0}, {n0})",
    "left": "LEFT({0}, {n0})",
    "right": "RIGHT({0}, {n0})",
    "translate": "TRANSLATE({0}, {1}, {2})",
    "repeat": "REPEAT({0}, {n0})",
    "pad_left": "LPAD({0}, {n0}, {1})",
    "pad_right": "RPAD({0}, {n0}, {1})",
    "position": "INSTR({0}, {1})",
    "split_part": "SPLIT_PART({0}, {1}, {n0})",
    "md5": "MD5({0})",
    "sha256": "SHA2({0}, 256)",
    "like": _like,
    "matches": "REGEXP_LIKE({0}, {t0})",
    # the first place where the text of the first match stands is where the first match is
    "replace_match": "CASE WHEN REGEXP_LIKE({0}, {t0}) THEN"
    " CONCAT(LEFT({0}, INSTR({0}, REGEXP_EXTRACT({0}, {t0}, 0)) - 1), {t1},"
    " SUBSTRING({0}, INSTR({0}, REGEXP_EXTRACT({0}, {t0}, 0))"
    " + CHAR_LENGTH(REGEXP_EXTRACT({0}, {t0}, 0)))) ELSE {0} END",
    "replace_matches": "REGEXP_REPLACE({0}, {t0}, {t1})",
    "find_match": "REGEXP_EXTRACT({0}, {t0}, {n1})",
}


def _decimal_text(writing: Writing, call: Formed) -> Text | None:
    (arg,) = operands(call)
    if arg.type.scale > _PLAIN_SCALE:
        return None
    return Text(f"CAST(CAST({writing.value(arg)} AS {writing.type(arg.type)}) AS STRING)")


_CASTS: Final[Mapping[tuple[Kind, Kind], Form]] = {
    **{
        (Kind.INTEGER, to): "CAST({0} AS {type})"
        for to in (Kind.INTEGER, Kind.DECIMAL, Kind.DOUBLE, Kind.TEXT)
    },
    (Kind.DECIMAL, Kind.INTEGER): "CAST(ROUND({0}, 0) AS {type})",
    (Kind.DECIMAL, Kind.DECIMAL): "CAST({0} AS {type})",
    (Kind.DECIMAL, Kind.DOUBLE): "CAST({0} AS DOUBLE)",
    (Kind.DECIMAL, Kind.TEXT): _decimal_text,
    (Kind.DOUBLE, Kind.INTEGER): f"CAST({HALF_EVEN} AS {{type}})",
    (Kind.DOUBLE, Kind.DECIMAL): decimal_from_double("ROUND({value})", "DECIMAL(38, 0)"),
    **{(Kind.TEXT, to): "CAST({0} AS {type})" for to in (Kind.INTEGER, Kind.DOUBLE, Kind.DATE)},
    (Kind.DATE, Kind.TEXT): "CAST({0} AS STRING)",
    (Kind.DATE, Kind.TIMESTAMP): "CAST({0} AS TIMESTAMP_NTZ)",
    (Kind.TIMESTAMP, Kind.DATE): "CAST({0} AS DATE)",
}


def _sum(_: Writing, call: Formed) -> str:
    """A sum of integers is made in decimals, as DuckDB's holds more than 64 bits."""
    if operands(call)[0].type.kind is Kind.INTEGER:
        return "SUM({distinct}CAST({0} AS DECIMAL(38, 0)))"
    return "SUM({distinct}{0})"


_AGGREGATE_FORMS: Final[Mapping[str, Form]] = {
    **AGGREGATES,
    "sum": _sum,
    "median": "MEDIAN({0})",
    "correlation": correlation("DOUBLE"),
    "covariance": "COVAR_SAMP({0}, {1})",
    "covariance_population": "COVAR_POP({0}, {1})",
    "all_true": "BOOL_AND({0})",
    "any_true": "BOOL_OR({0})",
    "join_texts": "LISTAGG({distinct}{0}, {1}) WITHIN GROUP (ORDER BY {order})",
}

DATABRICKS: Final = Target(
    name="databricks",
    quotes=("`", "`"),
    longest_name=255,
    name_pattern=r"(?s).+",
    types=_type,
    text=_text,
    literal=_literal,
    operations=_OPERATIONS,
    casts=_CASTS,
    aggregates=_AGGREGATE_FORMS,
    windows={
        **WINDOWS,
        "sum": _sum,
        "all_true": "BOOL_AND({0})",
        "any_true": "BOOL_OR({0})",
        "first_value_present": "FIRST_VALUE({0}, TRUE)",
        "last_value_present": "LAST_VALUE({0}, TRUE)",
    },
    frames=frozenset({"ROWS", "RANGE", "DISTANCE"}),
    nulls_sort="smallest",
    recursive=False,
    no_correlated=frozenset({"skips a query", "of several rows", "window", "limit"}),
    settings=("SET TIME ZONE 'UTC'", "SET ANSI_MODE = TRUE"),
)

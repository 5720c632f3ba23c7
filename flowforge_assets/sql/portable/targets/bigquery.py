"""BigQuery (GoogleSQL). Decimals are NUMERIC or BIGNUMERIC, timestamps DATETIME.

Read for it: the GoogleSQL reference of functions, operators and data types, 2026-11; tried on
GoogleSQL's reference evaluator.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from flowforge_assets.sql.portable.forms import HALF_EVEN, correlation
from flowforge_assets.sql.portable.target import (
    AGGREGATES,
    COMMON,
    COMPARISON,
    NEAR,
    OTHER,
    PRODUCT,
    WINDOWS,
    Form,
    Formed,
    Infix,
    Target,
    Text,
    Writing,
    operands,
    time_text,
)
from flowforge_assets.sql.portable.tree import Call, Literal
from flowforge_assets.sql.portable.types import Kind, SqlType

_NUMERIC_SCALE: Final = 9
_NUMERIC_WHOLE: Final = 29
_UNITS: Final = ("year", "quarter", "month", "day", "hour", "minute", "second")
_DATE_UNITS: Final = ("year", "quarter", "month", "day")
_TIME_UNITS: Final = ("hour", "minute", "second")
_ESCAPES: Final = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _text(text: str) -> str | None:
    if any(ord(character) < 32 and character not in _ESCAPES for character in text):  # noqa: PLR2004
        return None
    return "'" + "".join(_ESCAPES.get(character, character) for character in text) + "'"


def _type(type_: SqlType) -> str | None:
    match type_.kind:
        case Kind.INTEGER:
            return "INT64"
        case Kind.DECIMAL:
            return "NUMERIC" if _is_numeric(type_) else "BIGNUMERIC"
        case Kind.DOUBLE:
            return "FLOAT64"
        case Kind.TEXT:
            return "STRING"
        case Kind.BOOL:
            return "BOOL"
        case Kind.DATE:
            return "DATE"
        case Kind.TIMESTAMP:
            return "DATETIME"
        case Kind.INTERVAL | Kind.NULL | Kind.OTHER:
            return None


def _is_numeric(type_: SqlType) -> bool:
    return type_.scale <= _NUMERIC_SCALE and type_.digits - type_.scale <= _NUMERIC_WHOLE


def _literal(literal: Literal) -> str | None:
    value = literal.value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, datetime):
        return f"DATETIME '{value.isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if literal.type.kind is Kind.DECIMAL:
        return f"{_type(literal.type)} '{value:f}'"
    is_small = isinstance(value, int) and -(2**63) <= value < 2**63
    return str(value) if is_small else None


def _product(writing: Writing, call: Formed) -> Text:
    """NUMERIC keeps 9 digits after the point: products with more are made as BIGNUMERIC."""
    left, right = operands(call)
    if call.type.kind is Kind.DECIMAL and call.type.scale > _NUMERIC_SCALE:
        wide = (f"CAST({writing.value(each)} AS BIGNUMERIC)" for each in (left, right))
        return Text(" * ".join(wide), PRODUCT)
    return Text(f"{writing.held(left, PRODUCT)} * {writing.held(right, PRODUCT + 1)}", PRODUCT)


def _like(writing: Writing, call: Formed) -> Text | None:
    if not isinstance(call, Call):
        return None
    left = writing.held(call.args[0], COMPARISON + 1)
    return Text(f"{left} LIKE {writing.text(call.constants[0])}", COMPARISON)


_CODES: Final = {
    "YYYY": "%Y",
    "MM": "%m",
    "DD": "%d",
    "HH24": "%H",
    "MI": "%M",
    "SS": "%S",
    "Mon": "%b",
    "Month": "%B",
    "Dy": "%a",
    "Day": "%A",
    "YY": "%y",
    "DDD": "%j",
}


def _time_text(writing: Writing, call: Formed) -> Text | str | None:
    name = "FORMAT_DATE" if operands(call)[0].type.kind is Kind.DATE else "FORMAT_DATETIME"
    form = time_text(f"{name}({{format}}, {{value}})", _CODES)
    return form(writing, call) if callable(form) else None


def _replace_match(writing: Writing, call: Formed) -> Text | str | None:
    """The first match: what is before it, the new text, and what is after it."""
    del writing
    if not isinstance(call, Call) or "(" in call.constants[0]:
        return None
    return (
        "CASE WHEN REGEXP_CONTAINS({0}, {t0}) THEN"
        " CONCAT(SUBSTR({0}, 1, REGEXP_INSTR({0}, {t0}) - 1), {t1},"
        " SUBSTR({0}, REGEXP_INSTR({0}, {t0}, 1, 1, 1))) ELSE {0} END"
    )


def _decimal_text(writing: Writing, call: Formed) -> Text:
    (arg,) = operands(call)
    return Text(f"FORMAT('%.{arg.type.scale}f', {writing.value(arg)})")


def _decimal(writing: Writing, call: Formed) -> Text:
    (arg,) = operands(call)
    cast = f"CAST({writing.value(arg)} AS {writing.type(call.type)})"
    rounded = f"ROUND({writing.value(arg)}, {call.type.scale})"
    return Text(cast if arg.type.kind is Kind.INTEGER else rounded)


def _decimal_from_double(writing: Writing, call: Formed) -> Text:
    value, type_ = writing.held(operands(call)[0], 9), writing.type(call.type)
    power = f"1e{call.type.scale}"
    return Text(
        f"CAST(ROUND({value} * {power}) AS {type_}) / {type_} '{10**call.type.scale}'", PRODUCT
    )


_OPERATIONS: Final[Mapping[str, Form]] = {
    **COMMON,
    "multiply": _product,
    **{f"start_of_{u}": f"DATETIME_TRUNC({{0}}, {u.upper()})" for u in _UNITS},
    "start_of_week": "DATETIME_TRUNC({0}, ISOWEEK)",
    **{f"part_{u}": f"EXTRACT({u.upper()} FROM {{0}})" for u in _UNITS},
    "part_iso_week": "EXTRACT(ISOWEEK FROM {0})",
    "part_weekday": "EXTRACT(DAYOFWEEK FROM {0}) - 1",
    "part_iso_weekday": "MOD(EXTRACT(DAYOFWEEK FROM {0}) + 5, 7) + 1",
    "part_day_of_year": "EXTRACT(DAYOFYEAR FROM {0})",
    "part_iso_year": "EXTRACT(ISOYEAR FROM {0})",
    **{f"plus_{u}s": f"DATETIME_ADD({{0}}, INTERVAL {{1}} {u.upper()})" for u in _UNITS},
    "plus_days": lambda _, call: (
        ("DATE" if call.type.kind is Kind.DATE else "DATETIME") + "_ADD({0}, INTERVAL {1} DAY)"
    ),
    **{f"{u}s_between": f"DATE_DIFF({{1}}, {{0}}, {u.upper()})" for u in _DATE_UNITS},
    **{f"{u}s_between": f"DATETIME_DIFF({{1}}, {{0}}, {u.upper()})" for u in _TIME_UNITS},
    "elapsed_seconds": "DATETIME_DIFF({1}, {0}, MICROSECOND) / 1000000",
    "epoch": "DATETIME_DIFF({0}, DATETIME '1970-01-01 00:00:00', MICROSECOND) / 1000000",
    "last_day": "LAST_DAY({0})",
    "make_date": "DATE({0}, {1}, {2})",
    "parse_time": time_text(
        "PARSE_DATETIME({format}, {value})",
        {"YYYY": "%Y", "MM": "%m", "DD": "%d", "HH24": "%H", "MI": "%M", "SS": "%S"},
    ),
    "today": "CURRENT_DATE('UTC')",
    "utc_to_zone": "DATETIME(TIMESTAMP({0}, 'UTC'), {t0})",
    "time_text": _time_text,
    "divide_any": "IEEE_DIVIDE({0}, {1})",
    "whole_divide": "DIV({0}, {1})",
    "remainder": "MOD({0}, {1})",
    "bit_and": Infix("&", OTHER),
    "bit_or": Infix("|", OTHER),
    "bit_xor": Infix("^", OTHER),
    "sign": "CAST(SIGN({0}) AS INT64)",
    **{f"floor_{kind}": "FLOOR({0})" for kind in ("double", "decimal")},
    **{f"ceil_{kind}": "CEIL({0})" for kind in ("double", "decimal")},
    **{f"trunc_{kind}": "TRUNC({0})" for kind in ("double", "decimal")},
    "round_double": "ROUND({0})",
    "round_decimal": "ROUND({0}, {n0})",
    "round_integer": "CAST(ROUND(CAST({0} AS NUMERIC), {n0}) AS INT64)",
    "ln": "LN({0})",
    "log10": "LOG10({0})",
    "log2": "LOG({0}, 2)",
    "text_length": "CHAR_LENGTH({0})",
    "trim_both": "TRIM({0}, {t0})",
    "trim_left": "LTRIM({0}, {t0})",
    "trim_right": "RTRIM({0}, {t0})",
    "substring": "SUBSTR({0}, {n0}, {n1})",
    "substring_from": "SUBSTR({0}, {n0})",
    "left": "LEFT({0}, {n0})",
    "right": "RIGHT({0}, {n0})",
    "translate": "TRANSLATE({0}, {1}, {2})",
    "repeat": "REPEAT({0}, {n0})",
    "pad_left": "LPAD({0}, {n0}, {1})",
    "pad_right": "RPAD({0}, {n0}, {1})",
    "code_point": "UNICODE({0})",
    "position": "STRPOS({0}, {1})",
    "split_part": "CASE WHEN {0} IS NOT NULL THEN"
    " COALESCE(SPLIT({0}, {1})[SAFE_ORDINAL({n0})], '') END",
    "md5": "TO_HEX(MD5({0}))",
    "sha256": "TO_HEX(SHA256({0}))",
    "like": _like,
    "matches": "REGEXP_CONTAINS({0}, {t0})",
    "replace_match": _replace_match,
    "replace_matches": "REGEXP_REPLACE({0}, {t0}, {t1})",
    "find_match": "REGEXP_EXTRACT({0}, {t0})",
}

_CASTS: Final[Mapping[tuple[Kind, Kind], Form]] = {
    **{(Kind.INTEGER, to): "CAST({0} AS {type})" for to in (Kind.INTEGER, Kind.DOUBLE, Kind.TEXT)},
    (Kind.INTEGER, Kind.DECIMAL): _decimal,
    (Kind.DECIMAL, Kind.INTEGER): "CAST({0} AS INT64)",
    (Kind.DECIMAL, Kind.DECIMAL): _decimal,
    (Kind.DECIMAL, Kind.DOUBLE): "CAST({0} AS FLOAT64)",
    (Kind.DECIMAL, Kind.TEXT): _decimal_text,
    (Kind.DOUBLE, Kind.INTEGER): f"CAST({HALF_EVEN} AS INT64)",
    (Kind.DOUBLE, Kind.DECIMAL): _decimal_from_double,
    **{(Kind.TEXT, to): "CAST({0} AS {type})" for to in (Kind.INTEGER, Kind.DOUBLE, Kind.DATE)},
    (Kind.DATE, Kind.TEXT): "CAST({0} AS STRING)",
    (Kind.DATE, Kind.TIMESTAMP): "CAST({0} AS DATETIME)",
    (Kind.TIMESTAMP, Kind.DATE): "CAST({0} AS DATE)",
}


def _middle(place: str) -> str:
    """The value at a place among those that are not null, in order."""
    return f"ARRAY_AGG({{0}} IGNORE NULLS ORDER BY {{0}})[SAFE_OFFSET(DIV({place}, 2))]"


def _quantile(_: Writing, call: Formed) -> str:
    """Between the values beside the place, as DuckDB counts it: in floats, from 0 to count - 1."""
    share = operands(call)[1]
    assert isinstance(share, Literal)  # noqa: S101 - see bind_aggregate
    place = f"((COUNT({{0}}) - 1) * {float(str(share.value))!r})"
    below, above = (
        f"ARRAY_AGG({{0}} IGNORE NULLS ORDER BY {{0}})[SAFE_OFFSET(CAST({to}({place}) AS INT64))]"
        for to in ("FLOOR", "CEIL")
    )
    # a value alone is not taken from itself: infinity less infinity is no number
    between = f"{below} + ({above} - {below}) * ({place} - FLOOR({place}))"
    return f"CASE WHEN {place} = FLOOR({place}) THEN {below} ELSE {between} END"


_AGGREGATES: Final[Mapping[str, Form]] = {
    **AGGREGATES,
    "quantile": _quantile,
    "median": f"({_middle('COUNT({0}) - 1')} + {_middle('COUNT({0})')}) / 2",
    "correlation": correlation("FLOAT64"),
    "covariance": "COVAR_SAMP({0}, {1})",
    "covariance_population": "COVAR_POP({0}, {1})",
    "all_true": "LOGICAL_AND({0})",
    "any_true": "LOGICAL_OR({0})",
    "join_texts": "STRING_AGG({distinct}{0}, {1} ORDER BY {order})",
}

BIGQUERY: Final = Target(
    name="bigquery",
    quotes=("`", "`"),
    longest_name=300,
    name_pattern=r"\w+",
    types=_type,
    text=_text,
    literal=_literal,
    operations=_OPERATIONS,
    casts=_CASTS,
    aggregates=_AGGREGATES,
    windows={
        **WINDOWS,
        "first_value_present": "FIRST_VALUE({0} IGNORE NULLS)",
        "last_value_present": "LAST_VALUE({0} IGNORE NULLS)",
    },
    near={**NEAR, "median": "APPROX_QUANTILES({0}, 2)[OFFSET(1)]"},
    frames=frozenset({"ROWS", "RANGE", "DISTANCE"}),
    nulls_sort="smallest",
    parts_by_doubles=False,
    with_columns=False,
    kept_duplicates=frozenset({"UNION"}),
    no_correlated=frozenset({"limit"}),
    set_words={
        "UNION": "UNION DISTINCT",
        "INTERSECT": "INTERSECT DISTINCT",
        "EXCEPT": "EXCEPT DISTINCT",
    },
)

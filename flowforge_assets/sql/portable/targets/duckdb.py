"""DuckDB itself: the reference. What it writes back gives the rows of what was read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from flowforge_assets.sql.portable.target import (
    AGGREGATES,
    COMMON,
    OTHER,
    PRODUCT,
    WINDOWS,
    Form,
    Infix,
    Target,
    like,
    time_text,
)
from flowforge_assets.sql.portable.tree import Literal
from flowforge_assets.sql.portable.types import Kind, SqlType

_UNITS: Final = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _type(type_: SqlType) -> str | None:
    return str(type_)


def _literal(literal: Literal) -> str:
    value = literal.value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return f"CAST('{value!r}' AS DOUBLE)"
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if literal.type.kind is Kind.INTEGER and literal.type.bits > 32:  # noqa: PLR2004
        return f"CAST({value} AS {literal.type})"
    if literal.type.kind is Kind.DECIMAL:
        return f"CAST('{value:f}' AS {literal.type})"
    return str(value)


_OPERATIONS: Final[Mapping[str, Form]] = {
    **COMMON,
    **{f"start_of_{unit}": f"date_trunc('{unit}', {{0}})" for unit in _UNITS},
    **{f"part_{unit}": f"extract({unit} FROM {{0}})" for unit in _UNITS if unit != "week"},
    **{f"plus_{unit}s": f"{{0}} + to_{unit}s({{1}})" for unit in _UNITS if unit != "quarter"},
    **{f"{unit}s_between": f"date_diff('{unit}', {{0}}, {{1}})" for unit in _UNITS},
    "plus_days": lambda _, call: (
        "{0} + {1}" if call.type.kind is Kind.DATE else "{0} + to_days({1})"
    ),
    "plus_months": "{0} + to_months({1})",
    "part_iso_week": "extract(week FROM {0})",
    "part_weekday": "extract(dow FROM {0})",
    "part_iso_weekday": "extract(isodow FROM {0})",
    "part_day_of_year": "extract(doy FROM {0})",
    "part_iso_year": "extract(isoyear FROM {0})",
    "elapsed_seconds": "epoch({1} - {0})",
    "epoch": "epoch({0})",
    "last_day": "last_day({0})",
    "make_date": "make_date({0}, {1}, {2})",
    "parse_time": time_text(
        "strptime({value}, {format})",
        {"YYYY": "%Y", "MM": "%m", "DD": "%d", "HH24": "%H", "MI": "%M", "SS": "%S"},
    ),
    "today": "current_date",
    "utc_to_zone": "{0} AT TIME ZONE 'UTC' AT TIME ZONE {t0}",
    "time_text": time_text(
        "strftime({value}, {format})",
        {
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
        },
    ),
    "divide_any": Infix("/", PRODUCT),
    "whole_divide": Infix("//", PRODUCT),
    "remainder": Infix("%", PRODUCT),
    "bit_and": Infix("&", OTHER),
    "bit_or": Infix("|", OTHER),
    "bit_xor": "xor({0}, {1})",
    "sign": "sign({0})",
    **{
        f"{name}_{kind}": f"{name}({{0}})"
        for name in ("floor", "ceil", "trunc")
        for kind in ("double", "decimal")
    },
    "round_double": "round({0})",
    "round_decimal": "round({0}, {n0})",
    "round_integer": "round({0}, {n0})",
    "ln": "ln({0})",
    "log10": "log10({0})",
    "log2": "log2({0})",
    "text_length": "length({0})",
    "trim_both": "trim({0}, {t0})",
    "trim_left": "ltrim({0}, {t0})",
    "trim_right": "rtrim({0}, {t0})",
    "substring": "substring({0}, {n0}, {n1})",
    "substring_from": "substring({0}, {n0})",
    "left": "left({0}, {n0})",
    "right": "right({0}, {n0})",
    "translate": "translate({0}, {1}, {2})",
    "repeat": "repeat({0}, {n0})",
    "pad_left": "lpad({0}, {n0}, {1})",
    "pad_right": "rpad({0}, {n0}, {1})",
    "code_point": "ascii({0})",
    "position": "strpos({0}, {1})",
    "split_part": "split_part({0}, {1}, {n0})",
    "md5": "md5({0})",
    "sha256": "sha256({0})",
    "like": like(),
    "matches": "regexp_matches({0}, {t0})",
    "replace_match": "regexp_replace({0}, {t0}, {t1})",
    "replace_matches": "regexp_replace({0}, {t0}, {t1}, 'g')",
    "find_match": "regexp_extract({0}, {t0}, {n1})",
}

_KINDS: Final = (Kind.INTEGER, Kind.DECIMAL, Kind.DOUBLE, Kind.TEXT, Kind.DATE, Kind.TIMESTAMP)
_AGGREGATES: Final[Mapping[str, Form]] = {
    **AGGREGATES,
    "median": "median({0})",
    "correlation": "corr({0}, {1})",
    "covariance": "covar_samp({0}, {1})",
    "covariance_population": "covar_pop({0}, {1})",
    "quantile": "quantile_cont({0}, {1})",
    "all_true": "bool_and({0})",
    "any_true": "bool_or({0})",
    "join_texts": "string_agg({distinct}{0}, {1} ORDER BY {order})",
}

DUCKDB: Final = Target(
    name="duckdb",
    quotes=('"', '"'),
    longest_name=1000,
    name_pattern=r"(?s).+",
    types=_type,
    text=_text,
    literal=_literal,
    operations=_OPERATIONS,
    casts={(one, other): "CAST({0} AS {type})" for one in _KINDS for other in _KINDS},
    aggregates=_AGGREGATES,
    windows={
        **WINDOWS,
        "all_true": "bool_and({0})",
        "any_true": "bool_or({0})",
        "first_value_present": "first_value({0} IGNORE NULLS)",
        "last_value_present": "last_value({0} IGNORE NULLS)",
    },
    frames=frozenset({"ROWS", "RANGE", "DISTANCE"}),
)

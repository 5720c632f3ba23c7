"""Calls that stand for expressions of DuckDB while a query is still in another warehouse's SQL.

`ff_dateadd__day(1, x)` is read by every dialect, and becomes `x + INTERVAL (1) day` once the query
around it is DuckDB's: nothing is put into the other SQL and back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlglot import exp, parse_one

_MARK: Final = "ff_"
NULL_KEY: Final = "_dbt_utils_surrogate_key_null_"
FORMS: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "dateadd": (
        ("datepart", "interval", "from_date_or_timestamp"),
        "date_add({from_date_or_timestamp}, INTERVAL ({interval}) {datepart})",
    ),
    "datediff": (
        ("first_date", "second_date", "datepart"),
        "date_diff('{datepart}', {first_date}, {second_date})",
    ),
    "date_trunc": (("datepart", "date"), "date_trunc('{datepart}', {date})"),
    "last_day": (
        ("date", "datepart"),
        "CAST(date_trunc('{datepart}', {date}) + INTERVAL 1 {datepart} - INTERVAL 1 day AS DATE)",
    ),
    "hash": (("field",), "md5(CAST({field} AS TEXT))"),
    "length": (("expression",), "length({expression})"),
    "position": (("substring_text", "string_text"), "strpos({string_text}, {substring_text})"),
    "replace": (("field", "old_chars", "new_chars"), "replace({field}, {old_chars}, {new_chars})"),
    "right": (("string_text", "length_expression"), "right({string_text}, {length_expression})"),
    "split_part": (
        ("string_text", "delimiter_text", "part_number"),
        "split_part({string_text}, {delimiter_text}, {part_number})",
    ),
    "cast_bool_to_text": (("bool_expression",), "CAST({bool_expression} AS TEXT)"),
    "any_value": (("expression",), "any_value({expression})"),
    "bool_or": (("expression",), "bool_or({expression})"),
    "current_timestamp": ((), "now()"),
    "safe_divide": (("numerator", "denominator"), "({numerator}) / NULLIF(({denominator}), 0)"),
    "nullcheck": (("column",), "NULLIF({column}, '')"),
}
"""Macros that are one expression: their parameters, and what they give on DuckDB."""


def duckdb_form(name: str, given: Mapping[str, str]) -> str:
    """The expression of DuckDB for the form `name` and its arguments."""
    return FORMS[name][1].format(**given)


def surrogate_key(fields: Sequence[str]) -> str:
    """The hash by which dbt_utils tells rows apart."""
    parts = [f"COALESCE(CAST({each} AS TEXT), '{NULL_KEY}')" for each in fields]
    joined = " || '-' || ".join(parts)
    return f"md5(CAST({joined} AS TEXT))"


def foreign_call(name: str, given: Mapping[str, str]) -> str:
    """The call that stands for the form in another warehouse's SQL."""
    part = given.get("datepart", "")
    arguments = [given[each] for each in FORMS[name][0] if each != "datepart"]
    return f"{_MARK}{name}{f'__{part}' if part else ''}({', '.join(arguments)})"


def foreign_key_call(fields: Sequence[str]) -> str:
    """The call that stands for a surrogate key."""
    return f"{_MARK}surrogate_key({', '.join(fields)})"


def resolved(tree: exp.Expr) -> exp.Expr:
    """The tree with the expressions for which its calls stand."""
    return tree.transform(_resolved)


def _resolved(node: exp.Expr) -> exp.Expr:
    if not isinstance(node, exp.Anonymous) or not str(node.this).lower().startswith(_MARK):
        return node
    name, _, part = str(node.this).lower().removeprefix(_MARK).partition("__")
    slots = [f"{_MARK}slot_{number}" for number in range(len(node.expressions))]
    if name == "surrogate_key":
        text = surrogate_key(slots)
    else:
        names = [each for each in FORMS[name][0] if each != "datepart"]
        text = duckdb_form(name, {**dict(zip(names, slots, strict=True)), "datepart": part})
    given = dict(zip(slots, node.expressions, strict=True))

    def filled(inner: exp.Expr) -> exp.Expr:
        is_slot = isinstance(inner, exp.Column) and inner.name in given
        return given[inner.name].copy().transform(_resolved) if is_slot else inner

    return parse_one(text, dialect="duckdb").transform(filled)

"""Queries over the hostile table: each function and operator with each kind of value."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Final

_NUMBERS: Final = ("i", "b", "x", "p", "w", "3", "-2", "2.5", "0.001", "1e3")
_TEXTS: Final = ("s", "u", "'a'", "' A '", "g || s")
_TIMES: Final = ("d", "ts", "DATE '2024-02-29'", "TIMESTAMP '2024-12-31 23:59:59.5'")
_TRUTHS: Final = ("f", "i > 1", "s = 'a'", "x IS NULL")
_UNITS: Final = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")
_PARTS: Final = (*_UNITS, "dow", "isodow", "doy", "isoyear", "epoch", "millisecond", "decade")

# In the files, {n} is a number, {s} a text, {t} a time, {c} a condition, {u} a unit, {p} a part.
_FOLDER: Final = Path(__file__).parent / "forms"
FORMS: Final = (_FOLDER / "expressions.txt").read_text(encoding="utf-8").splitlines()
AGGREGATES: Final = (_FOLDER / "aggregates.txt").read_text(encoding="utf-8").splitlines()
_PLACED: Final = (
    *("row_number()", "ntile(3)", "lag(i)", "lead(s, 2)", "lag(p, 1, 0)", "lead(ts)"),
    *("first_value(s)", "last_value(i)", "nth_value(s, 2)", "first_value(i IGNORE NULLS)"),
)
_FOLDED: Final = (
    *("rank()", "dense_rank()", "percent_rank()", "cume_dist()"),
    *("sum(i)", "sum(p)", "avg(x)", "count(*)", "count(s)", "min(s)", "max(d)", "bool_or(f)"),
    *("sum(x) FILTER (WHERE f)", "count(DISTINCT s)"),
)
_TOTAL_ORDERS: Final = (
    "ORDER BY id",
    "PARTITION BY g ORDER BY id",
    "PARTITION BY g ORDER BY i DESC, id",
    "PARTITION BY f ORDER BY s NULLS FIRST, id",
    "PARTITION BY p ORDER BY id",
    "ORDER BY id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW",
    "PARTITION BY g ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
    "ORDER BY id ROWS BETWEEN 1 FOLLOWING AND 2 FOLLOWING",
    "ORDER BY id GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW",
)
_ORDERS: Final = (
    *_TOTAL_ORDERS,
    "ORDER BY d",
    "PARTITION BY g",
    "ORDER BY i RANGE BETWEEN 3 PRECEDING AND 2 FOLLOWING",
    "ORDER BY i DESC RANGE BETWEEN 1 PRECEDING AND CURRENT ROW",
    "ORDER BY d RANGE BETWEEN INTERVAL 40 DAY PRECEDING AND CURRENT ROW",
    "ORDER BY d DESC NULLS FIRST RANGE BETWEEN UNBOUNDED PRECEDING AND INTERVAL 1 WEEK FOLLOWING",
)
WINDOWS: Final = tuple(
    f"{function} OVER ({window})"
    for functions, windows in ((_PLACED, _TOTAL_ORDERS), (_FOLDED, _ORDERS))
    for function, window in product(functions, windows)
)
_FIELDS: Final = {
    "{n}": _NUMBERS,
    "{s}": _TEXTS,
    "{t}": _TIMES,
    "{c}": _TRUTHS,
    "{u}": _UNITS,
    "{p}": _PARTS,
}


def filled(form: str) -> Iterator[str]:
    """The form with each of its fields as each value of the field's kind."""
    marks = sorted((mark for mark in _FIELDS for _ in range(form.count(mark))), key=form.index)
    for values in product(*(_FIELDS[mark] for mark in marks)):
        text = form
        for mark, value in zip(marks, values, strict=True):
            text = text.replace(mark, value, 1)
        yield text.replace("{{", "{").replace("}}", "}")


def hostile_queries() -> Iterator[str]:
    """All queries of one expression, over the tables of hostile_rows."""
    for form in FORMS:
        for expression in filled(form):
            yield f"SELECT id, {expression} AS r FROM h"
    for form in AGGREGATES:
        for expression in filled(form):
            yield f"SELECT g, {expression} AS r FROM h GROUP BY g"
            yield f"SELECT {expression} AS r FROM h WHERE id > 100"
    for window in WINDOWS:
        yield f"SELECT id, {window} AS r FROM h"
    for key in (*_NUMBERS[:5], "s", "g", "d", "ts", "f"):
        for direction in ("", " DESC", " NULLS FIRST", " DESC NULLS LAST"):
            yield f"SELECT id, {key} AS r FROM h ORDER BY {key}{direction}, id"
        yield f"SELECT DISTINCT {key} AS r FROM h"
        yield f"SELECT {key} AS r, count(*) AS n FROM h GROUP BY {key}"
        yield f"SELECT a.id, b.id AS other FROM h AS a JOIN h AS b ON a.{key} = b.{key}"
        yield f"SELECT id FROM h WHERE {key} IN (SELECT {key} FROM h WHERE id < 5)"
        yield f"SELECT id FROM h WHERE {key} NOT IN (SELECT {key} FROM h WHERE id < 3)"
        for operation in ("UNION", "UNION ALL", "INTERSECT", "EXCEPT", "INTERSECT ALL"):
            yield f"SELECT {key} AS r FROM h {operation} SELECT {key} FROM h WHERE id < 7"

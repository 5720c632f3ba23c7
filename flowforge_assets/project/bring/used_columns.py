"""What a table must have, as its readers use it: for tables of which nothing is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope, traverse_scope

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.schema import DataType, Plain
from flowforge_assets.core.sql_types import from_duckdb
from flowforge_assets.errors.storage import TypeNotStoredError

_NUMBERS: Final = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Sum, exp.Avg, exp.Round, exp.Neg)
_COMPARISONS: Final = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_TIMES: Final = (exp.DateTrunc, exp.TimestampTrunc, exp.DateDiff, exp.Extract)
_ENDINGS: Final[Mapping[str, DataType]] = {
    "_at": Plain("timestamp_ntz"),
    "_date": Plain("date"),
    "_day": Plain("date"),
}
_STARTS: Final[Mapping[str, DataType]] = {"is_": Plain("bool"), "has_": Plain("bool")}


def used_columns(text: str, key: DatasetKey) -> dict[str, DataType]:
    """The columns of `key` that the query names, with types guessed from what it does with them.

    In the order in which they are met. A column that only a star takes is not seen, nor one in a
    query that cannot be read.
    """
    try:
        tree = parse_one(text, dialect="duckdb")
    except SqlglotError:
        return {}
    found: dict[str, DataType] = {}
    passed: set[int] = set()  # scopes that hand on all columns of the table
    for scope in traverse_scope(tree):
        names = {
            name
            for name, (_, source) in scope.selected_sources.items()
            if _is_table(source, key) or id(source) in passed
        }
        if not names:
            continue
        is_alone = len(scope.selected_sources) == 1
        if is_alone and _takes_all(scope):
            passed.add(id(scope))
        for column in _columns(scope):
            if column.table in names or (is_alone and not column.table):
                guess = _guess(column)
                if found.setdefault(column.name, guess) == Plain("string"):
                    found[column.name] = guess
        for name in _using(scope):
            found.setdefault(name, _by_name(name))
    return found


def _is_table(source: exp.Table | Scope, key: DatasetKey) -> bool:
    if isinstance(source, Scope):
        return False
    return ".".join(part.name for part in source.parts) == key


def _takes_all(scope: Scope) -> bool:
    select = scope.expression
    return isinstance(select, exp.Select) and any(
        isinstance(each, exp.Star) for each in select.expressions
    )


def _columns(scope: Scope) -> Iterator[exp.Column]:
    """The columns of the scope that are no names of its own results."""
    select = scope.expression
    named = {
        each.alias for each in getattr(select, "expressions", []) if isinstance(each, exp.Alias)
    }
    for column in scope.columns:
        if isinstance(column.this, exp.Star):
            continue
        clause = column.find_ancestor(exp.Order, exp.Group, exp.Having, exp.Qualify, exp.Select)
        is_own = not column.table and column.name in named and not isinstance(clause, exp.Select)
        if not is_own:
            yield column


def _using(scope: Scope) -> Iterator[str]:
    for join in scope.expression.args.get("joins") or ():
        for name in join.args.get("using") or ():
            yield name.name


def _guess(column: exp.Column) -> DataType:
    parent = column.parent
    while isinstance(parent, exp.Paren | exp.Coalesce | exp.Min | exp.Max | exp.Alias):
        parent = parent.parent
    if isinstance(parent, exp.Cast):
        try:
            return from_duckdb(parent.to.sql("duckdb"))
        except TypeNotStoredError:
            return Plain("string")
    if isinstance(parent, _NUMBERS):
        return Plain("float64")
    if isinstance(parent, _TIMES):
        return Plain("timestamp_ntz")
    if isinstance(parent, _COMPARISONS):
        for side in (parent.this, parent.expression):
            if isinstance(side, exp.Literal):
                return Plain("string" if side.is_string else "float64")
            if isinstance(side, exp.Boolean):
                return Plain("bool")
    return _by_name(column.name)


def _by_name(name: str) -> DataType:
    name = name.lower()
    for ending, kind in _ENDINGS.items():
        if name.endswith(ending):
            return kind
    for start, kind in _STARTS.items():
        if name.startswith(start):
            return kind
    return Plain("string")

"""Subqueries that read columns of the query around them: which of them a target cannot run.

Such a target turns them into joins, and stops at those that it cannot turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from flowforge_assets.sql.portable.emitted import Refusal
from flowforge_assets.sql.portable.refusal import CLAUSE
from flowforge_assets.sql.portable.tree import (
    Aggregate,
    At,
    Column,
    Derived,
    Exists,
    Expr,
    InQuery,
    Join,
    Query,
    Scalar,
    Select,
    SetOperation,
    Source,
    Table,
    Window,
    With,
)
from flowforge_assets.sql.portable.walk import with_expressions, with_parts

Pattern: TypeAlias = Literal[
    "skips a query", "in an outer join", "in a key", "of several rows", "window", "limit", "groups"
]
Subquery: TypeAlias = Scalar | Exists | InQuery

_SAID: Final[dict[Pattern, tuple[str, str]]] = {
    "skips a query": (
        "a subquery that reads a column from two queries further out",
        "join the tables of the query between, or bring the column into it",
    ),
    "in an outer join": (
        "a subquery in the condition of an outer join that reads a column from around it",
        "compute the subquery before, in a WITH query, and join it",
    ),
    "in a key": (
        "a key to group by that is a subquery with a column from around it",
        "compute the key in a subquery of FROM, then group",
    ),
    "of several rows": (
        "a subquery as a value that reads a column from around it and is no aggregate",
        "take max() of it if there is one row, or join the table",
    ),
    "window": (
        "a window function in a subquery that reads a column from around it",
        "compute the window in a WITH query, and join it",
    ),
    "limit": (
        "a LIMIT in a subquery that reads a column from around it",
        "number the rows in a WITH query with row_number(), and join those with number 1",
    ),
    "groups": (
        "IN a subquery with GROUP BY that reads a column from around it",
        "group in a WITH query, and join it",
    ),
}


def correlated_refusals(query: Query, refused: frozenset[Pattern]) -> list[Refusal]:
    """The subqueries of a query that follow one of the `refused` patterns."""
    found = _Found()
    found.query(query)
    return [
        Refusal(at.line, at.column, CLAUSE, f"{said} cannot be run here", hint)
        for pattern, at in found.patterns
        if pattern in refused
        for said, hint in (_SAID[pattern],)
    ]


@dataclass(slots=True)
class _Found:
    """The patterns of all subqueries, with their places."""

    patterns: list[tuple[Pattern, At]] = field(default_factory=list[tuple[Pattern, At]])

    def query(self, query: Query) -> Query:
        """Looks at all SELECTs of a query; gives it back, as walks want it."""
        for select in _selects(query):
            self._select(select)
        return query

    def _select(self, select: Select) -> None:
        own = set(_aliases(select.source))
        in_keys = {id(each) for key in _keys(select) for each in _subqueries(key)}
        in_outer = {id(each) for on in _outer_ons(select.source) for each in _subqueries(on)}
        for subquery in _subqueries(select):
            free = _free(subquery.query)
            if free:
                at, place = subquery.at, id(subquery)
                if free - own:
                    self.patterns.append(("skips a query", at))
                if place in in_outer:
                    self.patterns.append(("in an outer join", at))
                if place in in_keys:
                    self.patterns.append(("in a key", at))
                self.patterns.extend((pattern, at) for pattern in _shapes(subquery))
            self.query(subquery.query)
        for derived in _derived(select.source):
            self.query(derived.query)


def _shapes(subquery: Subquery) -> Iterator[Pattern]:
    for select in _selects(subquery.query):
        parts = list(_parts(select))
        has_keys = select.group is not None and bool(select.group.keys)
        if any(isinstance(part, Window) for part in parts):
            yield "window"
        if select.limit is not None or select.offset:
            yield "limit"
        if isinstance(subquery, InQuery) and has_keys:
            yield "groups"
        is_one_row = any(isinstance(part, Aggregate) for part in parts) and not has_keys
        if isinstance(subquery, Scalar) and not is_one_row:
            yield "of several rows"


def _selects(query: Query) -> Iterator[Select]:
    match query:
        case Select():
            yield query
        case SetOperation():
            yield from _selects(query.left)
            yield from _selects(query.right)
        case With():
            for each in query.queries:
                yield from _selects(each.query)
            yield from _selects(query.body)


def _free(query: Query) -> set[str]:
    """The sources around a query whose columns it reads."""
    return {name for select in _selects(query) for name in _free_of(select)}


def _free_of(select: Select) -> set[str]:
    read = {part.source for part in _parts(select) if isinstance(part, Column)}
    read |= {name for each in _subqueries(select) for name in _free(each.query)}
    read |= {name for each in _derived(select.source) for name in _free(each.query)}
    return read - set(_aliases(select.source))


def _parts(within: Select | Expr) -> Iterator[Expr]:
    """All expressions of a SELECT or in an expression, without those of its subqueries."""
    found: list[Expr] = []

    def note(expr: Expr) -> Expr:
        found.append(expr)
        return with_parts(expr, note, _left)

    if isinstance(within, Select):
        with_expressions(within, note, _left)
    else:
        note(within)
    yield from found


def _left(query: Query) -> Query:
    return query


def _subqueries(within: Select | Expr) -> Iterator[Subquery]:
    return (part for part in _parts(within) if isinstance(part, (Scalar, Exists, InQuery)))


def _keys(select: Select) -> tuple[Expr, ...]:
    return select.group.keys if select.group is not None else ()


def _aliases(source: Source | None) -> Iterator[str]:
    match source:
        case None:
            pass
        case Table() | Derived():
            yield source.alias
        case Join():
            yield from _aliases(source.left)
            yield from _aliases(source.right)


def _derived(source: Source | None) -> Iterator[Derived]:
    match source:
        case Derived():
            yield source
        case Join():
            yield from _derived(source.left)
            yield from _derived(source.right)
        case Table() | None:
            pass


def _outer_ons(source: Source | None) -> Iterator[Expr]:
    if isinstance(source, Join):
        if source.on is not None and source.kind in {"LEFT", "RIGHT", "FULL"}:
            yield source.on
        yield from _outer_ons(source.left)
        yield from _outer_ons(source.right)

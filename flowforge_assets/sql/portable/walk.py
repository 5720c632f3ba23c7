"""Queries made anew with other expressions in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from flowforge_assets.sql.portable.tree import (
    Aggregate,
    Call,
    Case,
    Cast,
    Column,
    Derived,
    Exists,
    Expr,
    GroupingBit,
    InList,
    InQuery,
    Item,
    Join,
    Literal,
    Query,
    Scalar,
    Select,
    SetOperation,
    SortKey,
    Source,
    Table,
    Window,
    With,
)

Change: TypeAlias = Callable[[Expr], Expr]
QueryChange: TypeAlias = Callable[[Query], Query]


def with_parts(  # noqa: C901 - one case a kind of expression
    expr: Expr, change: Change, inside: QueryChange
) -> Expr:
    """The expression with `change` made to those right below it, `inside` to its queries."""
    match expr:
        case Call():
            return replace(expr, args=tuple(map(change, expr.args)))
        case Cast():
            return replace(expr, arg=change(expr.arg))
        case Case():
            whens = tuple((change(a), change(b)) for a, b in expr.whens)
            return replace(expr, whens=whens, otherwise=change(expr.otherwise))
        case InList():
            return replace(expr, arg=change(expr.arg), items=tuple(map(change, expr.items)))
        case InQuery():
            return replace(expr, arg=change(expr.arg), query=inside(expr.query))
        case Aggregate():
            order = tuple(with_key(key, change) for key in expr.order)
            return replace(expr, args=tuple(map(change, expr.args)), order=order)
        case Window():
            function = with_parts(expr.function, change, inside)
            assert isinstance(function, Aggregate)  # noqa: S101 - what came in
            partition = tuple(map(change, expr.partition))
            order = tuple(with_key(key, change) for key in expr.order)
            return replace(expr, function=function, partition=partition, order=order)
        case Scalar() | Exists():
            return replace(expr, query=inside(expr.query))
        case GroupingBit():
            return replace(expr, key=change(expr.key))
        case Column() | Literal():
            return expr


def with_key(key: SortKey, change: Change) -> SortKey:
    """The key with its expression changed."""
    return replace(key, expr=change(key.expr))


def with_expressions(select: Select, change: Change, inside: QueryChange) -> Select:
    """The SELECT with `change` made to each of its expressions, `inside` to queries in FROM."""
    group = select.group
    return replace(
        select,
        items=tuple(Item(change(item.expr), item.name) for item in select.items),
        source=_source(select.source, change, inside) if select.source is not None else None,
        where=change(select.where) if select.where is not None else None,
        group=replace(group, keys=tuple(map(change, group.keys))) if group is not None else None,
        having=change(select.having) if select.having is not None else None,
        order=tuple(with_key(key, change) for key in select.order),
    )


def _source(source: Source, change: Change, inside: QueryChange) -> Source:
    match source:
        case Table():
            return source
        case Derived():
            return replace(source, query=inside(source.query))
        case Join():
            on = change(source.on) if source.on is not None else None
            left, right = (_source(each, change, inside) for each in (source.left, source.right))
            return replace(source, left=left, right=right, on=on)


def with_queries(query: Query, change: QueryChange) -> Query:
    """A query that is no SELECT, with `change` made to those right inside it."""
    match query:
        case SetOperation():
            return replace(query, left=change(query.left), right=change(query.right))
        case With():
            queries = tuple(replace(each, query=change(each.query)) for each in query.queries)
            return replace(query, queries=queries, body=change(query.body))
        case Select():
            return query

"""Clauses that a target lacks, written with those that it has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

from flowforge_assets.sql.portable.same import has_aggregate, same
from flowforge_assets.sql.portable.scope import Names
from flowforge_assets.sql.portable.target import Target
from flowforge_assets.sql.portable.tree import (
    Aggregate,
    Call,
    Column,
    Derived,
    Expr,
    Grouping,
    GroupingBit,
    Item,
    Literal,
    Query,
    Select,
    SetOperation,
    SortKey,
    Window,
    output,
)
from flowforge_assets.sql.portable.types import BIGINT, BOOL
from flowforge_assets.sql.portable.walk import with_expressions, with_parts, with_queries


@dataclass(frozen=True, slots=True)
class Expansion:
    """Writes out OFFSET and groupings of several kinds for a target without them."""

    target: Target
    names: Names

    def query(self, query: Query) -> Query:
        """The query without clauses that the target lacks, where they can be written out."""
        if not isinstance(query, Select):
            return with_queries(query, self.query)
        made = with_expressions(query, self._expr, self.query)
        if made.group is not None and made.group.form not in self.target.groupings:
            made = self._united(made)
        if made.offset and self.target.limit == "top" and made.order:
            made = self._numbered(made)
        return made

    def _expr(self, expr: Expr) -> Expr:
        return with_parts(expr, self._expr, self.query)

    def _numbered(self, select: Select) -> Select:
        """LIMIT and OFFSET by the numbers of the rows in order."""
        alias, number, at = self.names.fresh("q"), self.names.fresh("k"), select.at
        if select.distinct:
            return select
        counted = Window(
            Aggregate("row_number", (), BIGINT, at), (), select.order, None, BIGINT, at
        )
        inner = replace(
            select, items=(*select.items, Item(counted, number)), order=(), limit=None, offset=0
        )
        place = Column(alias, number, BIGINT, at)
        test: Expr = Call("greater", (place, Literal(select.offset, BIGINT, at)), BOOL, at)
        if select.limit is not None:
            last = Literal(select.offset + select.limit, BIGINT, at)
            within = Call("less_or_equal", (place, last), BOOL, at)
            test = Call("and", (test, within), BOOL, at)
        items = tuple(Item(Column(alias, i.name, i.expr.type, at), i.name) for i in select.items)
        order = (SortKey(place, descending=False, nulls_first=False),)
        return Select(items, at, source=Derived(inner, alias, at), where=test, order=order)

    def _united(self, select: Select) -> Select:
        """One plain grouping a set, united; keys that are left out are null."""
        group = select.group
        if group is None:
            return select
        alias, at = self.names.fresh("q"), select.at
        hidden = tuple(
            Item(key.expr, self.names.fresh("k"))
            for key in select.order
            if not any(same(key.expr, item.expr) for item in select.items)
        )
        whole = replace(select, items=(*select.items, *hidden), order=(), limit=None, offset=0)
        made: Query | None = None
        for chosen in _sets(group):
            part = _of_set(whole, group, chosen)
            made = (
                part
                if made is None
                else SetOperation("UNION", keeps_duplicates=True, left=made, right=part, at=at)
            )
        if made is None:
            return select
        columns = [Column(alias, item.name, item.expr.type, at) for item in output(made)]
        items = tuple(
            Item(column, item.name) for column, item in zip(columns, select.items, strict=False)
        )
        source = Derived(made, alias, at)
        return Select(
            items,
            at,
            source=source,
            distinct=select.distinct,
            order=tuple(_moved(key, whole, columns) for key in select.order),
            limit=select.limit,
            offset=select.offset,
        )


def _moved(key: SortKey, select: Select, columns: list[Column]) -> SortKey:
    """A key of a SELECT as one of the columns that it makes."""
    places = [i for i, item in enumerate(select.items) if same(item.expr, key.expr)]
    return replace(key, expr=columns[places[0]])


def _sets(group: Grouping) -> list[tuple[int, ...]]:
    every = tuple(range(len(group.keys)))
    if group.form == "sets":
        return list(group.sets)
    if group.form == "rollup":
        return [every[:count] for count in range(len(every), -1, -1)]
    return [chosen for count in range(len(every), -1, -1) for chosen in combinations(every, count)]


def _of_set(select: Select, group: Grouping, chosen: tuple[int, ...]) -> Select:
    """The SELECT grouped by some of the keys only."""

    def shown(expr: Expr) -> Expr:
        if isinstance(expr, GroupingBit):
            bit = next((0 for i in chosen if same(group.keys[i], expr.key)), 1)
            return Literal(bit, BIGINT, expr.at)
        for index, key in enumerate(group.keys):
            if index not in chosen and same(key, expr):
                return Literal(None, key.type, expr.at)
        if isinstance(expr, Aggregate):
            return expr
        return with_parts(expr, shown, lambda query: query)

    inner = replace(select, source=None, where=None, group=None)
    changed = with_expressions(inner, shown, lambda query: query)
    keys = tuple(group.keys[index] for index in chosen)
    made = replace(changed, source=select.source, where=select.where)
    if keys:
        return replace(made, group=Grouping(keys))
    if any(has_aggregate(item.expr) for item in made.items) or made.having is not None:
        return made
    rows = Aggregate("count_rows", (), BIGINT, made.at)  # one row, also where nothing is counted
    always = Call("greater_or_equal", (rows, Literal(0, BIGINT, made.at)), BOOL, made.at)
    return replace(made, having=always)

"""Queries of DuckDB's SQL as portable ones: WITH, set operations and VALUES."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from flowforge_assets.sql.portable.bind_expr import alike, bind, whole_constant
from flowforge_assets.sql.portable.bind_select import bind_select
from flowforge_assets.sql.portable.bind_source import pivot_query, renamed_columns
from flowforge_assets.sql.portable.coerce import coerce
from flowforge_assets.sql.portable.refusal import CLAUSE, NAME, Refused, place, refuse_form
from flowforge_assets.sql.portable.scope import Scope
from flowforge_assets.sql.portable.tree import (
    At,
    Call,
    Column,
    Derived,
    Expr,
    Item,
    Query,
    Select,
    SetOperation,
    SortKey,
    With,
    WithQuery,
    output,
)
from flowforge_assets.sql.portable.types import INTEGER, NULL, TEXT, Kind, SqlType, meet

_SET_ARGS = {"this", "expression", "distinct", "order", "limit", "offset", "with_"}


def bind_query(node: exp.Expr, outer: Scope) -> Query:
    """The portable form of a query in sight of the names of `outer`.

    Raises:
        Refused: it has a part that portable SQL does not know.
    """
    scope = Scope(outer.tables, parent=outer)
    with_node = node.args.get("with_")
    queries = _with_queries(with_node, scope) if with_node is not None else ()
    body = _body(node, scope)
    if not queries:
        return body
    return With(queries, body, _refers(queries), body.at)


def _body(node: exp.Expr, scope: Scope) -> Query:
    match node:
        case exp.Select():
            return bind_select(node, scope)
        case exp.SetOperation():
            return _set_operation(node, scope)
        case exp.Values():
            return _values(node, scope)
        case exp.Subquery():
            query = bind_query(node.this, scope)
            return sorted_query(query, node, scope)
        case exp.Pivot():
            return bind_query(pivot_query(node.this, node, scope), scope)
        case exp.Paren():
            return bind_query(node.this, scope)
        case _:
            raise refuse_form(node, "this query", "write a SELECT", code=CLAUSE)


def _with_queries(node: exp.Expr, scope: Scope) -> tuple[WithQuery, ...]:
    """Each is in sight of those after it; a recursive one of itself."""
    found: list[WithQuery] = []
    for each in node.expressions:
        alias = each.args["alias"]
        if {name for name, value in each.args.items() if value} - {"this", "alias", "materialized"}:
            raise refuse_form(each, "this WITH", "use WITH name AS (SELECT ...)", code=CLAUSE)
        names = [column.name for column in alias.args.get("columns") or ()]
        if node.args.get("recursive") and _names_itself(each.this, alias.name):
            found.append(_recursive(each.this, alias.name, names, scope))
            continue
        query = bind_query(each.this, scope)
        if names:
            items = output(query)
            query = renamed_columns(query, [*names, *(i.name for i in items[len(names) :])], scope)
        items = output(query)
        if len({item.name.lower() for item in items}) != len(items):
            raise refuse_form(each, "a WITH query with two columns of one name", "name them apart")
        columns = tuple((item.name, item.expr.type) for item in items)
        scope.with_queries[alias.name.lower()] = (alias.name, columns)
        found.append(WithQuery(alias.name, (), query))
    return tuple(found)


def _names_itself(query: exp.Expr, name: str) -> bool:
    return any(table.name.lower() == name.lower() for table in query.find_all(exp.Table))


def _refers(queries: tuple[WithQuery, ...]) -> bool:
    return any(query.columns for query in queries)


def _recursive(node: exp.Expr, name: str, names: list[str], scope: Scope) -> WithQuery:
    """`start UNION ALL step`: the step reads what the start and earlier steps made."""
    if not isinstance(node, exp.Union) or node.args.get("distinct") or _extras(node):
        hint = "write WITH RECURSIVE r AS (start UNION ALL step)"
        raise refuse_form(node, "this recursion", hint, code=CLAUSE)
    start = bind_query(node.this, scope)
    items = output(start)
    names = [*names, *(item.name for item in items[len(names) :])]
    columns = tuple((n, item.expr.type) for n, item in zip(names, items, strict=True))
    scope.with_queries[name.lower()] = (name, columns)
    step = bind_query(node.args["expression"], scope)
    start = (
        renamed_columns(start, names, scope)
        if not isinstance(start, Select)
        else replace(start, items=tuple(Item(i.expr, n) for i, n in zip(items, names, strict=True)))
    )
    types = [
        (item.expr.type, other.expr.type) for item, other in zip(items, output(step), strict=True)
    ]
    if any(one != other for one, other in types):
        raise refuse_form(node, "a recursion whose types change", "cast the columns of its start")
    both = _union_all(_growing(start), _growing(step), place(node))
    return WithQuery(name, tuple(names), both)


def _growing(query: Query) -> Query:
    """With texts of no bound: how long they are in the start says nothing of the steps."""
    if not isinstance(query, Select):
        return query
    items = (
        replace(item, expr=Call("growing", (item.expr,), TEXT, item.expr.at))
        if item.expr.type.kind is Kind.TEXT
        else item
        for item in query.items
    )
    return replace(query, items=tuple(items))


def _union_all(left: Query, right: Query, at: At) -> SetOperation:
    return SetOperation("UNION", keeps_duplicates=True, left=left, right=right, at=at)


def _extras(node: exp.Expr) -> bool:
    return any(node.args.get(name) for name in ("order", "limit", "offset", "by_name", "with_"))


def _set_operation(node: exp.SetOperation, scope: Scope) -> Query:
    unknown = {name for name, value in node.args.items() if value} - _SET_ARGS
    if unknown:
        raise refuse_form(node, "this set operation", "match columns by place", code=CLAUSE)
    left, right = bind_query(node.this, scope), bind_query(node.args["expression"], scope)
    pairs = list(zip(output(left), output(right), strict=True))
    types = [meet(one.expr.type, other.expr.type) for one, other in pairs]
    if None in types:
        raise refuse_form(node, "a column of two types", "cast the columns of both sides alike")
    known = [type_ for type_ in types if type_ is not None]
    names = [one.name for one, _ in pairs]
    kind = type(node).__name__.upper()
    made = SetOperation(
        kind,
        not node.args.get("distinct"),
        _typed(left, known, names, scope),
        _typed(right, known, names, scope),
        place(node),
    )
    return sorted_query(made, node, scope)


def _typed(query: Query, types: list[SqlType], names: list[str], scope: Scope) -> Query:
    """The query with its columns in these types and names."""
    items = output(query)
    if isinstance(query, Select) and not query.distinct and query.limit is None:
        changed = tuple(
            Item(coerce(item.expr, type_), name)
            for item, type_, name in zip(items, types, names, strict=True)
        )
        is_same = all(a.expr.type == b.expr.type for a, b in zip(items, changed, strict=True))
        if is_same or query.group is None:
            return replace(query, items=changed)
    if all(item.expr.type == type_ for item, type_ in zip(items, types, strict=True)):
        return (
            query
            if isinstance(query, (Select, SetOperation))
            else _wrapped(query, types, names, scope)
        )
    return _wrapped(query, types, names, scope)


def _wrapped(query: Query, types: list[SqlType], names: list[str], scope: Scope) -> Select:
    alias = scope.tables.names.fresh("q")
    at = output(query)[0].expr.at
    items = tuple(
        Item(coerce(Column(alias, item.name, item.expr.type, at), type_), name)
        for item, type_, name in zip(output(query), types, names, strict=True)
    )
    return Select(items, at, source=Derived(query, alias, at))


def sorted_query(query: Query, node: exp.Expr, scope: Scope) -> Query:
    """The query with the ORDER BY, LIMIT and OFFSET that stand after it in the tree."""
    order, limit, offset = (node.args.get(name) for name in ("order", "limit", "offset"))
    if order is None and limit is None and offset is None:
        return query
    alias = scope.tables.names.fresh("q")
    at = place(node)
    columns = [Column(alias, item.name, item.expr.type, at) for item in output(query)]
    keys = tuple(_key(each, columns, order) for each in order.expressions) if order else ()
    items = tuple(Item(column, column.name) for column in columns)
    return Select(
        items,
        at,
        source=Derived(query, alias, at),
        order=keys,
        limit=row_count(limit, scope),
        offset=row_count(offset, scope) or 0,
    )


def _key(node: exp.Expr, columns: list[Column], order: exp.Expr) -> SortKey:
    """ORDER BY of a set operation: a column of its result by name or place."""
    inner = node.this
    found: Column | None = None
    if isinstance(inner, exp.Literal) and not inner.is_string and str(inner.this).isdigit():
        found = columns[int(inner.this) - 1]
    elif isinstance(inner, exp.Column):
        named = [column for column in columns if column.name.lower() == inner.name.lower()]
        found = named[0] if named else None
    if found is None:
        raise refuse_form(order, "this ORDER BY of a set operation", "order by a column of it")
    return SortKey(found, bool(node.args.get("desc")), bool(node.args.get("nulls_first")))


def row_count(node: exp.Expr | None, scope: Scope) -> int | None:
    """The number after LIMIT or OFFSET."""
    if node is None:
        return None
    known = {name for name, value in node.args.items() if value} <= {"this", "expression"}
    count = whole_constant(node.args.get("expression"), scope) if known else None
    if count is None:
        raise refuse_form(node, "this LIMIT", "write the number of rows", code=CLAUSE)
    return count


def _values(node: exp.Expr, scope: Scope) -> Query:
    """VALUES as one SELECT a row, united."""
    rows = [
        [bind(each, scope) for each in (row.expressions if isinstance(row, exp.Tuple) else [row])]
        for row in node.expressions
    ]
    columns: list[list[Expr]] = []
    for values in zip(*rows, strict=True):
        typed, type_ = alike(list(values))
        plain = INTEGER if type_ == NULL else type_
        columns.append([coerce(each, plain) for each in typed])
    alias = node.args.get("alias")
    given = [each.name for each in alias.args.get("columns") or ()] if alias is not None else []
    names = [*given, *(f"col{i}" for i in range(len(given), len(columns)))]
    at = place(node)
    made: Query | None = None
    for index in range(len(rows)):
        items = tuple(
            Item(column[index], name) for column, name in zip(columns, names, strict=True)
        )
        row = Select(items, at)
        made = row if made is None else _union_all(made, row, at)
    if made is None:
        raise Refused(NAME, "VALUES has no rows", at, "write a row")
    return made

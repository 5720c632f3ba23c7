"""FROM: tables, subqueries and joins, with the names that they bring into sight."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from flowforge_assets.sql.portable.bind_expr import alike, condition
from flowforge_assets.sql.portable.bind_logic import conjunction
from flowforge_assets.sql.portable.pivot import pivoted
from flowforge_assets.sql.portable.refusal import CLAUSE, NAME, Refused, place, refuse_form
from flowforge_assets.sql.portable.same import has_aggregate
from flowforge_assets.sql.portable.scope import Scope, Seen
from flowforge_assets.sql.portable.tree import (
    Call,
    Column,
    Derived,
    Exists,
    Expr,
    Item,
    Join,
    Literal,
    Query,
    Scalar,
    Select,
    Source,
    Table,
    output,
)
from flowforge_assets.sql.portable.types import BOOL, INTEGER

_JOIN_ARGS = {"this", "side", "kind", "on", "using", "method"}


def bind_from(select: exp.Expr, scope: Scope) -> tuple[Source | None, list[Expr]]:
    """The joined sources, and the conditions that semi and anti joins make."""
    start = select.args.get("from_")
    filters: list[Expr] = []
    if start is None:
        return None, filters
    source = _source(start.this, scope)
    for node in [*(start.this.args.get("joins") or ()), *(select.args.get("joins") or ())]:
        source = _join(source, node, scope, filters)
    if select.args.get("laterals"):
        raise refuse_form(select, "LATERAL VIEW", "use a subquery")
    return source, filters


def _source(node: exp.Expr, scope: Scope) -> Source:
    """A source; its names come into sight."""
    match node:
        case exp.Table():
            return _table(node, scope)
        case exp.Subquery() | exp.Values():
            return _derived(node, scope)
        case exp.Paren():
            return _source(node.this, scope)
        case exp.Lateral():
            raise refuse_form(
                node, "LATERAL", "use a subquery in SELECT, or a join on a grouped one", code=CLAUSE
            )
        case _:
            hint = "read a table, a WITH query or a subquery"
            raise refuse_form(node, "this in FROM", hint, code=CLAUSE)


def _table(node: exp.Table, scope: Scope) -> Source:
    unknown = {name for name, value in node.args.items() if value} - {
        *("this", "db", "catalog", "alias", "joins")
    }
    if unknown or not isinstance(node.this, exp.Identifier):
        hint = "read the rows of a table or a subquery; sample or generate outside"
        raise refuse_form(node, "this in FROM", hint, code=CLAUSE)
    at = place(node)
    parts = [node.args[part].name for part in ("catalog", "db", "this") if node.args.get(part)]
    name = ".".join(parts)
    with_query = scope.find_with(name) if len(parts) == 1 else None
    if with_query is not None:
        shown, columns = with_query
    elif name.lower() in scope.tables.tables:
        shown, columns = scope.tables.tables[name.lower()]
    else:
        raise Refused(NAME, f"no table `{name}`", at, "name a table of the schema")
    alias = node.args.get("alias")
    if alias is not None and alias.args.get("columns"):
        raise refuse_form(node, "new names for a table's columns", "rename them in a subquery")
    seen = scope.seen(alias.name if alias is not None else parts[-1], columns)
    _enter(seen, scope, node)
    return Table(shown, seen.written, with_query is not None, at)


def _derived(node: exp.Expr, scope: Scope) -> Source:
    alias = node.args.get("alias")
    if node.args.get("pivots"):
        return _pivot(node, scope)
    if node.args.get("sample"):
        raise refuse_form(node, "a sample", "read all rows", code=CLAUSE)
    query = scope.tables.bind_query(_bare(node), _outside(scope))
    name = alias.name if alias is not None and alias.name else scope.tables.names.fresh("q")
    items = output(query)
    renamed = [each.name for each in alias.args.get("columns") or ()] if alias is not None else []
    names = [*renamed, *(item.name for item in items[len(renamed) :])]
    if len({each.lower() for each in names}) != len(names):
        raise refuse_form(node, "a subquery with two columns of one name", "name them apart")
    if renamed:
        query = renamed_columns(query, names, scope)
    columns = tuple((n, item.expr.type) for n, item in zip(names, items, strict=True))
    seen = scope.seen(name, columns)
    _enter(seen, scope, node)
    return Derived(query, seen.written, place(node))


def _pivot(node: exp.Expr, scope: Scope) -> Source:
    """A source with PIVOT after it."""
    (pivot, *more) = node.args["pivots"]
    bare: exp.Expr = node.copy()
    bare.set("pivots", None)
    alias = pivot.args.get("alias")
    if more or bare.args.get("joins"):
        raise refuse_form(node, "several PIVOTs", "use subqueries", code=CLAUSE)
    made = exp.Subquery(this=pivot_query(bare, pivot, scope))
    if alias is not None:
        made.set("alias", alias.copy())
    return _derived(made, scope)


def pivot_query(source: exp.Expr, pivot: exp.Pivot, scope: Scope) -> exp.Select:
    """PIVOT of a source as a SELECT, for which the source's columns must be known."""
    inner = Scope(scope.tables, parent=scope.parent, with_queries=dict(scope.with_queries))
    _source(source, inner)
    return pivoted(source, pivot, [name for name, _ in inner.sources[0].columns])


def renamed_columns(query: Query, names: list[str], scope: Scope) -> Select:
    """The query's columns under other names."""
    items = output(query)
    at = items[0].expr.at
    inner = scope.tables.names.fresh("q")
    columns = tuple(
        Item(Column(inner, item.name, item.expr.type, at), name)
        for item, name in zip(items, names, strict=True)
    )
    return Select(columns, at, source=Derived(query, inner, at))


def _lateral(node: exp.Expr, scope: Scope) -> None:
    """A lateral query of aggregates alone has one row: each of its columns is a subquery."""
    inner, alias = node.this.this, node.this.args.get("alias")
    is_plain = not any(node.args.get(name) for name in ("side", "on", "using", "method"))
    query = scope.tables.bind_query(inner, scope) if isinstance(inner, exp.Subquery) else None
    is_one_row = isinstance(query, Select) and all(has_aggregate(i.expr) for i in query.items)
    if not is_plain or alias is None or not isinstance(query, Select) or not is_one_row:
        hint = "use a subquery in SELECT, or a join on a grouped one"
        raise refuse_form(node, "LATERAL of more than one row", hint, code=CLAUSE)
    if query.group is not None or query.having is not None or query.limit is not None:
        hint = "use a join on a grouped subquery"
        raise refuse_form(node, "LATERAL with groups", hint, code=CLAUSE)
    names = [each.name for each in alias.args.get("columns") or ()]
    names.extend(item.name for item in query.items[len(names) :])
    columns = tuple((n, item.expr.type) for n, item in zip(names, query.items, strict=True))
    _enter(Seen(alias.name, columns, alias.name), scope, node)
    for name, item in zip(names, query.items, strict=True):
        one = replace(query, items=(Item(item.expr, name),))
        scope.computed[alias.name, name] = Scalar(one, item.expr.type, item.expr.at)


def _bare(node: exp.Expr) -> exp.Expr:
    """A subquery without the alias by which FROM knows it."""
    if isinstance(node, exp.Subquery) and not any(
        node.args.get(name) for name in ("order", "limit", "offset", "with_")
    ):
        inner: exp.Expr = node.this
        return inner
    bare: exp.Expr = node.copy()
    bare.set("alias", None)
    return bare


def _outside(scope: Scope) -> Scope:
    """What a subquery in FROM sees: WITH queries and outer rows, not its neighbours."""
    return Scope(scope.tables, parent=scope.parent, with_queries=dict(scope.with_queries))


def _enter(seen: Seen, scope: Scope, node: exp.Expr) -> None:
    if any(each.alias.lower() == seen.alias.lower() for each in scope.sources):
        raise refuse_form(node, f"two sources named `{seen.alias}`", "give one an alias", code=NAME)
    scope.sources.append(seen)


def _join(left: Source, node: exp.Expr, scope: Scope, filters: list[Expr]) -> Source:
    method, kind = (str(node.args.get(name) or "").upper() for name in ("method", "kind"))
    unknown = {name for name, value in node.args.items() if value} - _JOIN_ARGS
    if (
        unknown
        or method not in {"", "NATURAL"}
        or kind not in {"", "INNER", "OUTER", "CROSS", "SEMI", "ANTI"}
    ):
        what = f"{method or kind} JOIN".strip()
        raise refuse_form(node, what, "join ON a condition", code=CLAUSE)
    if kind in {"SEMI", "ANTI"}:
        filters.append(_membership(node, kind, scope))
        return left
    side = str(node.args.get("side") or "").upper()
    if filters and side:
        raise refuse_form(node, "an outer join after a semi join", "use EXISTS", code=CLAUSE)
    if isinstance(node.this, exp.Lateral):
        _lateral(node, scope)
        return left
    before = len(scope.sources)
    right = _source(node.this, scope)
    for inner in node.this.args.get("joins") or ():
        right = _join(right, inner, scope, filters)
    using = [each.name for each in node.args.get("using") or ()]
    if method:
        using = _shared_names(scope.sources[:before], scope.sources[before:])
    on = node.args.get("on")
    if using:
        match: Expr | None = _using(using, before, side, scope, node)
    else:
        match = condition(on, scope) if on is not None else None
    if match is None and side:
        raise refuse_form(node, f"{side} JOIN without a condition", "join ON a condition")
    return Join(
        left, right, (side or "INNER") if match is not None else "CROSS", match, place(node)
    )


def _shared_names(left: list[Seen], right: list[Seen]) -> list[str]:
    """The columns that both sides have, by which NATURAL joins."""
    known = {name.lower() for seen in left for name, _ in seen.columns}
    return [name for seen in right for name, _ in seen.columns if name.lower() in known]


def _using(names: list[str], before: int, side: str, scope: Scope, node: exp.Expr) -> Expr:
    parts: list[Expr] = []
    for name in names:
        lefts = Scope(scope.tables, sources=scope.sources[:before], merged=dict(scope.merged))
        rights = Scope(scope.tables, sources=scope.sources[before:])
        left, right = (each.own_column(name, None, place(node)) for each in (lefts, rights))
        if left is None or not isinstance(right, Column):
            raise refuse_form(node, f"USING `{name}`", "name a column of both sides", code=NAME)
        (one, other), type_ = alike([left, right])
        parts.append(Call("equal", (one, other), BOOL, left.at))
        scope.skipped.add((right.source, right.name.lower()))
        if side == "FULL":
            scope.merged[name.lower()] = Call("coalesce", (one, other), type_, left.at)
        else:
            scope.merged[name.lower()] = right if side == "RIGHT" else left
    return conjunction(parts)


def _membership(node: exp.Expr, kind: str, scope: Scope) -> Expr:
    """A semi join as EXISTS, an anti join as NOT EXISTS."""
    inner = Scope(scope.tables, parent=scope)
    right = _source(node.this, inner)
    on = node.args.get("on")
    if on is None:
        raise refuse_form(node, f"{kind} JOIN USING", "write the condition with ON", code=CLAUSE)
    at = place(node)
    one = Item(Literal(1, INTEGER, at), "one")
    found = Exists(Select((one,), at, source=right, where=condition(on, inner)), at)
    return found if kind == "SEMI" else Call("not", (found,), BOOL, at)

"""SELECT without DuckDB's sugar: stars, aliases used early, QUALIFY and DISTINCT ON are gone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sqlglot import exp

from flowforge_assets.sql.portable.bind_aggregate import sort_key
from flowforge_assets.sql.portable.bind_expr import bind, condition
from flowforge_assets.sql.portable.bind_logic import conjunction
from flowforge_assets.sql.portable.bind_source import bind_from
from flowforge_assets.sql.portable.group_frames import by_numbers
from flowforge_assets.sql.portable.refusal import CLAUSE, NAME, Refused, place, refuse_form
from flowforge_assets.sql.portable.same import has_aggregate, has_query, same
from flowforge_assets.sql.portable.scope import Scope
from flowforge_assets.sql.portable.tree import (
    Aggregate,
    Call,
    Case,
    Cast,
    Column,
    Derived,
    Exists,
    Expr,
    Grouping,
    GroupingBit,
    InList,
    InQuery,
    Item,
    Literal,
    Scalar,
    Select,
    SortKey,
    Window,
)
from flowforge_assets.sql.portable.types import BIGINT, BOOL

_ARGS = {
    *("expressions", "from_", "joins", "where", "group", "having", "qualify", "order", "limit"),
    *("offset", "distinct", "windows", "with_", "hint", "laterals"),
}


def bind_select(node: exp.Select, scope: Scope) -> Select:
    """The portable form of one SELECT; `scope` sees the queries around it."""
    # the two modules need each other: a query has SELECTs, a SELECT has queries
    from flowforge_assets.sql.portable.bind_query import row_count

    node = by_numbers(node, scope.tables.names.fresh)
    unknown = {name for name, value in node.args.items() if value} - _ARGS
    if unknown:
        what = f"`{min(unknown)}` in SELECT"
        raise refuse_form(node, what, "leave it out, or do it outside", code=CLAUSE)
    for window in node.args.get("windows") or ():
        scope.windows[window.name.lower()] = window
    scope.results = frozenset(each.alias_or_name.lower() for each in node.expressions)
    source, filters = bind_from(node, scope)
    items = _items(node, scope)
    scope.aliases = {item.name.lower(): item.expr for item in items}
    where = node.args.get("where")
    if where is not None:
        filters.append(condition(where.this, scope))
    group = _group(node, items, scope)
    if group is not None and any(map(has_query, group.keys)):
        hint = "compute it in a subquery in FROM, and group by its column"
        raise refuse_form(node.args["group"], "GROUP BY a subquery", hint, code=CLAUSE)
    having = node.args.get("having")
    made = Select(
        items,
        place(node),
        source=source,
        where=conjunction(filters) if filters else None,
        group=group,
        having=condition(having.this, _aliases_only(node, scope)) if having is not None else None,
    )
    order = _order(node, items, scope)
    limit = row_count(node.args.get("limit"), scope)
    offset = row_count(node.args.get("offset"), scope) or 0
    return _finished(node, made, order, limit, offset, scope)


def _aliases_only(node: exp.Select, scope: Scope) -> Scope:
    """The scope for HAVING and QUALIFY, where a name must not mean two things."""
    clauses = [node.args.get("having"), node.args.get("qualify")]
    for clause in clauses:
        for column in clause.find_all(exp.Column) if clause is not None else ():
            alias = scope.aliases.get(column.name.lower())
            if alias is None or column.args.get("table") or _inside_select(column, clause):
                continue
            own = scope.own_column(column.name, None, place(column))
            if own is not None and not same(own, alias):
                hint = "give the result's column another name, or write the table before it"
                raise refuse_form(
                    column, f"`{column.name}`, a column and an alias,", hint, code=NAME
                )
    return scope


def _inside_select(column: exp.Expr, clause: exp.Expr | None) -> bool:
    found = column.find_ancestor(exp.Select)
    return found is not None and clause is not None and found is not clause.parent


def _items(node: exp.Select, scope: Scope) -> tuple[Item, ...]:
    """The result's columns, with stars spelled out and early aliases replaced."""
    found: list[Item] = []
    for each in node.expressions:
        star = each.this if isinstance(each, exp.Column) else each
        if isinstance(star, exp.Star):
            found.extend(_star(each, star, scope))
            continue
        expr = bind(each, scope)
        name = each.alias_or_name if isinstance(each, (exp.Alias, exp.Column)) else ""
        if isinstance(each, exp.Column) and isinstance(expr, Column):
            name = expr.name
        found.append(Item(expr, name or scope.tables.names.fresh("unnamed")))
        if isinstance(each, exp.Alias):
            scope.aliases.setdefault(name.lower(), expr)
    return tuple(found)


def _star(node: exp.Expr, star: exp.Star, scope: Scope) -> list[Item]:
    if {name for name, value in star.args.items() if value} - {"except_", "replace", "rename"}:
        raise refuse_form(node, "this form of *", "name the columns")
    source = (
        node.args["table"].name if isinstance(node, exp.Column) and node.args.get("table") else None
    )
    left_out = {each.name.lower() for each in star.args.get("except_") or ()}
    replaced = {each.alias.lower(): each.this for each in star.args.get("replace") or ()}
    renamed = {each.this.name.lower(): each.alias for each in star.args.get("rename") or ()}
    items: list[Item] = []
    for name, expr in scope.star(source, place(node)):
        if name.lower() in left_out:
            continue
        new = replaced.get(name.lower())
        items.append(
            Item(bind(new, scope) if new is not None else expr, renamed.get(name.lower(), name))
        )
    return items


def _group(node: exp.Select, items: tuple[Item, ...], scope: Scope) -> Grouping | None:
    group = node.args.get("group")
    if group is None:
        return None
    if group.args.get("all"):
        listed = [item.expr for item in items if not has_aggregate(item.expr)]
        named = tuple(key for key in listed if not isinstance(key, Literal))
        if listed and not named:
            raise refuse_form(group, "a constant to group by", "leave it out", code=CLAUSE)
        return Grouping(named)
    if {name for name, value in group.args.items() if value} - {"expressions"}:
        raise refuse_form(group, "this GROUP BY", "list the keys", code=CLAUSE)
    keys = _Keys(items, scope)
    plain = [each for each in group.expressions if not isinstance(each, _SETS)]
    special = [each for each in group.expressions if isinstance(each, _SETS)]
    for each in plain:
        keys.index(each)
    if any(isinstance(key, Literal) for key in keys.found):
        raise refuse_form(group, "a constant to group by", "leave it out", code=CLAUSE)
    if not special:
        return Grouping(tuple(keys.found))
    if len(special) > 1 or plain:
        raise refuse_form(group, "GROUP BY of several kinds", "use GROUPING SETS", code=CLAUSE)
    return _grouping_sets(special[0], keys)


_SETS = (exp.Rollup, exp.Cube, exp.GroupingSets)


@dataclass(slots=True)
class _Keys:
    """The keys of a GROUP BY, each once."""

    items: tuple[Item, ...]
    scope: Scope
    found: list[Expr] = field(default_factory=list[Expr])

    def index(self, node: exp.Expr) -> int:
        """The place of a key, which is entered if it is new."""
        if isinstance(node, exp.Literal) and not node.is_string:
            expr = self.items[int(node.this) - 1].expr
        else:
            expr = bind(node, self.scope)
        for index, known in enumerate(self.found):
            if same(known, expr):
                return index
        self.found.append(expr)
        return len(self.found) - 1


def _grouping_sets(node: exp.Expr, keys: _Keys) -> Grouping:
    if not isinstance(node, exp.GroupingSets):
        if any(isinstance(each, exp.Tuple) for each in node.expressions):
            raise refuse_form(node, "keys that are joined", "use GROUPING SETS", code=CLAUSE)
        for each in node.expressions:
            keys.index(each)
        form = "rollup" if isinstance(node, exp.Rollup) else "cube"
        return Grouping(tuple(keys.found), form)
    sets: list[tuple[int, ...]] = []
    for each in node.expressions:
        if isinstance(each, _SETS):
            raise refuse_form(each, "a rollup inside GROUPING SETS", "list the sets", code=CLAUSE)
        inner = each.expressions if isinstance(each, exp.Tuple) else [each.unnest()]
        sets.append(tuple(keys.index(key) for key in inner))
    return Grouping(tuple(keys.found), "sets", tuple(sets))


def _order(node: exp.Select, items: tuple[Item, ...], scope: Scope) -> tuple[SortKey, ...]:
    order = node.args.get("order")
    if order is None:
        return ()
    keys: list[SortKey] = []
    for each in order.expressions:
        inner = each.this if isinstance(each, exp.Ordered) else each
        if isinstance(inner, exp.Var) and inner.name.upper() == "ALL":
            flags = sort_key(exp.Ordered(**{**each.args, "this": exp.Literal.number(1)}), scope)
            keys.extend(replace(flags, expr=item.expr) for item in items)
        elif isinstance(inner, exp.Literal) and not inner.is_string:
            flags = sort_key(each, scope)
            keys.append(replace(flags, expr=items[int(inner.this) - 1].expr))
        else:
            keys.append(_order_key(each, inner, items, scope))
    return tuple(key for key in keys if not isinstance(key.expr, Literal))


def _order_key(each: exp.Expr, inner: exp.Expr, items: tuple[Item, ...], scope: Scope) -> SortKey:
    """An alias of the result wins over a column of the same name."""
    if isinstance(inner, exp.Column) and not inner.args.get("table"):
        named = [item for item in items if item.name.lower() == inner.name.lower()]
        if named:
            flags = sort_key(exp.Ordered(**{**each.args, "this": exp.Literal.number(1)}), scope)
            return replace(flags, expr=named[0].expr)
    for column in inner.find_all(exp.Column):
        alias = scope.aliases.get(column.name.lower())
        own = (
            None if column.args.get("table") else scope.own_column(column.name, None, place(column))
        )
        if alias is not None and own is not None and not same(alias, own):
            hint = "give the result's column another name, or write the table before it"
            raise refuse_form(column, f"`{column.name}`, a column and an alias,", hint, code=NAME)
    return sort_key(each, scope)


def _finished(  # noqa: PLR0917 - the clauses after GROUP BY
    node: exp.Select,
    made: Select,
    order: tuple[SortKey, ...],
    limit: int | None,
    offset: int,
    scope: Scope,
) -> Select:
    """The SELECT with QUALIFY, DISTINCT, ORDER BY and LIMIT, in a SELECT around it if need be."""
    distinct = node.args.get("distinct")
    qualify = node.args.get("qualify")
    on = distinct.args.get("on") if distinct is not None else None
    if on is not None:
        if not order:
            hint = "add ORDER BY, or use GROUP BY"
            raise refuse_form(node, "DISTINCT ON without an order", hint, code=CLAUSE)
        keys = [bind(each, scope) for each in on.expressions]
        made, order, test = _first_of_each(made, keys, order, scope)
        return _around(made, order, limit, offset, scope, test, distinct=False)
    if qualify is not None:
        test = condition(qualify.this, _aliases_only(node, scope))
        return _around(made, order, limit, offset, scope, test, distinct=distinct is not None)
    if distinct is not None and order:
        if not all(any(same(key.expr, item.expr) for item in made.items) for key in order):
            raise refuse_form(node, "an order by what DISTINCT leaves out", "select it too")
        return _around(
            replace(made, distinct=True), order, limit, offset, scope, None, distinct=False
        )
    return replace(made, distinct=distinct is not None, order=order, limit=limit, offset=offset)


def _first_of_each(
    made: Select, keys: list[Expr], order: tuple[SortKey, ...], scope: Scope
) -> tuple[Select, tuple[SortKey, ...], Expr]:
    at = made.at
    number = Aggregate("row_number", (), BIGINT, at)
    if any(has_aggregate(item.expr) for item in made.items) or made.group is not None:
        raise Refused(CLAUSE, "DISTINCT ON over groups is not portable", at, "group in a subquery")
    window = Window(number, tuple(keys), order, None, BIGINT, at)
    del scope
    return made, order, Call("equal", (window, Literal(1, BIGINT, at)), BOOL, at)


@dataclass(slots=True)
class _Lift:
    """Moves expressions of a SELECT into columns that a SELECT around it can name."""

    alias: str
    items: list[Item]
    scope: Scope

    def lifted(self, expr: Expr) -> Expr:
        """The same value outside: columns, windows and aggregates by their new names."""
        for item in self.items:
            if same(item.expr, expr):
                return Column(self.alias, item.name, expr.type, expr.at)
        if isinstance(expr, (Column, Window, Aggregate, GroupingBit, Scalar, Exists, InQuery)):
            name = self.scope.tables.names.fresh("k")
            self.items.append(Item(expr, name))
            return Column(self.alias, name, expr.type, expr.at)
        match expr:
            case Call():
                return replace(expr, args=tuple(self.lifted(arg) for arg in expr.args))
            case Cast():
                return replace(expr, arg=self.lifted(expr.arg))
            case Case():
                whens = tuple((self.lifted(a), self.lifted(b)) for a, b in expr.whens)
                return replace(expr, whens=whens, otherwise=self.lifted(expr.otherwise))
            case InList():
                items = tuple(self.lifted(item) for item in expr.items)
                return replace(expr, arg=self.lifted(expr.arg), items=items)
            case Literal():
                return expr


def _around(  # noqa: PLR0917 - the clauses after GROUP BY
    made: Select,
    order: tuple[SortKey, ...],
    limit: int | None,
    offset: int,
    scope: Scope,
    test: Expr | None,
    *,
    distinct: bool,
) -> Select:
    """A SELECT of the rows of `made` that pass the test, in order."""
    if len({item.name.lower() for item in made.items}) != len(made.items):
        raise Refused(NAME, "two columns have one name", made.at, "give one another name with AS")
    alias = scope.tables.names.fresh("q")
    lift = _Lift(alias, list(made.items), scope)
    outer = tuple(Item(lift.lifted(item.expr), item.name) for item in made.items)
    where = lift.lifted(test) if test is not None else None
    keys = tuple(replace(key, expr=lift.lifted(key.expr)) for key in order)
    inner = replace(made, items=tuple(lift.items))
    return Select(
        outer,
        made.at,
        source=Derived(inner, alias, made.at),
        where=where,
        distinct=distinct,
        order=keys,
        limit=limit,
        offset=offset,
    )

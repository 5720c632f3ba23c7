"""Conditions of DuckDB's SQL as typed operations: comparisons, AND and OR, IN, EXISTS, IS."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from flowforge_assets.sql.portable.bind_expr import alike, bind, condition, pair, reads
from flowforge_assets.sql.portable.refusal import FORM, TYPE, Refused, place, refuse_form
from flowforge_assets.sql.portable.scope import Scope
from flowforge_assets.sql.portable.tree import (
    Call,
    Column,
    Derived,
    Exists,
    Expr,
    InList,
    InQuery,
    Item,
    Literal,
    Select,
    output,
)
from flowforge_assets.sql.portable.types import BOOL, INTEGER, Kind

_COMPARISONS: Final[dict[type[exp.Expr], str]] = {
    exp.EQ: "equal",
    exp.NEQ: "not_equal",
    exp.LT: "less",
    exp.LTE: "less_or_equal",
    exp.GT: "greater",
    exp.GTE: "greater_or_equal",
    exp.NullSafeEQ: "not_distinct",
    exp.NullSafeNEQ: "distinct",
}


_CHAINED: Final = (*_COMPARISONS, exp.Is, exp.Between, exp.In, exp.Like, exp.ILike)


def _unchained(node: exp.Expr) -> None:
    """Refuses `a IS DISTINCT FROM b = c`: what holds first there is read in two ways."""
    for name in ("this", "expression", "low", "high"):
        part = node.args.get(name)
        if isinstance(node, (exp.NullSafeEQ, exp.NullSafeNEQ)) and isinstance(part, exp.Paren):
            part = part.this  # the parser puts them where DuckDB would not
        if isinstance(part, _CHAINED):
            hint = "write parentheses around the one that is compared first"
            raise refuse_form(node, "a comparison of a comparison", hint)


@reads(*_COMPARISONS, args=["this", "expression"])
def _compare(node: exp.Expr, scope: Scope) -> Expr:
    _unchained(node)
    if isinstance(node.args["expression"], (exp.Any, exp.All)):
        return _compare_any(node, scope)
    if isinstance(node.this, exp.Tuple) and isinstance(node.args["expression"], exp.Tuple):
        return _compare_rows(node, scope)
    operands, _ = alike(list(pair(node, scope)))
    return Call(_COMPARISONS[type(node)], tuple(operands), BOOL, operands[0].at)


def _compare_any(node: exp.Expr, scope: Scope) -> Expr:
    """`x = ANY (SELECT ...)` is IN, `x <> ALL (SELECT ...)` is NOT IN."""
    among: exp.Expr = node.args["expression"]
    is_in = isinstance(node, exp.EQ) and isinstance(among, exp.Any)
    is_out = isinstance(node, exp.NEQ) and isinstance(among, exp.All)
    inner = among.this if isinstance(among.this, exp.Subquery) else exp.Subquery(this=among.this)
    if not (is_in or is_out) or not isinstance(inner.this, exp.Query):
        hint = "use IN, or compare with the least or greatest value of a subquery"
        raise refuse_form(node, "ANY or ALL with this comparison", hint)
    found = _in(exp.In(this=node.this, query=inner), scope)
    return found if is_in else Call("not", (found,), BOOL, found.at)


def _compare_rows(node: exp.Expr, scope: Scope) -> Expr:
    left, right = node.this.expressions, node.args["expression"].expressions
    if not isinstance(node, exp.EQ) or len(left) != len(right):
        raise refuse_form(node, "comparing rows", "compare column by column")
    parts = [
        _compare(exp.EQ(this=a, expression=b), scope) for a, b in zip(left, right, strict=True)
    ]
    return conjunction(parts)


def conjunction(parts: list[Expr]) -> Expr:
    """All of the conditions, of which there is at least one."""
    whole = parts[0]
    for part in parts[1:]:
        whole = Call("and", (whole, part), BOOL, whole.at)
    return whole


@reads(exp.And, exp.Or, args=["this", "expression"])
def _logic(node: exp.Expr, scope: Scope) -> Expr:
    name = "and" if isinstance(node, exp.And) else "or"
    left, right = (condition(each, scope) for each in (node.this, node.args["expression"]))
    return Call(name, (left, right), BOOL, left.at)


@reads(exp.Not, args=["this"])
def _not(node: exp.Expr, scope: Scope) -> Expr:
    arg = condition(node.this, scope)
    if isinstance(arg, Call) and arg.name in {"is_null", "is_not_null"}:
        opposite = "is_not_null" if arg.name == "is_null" else "is_null"
        return Call(opposite, arg.args, BOOL, arg.at)
    return Call("not", (arg,), BOOL, arg.at)


@reads(exp.Is, args=["this", "expression"])
def _is(node: exp.Expr, scope: Scope) -> Expr:
    _unchained(node)
    right = node.args["expression"]
    if isinstance(right, exp.Null):
        arg = bind(node.this, scope)
        return Call("is_null", (arg,), BOOL, arg.at)
    if isinstance(right, exp.Boolean):
        arg = condition(node.this, scope)
        truth = Literal(bool(right.this), BOOL, arg.at)
        return Call("not_distinct", (arg, truth), BOOL, arg.at)
    raise refuse_form(node, "this form of IS", "use IS NULL or IS TRUE")


@reads(exp.Between, args=["this", "low", "high"])
def _between(node: exp.Expr, scope: Scope) -> Expr:
    _unchained(node)
    parts = [bind(node.args[name], scope) for name in ("this", "low", "high")]
    (arg, low, high), _ = alike(parts)
    return Call("between", (arg, low, high), BOOL, arg.at)


@reads(exp.In, args=["this", "expressions", "query"])
def _in(node: exp.Expr, scope: Scope) -> Expr:
    _unchained(node)
    query = node.args.get("query")
    if isinstance(node.this, exp.Tuple):
        return _rows_in(node, scope)
    arg = bind(node.this, scope)
    if query is not None:
        bound = scope.tables.bind_query(query, scope)
        (item,) = output(bound)
        (arg, inner), type_ = alike([arg, item.expr])
        if inner.type != item.expr.type or (
            inner is not item.expr and type_.kind is not Kind.INTEGER
        ):
            raise Refused(TYPE, "IN compares two types", arg.at, "cast the column of the subquery")
        return InQuery(arg, bound, arg.at)
    items = [bind(each, scope) for each in node.expressions]
    (arg, *rest), _ = alike([arg, *items])
    return InList(arg, tuple(rest), arg.at)


def _rows_in(node: exp.Expr, scope: Scope) -> Expr:
    """`(a, b) IN (SELECT ...)` where only truth counts: a row that equals column by column."""
    query = node.args.get("query")
    around = node.parent
    while isinstance(around, (exp.And, exp.Paren)):
        around = around.parent
    if query is None or not isinstance(around, exp.Where):
        hint = "use EXISTS with one comparison a column"
        raise Refused(FORM, "IN over rows is portable in WHERE only", place(node), hint)
    bound = scope.tables.bind_query(query, scope)
    alias, at = scope.tables.names.fresh("q"), place(node)
    parts: list[Expr] = []
    for given, item in zip(node.this.expressions, output(bound), strict=True):
        column = Column(alias, item.name, item.expr.type, at)
        operands, _ = alike([bind(given, scope), column])
        parts.append(Call("equal", tuple(operands), BOOL, at))
    one = Item(Literal(1, INTEGER, at), "one")
    source = Derived(bound, alias, at)
    return Exists(Select((one,), at, source=source, where=conjunction(parts)), at)


@reads(exp.Exists, args=["this"])
def _exists(node: exp.Expr, scope: Scope) -> Expr:
    return Exists(scope.tables.bind_query(node.this, scope), place(node))


@reads(exp.ArrayContains, args=["this", "expression", "ensure_variant", "check_null"])
def _among(node: exp.Expr, scope: Scope) -> Expr:
    """`list_contains([1, 2], x)` of constants: IN; DuckDB gives null for a null x."""
    listed = node.this
    if not isinstance(listed, exp.Array) or not listed.expressions:
        raise refuse_form(node, "`list_contains` of a list that is no constant", "use IN")
    items = [bind(each, scope) for each in listed.expressions]
    if not all(isinstance(each, Literal) and each.value is not None for each in items):
        raise refuse_form(node, "`list_contains` of what is no constant", "use IN")
    (arg, *rest), _ = alike([bind(node.args["expression"], scope), *items])
    return InList(arg, tuple(rest), arg.at)

"""Aggregates and windows of DuckDB as typed operations."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Final

from sqlglot import exp

from flowforge_assets.sql.portable.bind_cast import bool_as
from flowforge_assets.sql.portable.bind_expr import (
    alike,
    bind,
    condition,
    make_case,
    reads,
    shown,
    text_constant,
    whole_constant,
)
from flowforge_assets.sql.portable.bind_frame import frame as window_frame
from flowforge_assets.sql.portable.bind_text import text
from flowforge_assets.sql.portable.coerce import coerce
from flowforge_assets.sql.portable.refusal import FORM, TYPE, Refused, place, refuse_form
from flowforge_assets.sql.portable.same import same
from flowforge_assets.sql.portable.scope import Scope
from flowforge_assets.sql.portable.tree import (
    Aggregate,
    Expr,
    Frame,
    GroupingBit,
    Literal,
    SortKey,
    Window,
)
from flowforge_assets.sql.portable.types import (
    BIGINT,
    BOOL,
    DOUBLE,
    HUGEINT,
    INTEGER,
    TEXT,
    Kind,
    SqlType,
    decimal,
)

_OF_DOUBLE: Final[dict[type[exp.Expr], str]] = {
    exp.Avg: "mean",
    exp.Stddev: "stddev",
    exp.StddevSamp: "stddev",
    exp.StddevPop: "stddev_population",
    exp.Variance: "variance",
    exp.VariancePop: "variance_population",
    exp.Median: "median",
}
_OF_PAIRS: Final[dict[type[exp.Expr], str]] = {
    exp.Corr: "correlation",
    exp.CovarPop: "covariance_population",
    exp.CovarSamp: "covariance",
}
_RANKS: Final[dict[type[exp.Expr], tuple[str, SqlType]]] = {
    exp.RowNumber: ("row_number", BIGINT),
    exp.Rank: ("rank", BIGINT),
    exp.DenseRank: ("dense_rank", BIGINT),
    exp.PercentRank: ("percent_rank", DOUBLE),
    exp.CumeDist: ("cume_dist", DOUBLE),
}
_OFFSETS: Final[dict[type[exp.Expr], str]] = {exp.Lag: "lag", exp.Lead: "lead"}
_VALUES: Final[dict[type[exp.Expr], str]] = {
    exp.FirstValue: "first_value",
    exp.LastValue: "last_value",
    exp.NthValue: "nth_value",
}
_JOIN_HINT: Final = "use string_agg(x, ',' ORDER BY k)"
AGGREGATES: Final[tuple[type[exp.Expr], ...]] = (
    exp.Sum,
    exp.Count,
    exp.Min,
    exp.Max,
    exp.GroupConcat,
    exp.LogicalAnd,
    exp.LogicalOr,
    exp.CountIf,
    exp.PercentileCont,
    *_OF_DOUBLE,
    *_OF_PAIRS,
)


@reads(exp.Filter, args=["this", "expression"])
def _filtered(node: exp.Expr, scope: Scope) -> Expr:
    return _aggregate(node.this, scope, condition(node.args["expression"].this, scope))


@reads(exp.ArrayToString, args=["this", "expression"])
def _joined_list(node: exp.Expr, scope: Scope) -> Expr:
    """`array_to_string(list(x ORDER BY k), ',')`: nulls are left out, as `string_agg` does."""
    made, where = node.this, None
    if isinstance(made, exp.Filter):
        where, made = condition(made.args["expression"].this, scope), made.this
    if not isinstance(made, exp.ArrayAgg) or set(filter(made.args.get, made.args)) - {"this"}:
        raise refuse_form(node, "`array_to_string` of what is no `list(x ORDER BY k)`", _JOIN_HINT)
    texts = exp.GroupConcat(this=made.this, separator=node.args["expression"])
    return _texts(texts, scope, where)


@reads(*AGGREGATES, args=["this", "expression", "expressions", "separator", "big_int"])
def _plain(node: exp.Expr, scope: Scope) -> Expr:
    return _aggregate(node, scope, None)


def _aggregate(node: exp.Expr, scope: Scope, where: Expr | None) -> Aggregate:
    """The aggregate over the rows for which `where` is true: the others become nulls."""
    match node:
        case exp.Count():
            return _count(node, scope, where)
        case exp.GroupConcat():
            return _texts(node, scope, where)
        case exp.CountIf():
            return _counted(node, condition(node.this, scope), where)
        case exp.LogicalAnd() | exp.LogicalOr():
            name = "all_true" if isinstance(node, exp.LogicalAnd) else "any_true"
            arg = _kept(condition(node.this, scope), where)
            return Aggregate(name, (arg,), BOOL, arg.at)
        case exp.Sum() | exp.Min() | exp.Max():
            return _folded(node, scope, where)
        case exp.PercentileCont():
            return _quantile(node, scope, where)
        case _ if type(node) in _OF_PAIRS:
            pair = (node.this, node.args["expression"])
            args = tuple(_kept(_double(each, scope), where) for each in pair)
            return Aggregate(_OF_PAIRS[type(node)], args, DOUBLE, args[0].at)
        case _ if type(node) in _OF_DOUBLE:
            return _of_double(node, scope, where)
        case _:
            raise refuse_form(node, f"`{shown(node)}`", "use a plain aggregate")


def _of_double(node: exp.Expr, scope: Scope, where: Expr | None) -> Aggregate:
    inner, distinct = _distinct(node)
    arg = bind(inner, scope)
    is_median = isinstance(node, exp.Median)
    if is_median and (distinct or arg.type.kind is Kind.DECIMAL):
        raise refuse_form(node, "this `median`", "take it of a DOUBLE")
    if is_median and isinstance(arg, Literal):
        raise refuse_form(node, "`median` of a constant", "write the constant alone")
    made = _kept(_double(inner, scope), where)
    return Aggregate(_OF_DOUBLE[type(node)], (made,), DOUBLE, arg.at, distinct=distinct)


def _quantile(node: exp.Expr, scope: Scope, where: Expr | None) -> Aggregate:
    """`quantile_cont(x, 0.25)`: between the two nearest values."""
    share = node.args.get("expression")
    found = bind(share, scope) if share is not None else None
    value = found.value if isinstance(found, Literal) else None
    arg = bind(node.this, scope)
    if (
        not isinstance(value, (int, Decimal))
        or not 0 <= value <= 1
        or arg.type.kind is Kind.DECIMAL
    ):
        raise refuse_form(node, "this quantile", "take one share from 0 to 1, of a DOUBLE")
    if isinstance(arg, Literal):
        raise refuse_form(node, "a quantile of a constant", "write the constant alone")
    share_of = Literal(Decimal(value), decimal(18, 17), arg.at)
    return Aggregate(
        "quantile", (_kept(_double(node.this, scope), where), share_of), DOUBLE, arg.at
    )


def _double(node: exp.Expr, scope: Scope) -> Expr:
    arg = bind(node, scope)
    if not arg.type.is_number:
        raise Refused(TYPE, f"a `{arg.type}` is used as a number", arg.at, "cast it to a number")
    return coerce(arg, DOUBLE)


def _kept(arg: Expr, where: Expr | None) -> Expr:
    """The value where the row counts, else null."""
    return arg if where is None else make_case([where], [arg], None, arg.at)


def _distinct(node: exp.Expr) -> tuple[exp.Expr, bool]:
    inner = node.this
    if not isinstance(inner, exp.Distinct):
        return inner, False
    if len(inner.expressions) != 1 or inner.args.get("on"):
        raise refuse_form(node, "DISTINCT over several columns", "use one column")
    return inner.expressions[0], True


def _count(node: exp.Expr, scope: Scope, where: Expr | None) -> Aggregate:
    if node.expressions:
        raise refuse_form(node, "counting several columns", "count one")
    if node.this is None or isinstance(node.this, exp.Star):
        if where is None:
            return Aggregate("count_rows", (), BIGINT, place(node))
        one = Literal(1, INTEGER, where.at)
        return Aggregate("count", (_kept(one, where),), BIGINT, where.at)
    inner, distinct = _distinct(node)
    arg = _kept(bind(inner, scope), where)
    return Aggregate("count", (arg,), BIGINT, arg.at, distinct=distinct)


def _counted(node: exp.Expr, truth: Expr, where: Expr | None) -> Aggregate:
    """DuckDB adds ones and zeros: the count of no row is null."""
    del node
    ones = _kept(bool_as(truth, INTEGER), where)
    return Aggregate("sum", (ones,), HUGEINT, truth.at)


def _folded(node: exp.Expr, scope: Scope, where: Expr | None) -> Aggregate:
    if node.args.get("expressions"):
        raise refuse_form(node, f"`{shown(node)}` of several values", "use one value")
    inner, distinct = _distinct(node)
    arg = bind(inner, scope)
    if not isinstance(node, exp.Sum):
        if arg.type.kind is Kind.BOOL:
            name = "all_true" if isinstance(node, exp.Min) else "any_true"
            return Aggregate(name, (_kept(arg, where),), BOOL, arg.at)
        name = "min" if isinstance(node, exp.Min) else "max"
        return Aggregate(name, (_kept(arg, where),), arg.type, arg.at)
    if arg.type.kind is Kind.BOOL:
        arg = bool_as(arg, INTEGER)
    if not arg.type.is_number:
        raise Refused(TYPE, f"a sum of `{arg.type}`", arg.at, "count what is true with count_if")
    type_ = {Kind.INTEGER: HUGEINT, Kind.DOUBLE: DOUBLE}.get(arg.type.kind)
    made = type_ or decimal(38, arg.type.scale)
    return Aggregate("sum", (_kept(arg, where),), made, arg.at, distinct=distinct)


def _texts(node: exp.Expr, scope: Scope, where: Expr | None) -> Aggregate:
    """`string_agg(x, ', ' ORDER BY k)`; without an order its result is left to chance."""
    inner, distinct, order = node.this, False, list[exp.Expr]()
    if isinstance(inner, exp.Order):
        order, inner = inner.expressions, inner.this
    if isinstance(inner, exp.Distinct):
        distinct, inner = True, inner.expressions[0]
    if isinstance(inner, exp.Order):
        order, inner = inner.expressions, inner.this
    arg = text(inner, scope)
    keys = [sort_key(each, scope) for each in order]
    separator = text_constant(node.args["separator"]) if node.args.get("separator") else ","
    if separator is None:
        raise refuse_form(node, "a separator that is computed", "write it as a constant")
    if not keys:
        hint = "add ORDER BY inside: string_agg(x, ',' ORDER BY x)"
        raise Refused(FORM, "`string_agg` has no order here", arg.at, hint)
    if distinct and (len(keys) > 1 or not same(keys[0].expr, arg)):
        raise refuse_form(node, "`string_agg` of distinct values by another order", "order by it")
    args = (_kept(arg, where), Literal(separator, TEXT, arg.at))
    return Aggregate("join_texts", args, TEXT, arg.at, distinct=distinct, order=tuple(keys))


def sort_key(node: exp.Expr, scope: Scope) -> SortKey:
    """A key of ORDER BY; DuckDB puts nulls last in both directions unless told."""
    expr, descending, nulls_first = node, False, False
    if isinstance(node, exp.Ordered):
        if node.args.get("with_fill"):
            raise refuse_form(node, "WITH FILL", "leave it out")
        expr = node.this
        descending = bool(node.args.get("desc"))
        nulls_first = bool(node.args.get("nulls_first"))
    return SortKey(bind(expr, scope), descending, nulls_first)


@reads(exp.Window, args=["this", "partition_by", "order", "spec", "alias", "over"])
def _window(node: exp.Expr, scope: Scope) -> Expr:
    inner = node.this
    alias = node.args.get("alias")
    if alias is not None:
        named = scope.find_window(alias.name)
        if named is None or node.args.get("order") or node.args.get("spec"):
            raise refuse_form(node, "a window built on another", "write the window in full")
        node = named
    partition = tuple(bind(each, scope) for each in node.args.get("partition_by") or ())
    ordered = node.args["order"].expressions if node.args.get("order") else ()
    keys = (sort_key(each, scope) for each in ordered)
    order = tuple(key for key in keys if not isinstance(key.expr, Literal))
    partition = tuple(key for key in partition if not isinstance(key, Literal))
    function = _window_function(inner, scope)
    spec = node.args.get("spec")
    frame, counted = window_frame(spec, order)
    if counted is not None:
        order = (counted,)
        if not isinstance(inner, _FOLDS):
            raise refuse_form(inner, "this function over a RANGE by a distance", "use ROWS")
    if frame is None and order and function.name not in _NO_FRAME:
        frame = Frame("RANGE", "UNBOUNDED PRECEDING", "CURRENT ROW")
    if function.name in _NO_FRAME:
        frame = None
    if frame is not None and _is_blind_to_peers(frame, function):
        frame = replace(frame, unit="ROWS")
    if function.distinct or function.name == "join_texts":
        raise refuse_form(inner, "this function over a window", "group first, in a subquery")
    return Window(function, partition, order, frame, function.type, function.at)


def _is_blind_to_peers(frame: Frame, function: Aggregate) -> bool:
    """Whether rows that are equal in the order change nothing."""
    is_whole = frame.end == "UNBOUNDED FOLLOWING" or function.name == "first_value"
    return is_whole and frame.start == "UNBOUNDED PRECEDING"


_FOLDS: Final = (exp.Sum, exp.Count, exp.Min, exp.Max, exp.Avg)
_NO_FRAME: Final = {
    *("row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "buckets", "lag", "lead")
}


def _window_function(node: exp.Expr, scope: Scope) -> Aggregate:
    at = place(node)
    if isinstance(node, exp.IgnoreNulls):
        found = _window_function(node.this, scope)
        if found.name not in {"first_value", "last_value"}:
            raise refuse_form(node, f"IGNORE NULLS of `{shown(node.this)}`", "leave it out")
        return Aggregate(f"{found.name}_present", found.args, found.type, found.at)
    if type(node) in _RANKS:
        name, type_ = _RANKS[type(node)]
        return Aggregate(name, (), type_, at)
    if isinstance(node, exp.Ntile):
        count = whole_constant(node.this, scope)
        if count is None:
            raise refuse_form(node, "`ntile` of a computed number", "write the number")
        return Aggregate("buckets", (Literal(count, INTEGER, at),), BIGINT, at)
    if type(node) in _OFFSETS:
        return _offset(node, scope)
    if type(node) in _VALUES:
        return _value(node, scope)
    bound = bind(node, scope)
    if not isinstance(bound, Aggregate) or bound.name in {"median", "quantile"}:
        raise refuse_form(node, f"`{shown(node)}` over a window", "use an aggregate")
    return bound


def _value(node: exp.Expr, scope: Scope) -> Aggregate:
    arg = bind(node.this, scope)
    if not isinstance(node, exp.NthValue):
        return Aggregate(_VALUES[type(node)], (arg,), arg.type, arg.at)
    index = whole_constant(node.args["offset"], scope)
    if index is None or index < 1 or node.args.get("from_first") is False:
        raise refuse_form(node, "`nth_value` of a computed place", "write the place")
    return Aggregate("nth_value", (arg, Literal(index, INTEGER, arg.at)), arg.type, arg.at)


def _offset(node: exp.Expr, scope: Scope) -> Aggregate:
    arg = bind(node.this, scope)
    count = 1 if node.args.get("offset") is None else whole_constant(node.args["offset"], scope)
    if count is None or count < 0:
        raise refuse_form(node, f"`{shown(node)}` by a computed number", "write the number")
    args: list[Expr] = [arg, Literal(count, INTEGER, arg.at)]
    if node.args.get("default") is not None:
        (first, default), type_ = alike([arg, bind(node.args["default"], scope)])
        if type_.kind is not arg.type.kind:
            raise refuse_form(node, "a default of another type", "cast it")
        args = [first, args[1], default]
    return Aggregate(_OFFSETS[type(node)], tuple(args), arg.type, arg.at)


@reads(exp.Grouping, args=["expressions"])
def _grouping(node: exp.Expr, scope: Scope) -> Expr:
    if len(node.expressions) != 1:
        raise refuse_form(node, "GROUPING of several keys", "call it once a key")
    key = bind(node.expressions[0], scope)
    return GroupingBit(key, key.at)

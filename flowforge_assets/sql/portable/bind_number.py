"""Arithmetic and numeric functions of DuckDB as typed operations."""

from __future__ import annotations

import math
from typing import Final

from sqlglot import exp

from flowforge_assets.sql.portable import bind_time
from flowforge_assets.sql.portable.bind_expr import (
    alike,
    as_text,
    bind,
    pair,
    reads,
    whole_constant,
)
from flowforge_assets.sql.portable.coerce import coerce
from flowforge_assets.sql.portable.refusal import FORM, TYPE, Refused, place, refuse_form
from flowforge_assets.sql.portable.scope import Scope
from flowforge_assets.sql.portable.tree import Call, Case, Cast, Expr, Literal
from flowforge_assets.sql.portable.types import (
    BOOL,
    DOUBLE,
    NULL,
    TEXT,
    TINYINT,
    Kind,
    SqlType,
    decimal,
    product_type,
    sum_type,
)

_TIMES: Final = {Kind.DATE, Kind.TIMESTAMP}


@reads(exp.Add, exp.Sub, args=["this", "expression"])
def _sum(node: exp.Expr, scope: Scope) -> Expr:
    amount = node.args["expression"]
    sign = 1 if isinstance(node, exp.Add) else -1
    if isinstance(amount, exp.Interval):
        return bind_time.shifted(bind(node.this, scope), amount, sign, scope)
    left, right = pair(node, scope)
    if left.type.kind in _TIMES or right.type.kind in _TIMES:
        return bind_time.dates(node, left, right)
    name = "add" if sign > 0 else "subtract"
    return _arithmetic(name, left, right, sum_type)


@reads(exp.Mul, args=["this", "expression"])
def _product(node: exp.Expr, scope: Scope) -> Expr:
    return _arithmetic("multiply", *pair(node, scope), product_type)


def _arithmetic(name: str, left: Expr, right: Expr, rule: object) -> Expr:
    left, right = _numbers(left, right)
    find = sum_type if rule is sum_type else product_type
    type_ = find(left.type, right.type)
    if type_ is None:
        raise Refused(TYPE, "the product has too many digits", left.at, "cast to fewer digits")
    if type_.kind is Kind.INTEGER:
        (left, right), type_ = alike([left, right])
    if type_.kind is Kind.DOUBLE:
        left, right = coerce(left, DOUBLE), coerce(right, DOUBLE)
    return Call(name, (left, right), type_, left.at)


def _numbers(left: Expr, right: Expr) -> tuple[Expr, Expr]:
    """Both operands, which must be numbers; a null takes the type of the other."""
    if left.type.kind is Kind.NULL:
        left = coerce(left, right.type)
    if right.type.kind is Kind.NULL:
        right = coerce(right, left.type)
    for each in (left, right):
        if not each.type.is_number:
            raise Refused(
                TYPE, f"a `{each.type}` is used as a number", each.at, "cast it to a number"
            )
    return left, right


@reads(exp.Div, args=["this", "expression", "typed", "safe"])
def _quotient(node: exp.Expr, scope: Scope) -> Expr:
    left, right = _numbers(*pair(node, scope))
    args = (coerce(left, DOUBLE), coerce(right, DOUBLE))
    is_safe = isinstance(right, Literal) and right.value not in {0, None}
    return Call("divide" if is_safe else "divide_any", args, DOUBLE, left.at)


@reads(exp.IntDiv, args=["this", "expression"])
def _whole_quotient(node: exp.Expr, scope: Scope) -> Expr:
    left, right = _numbers(*pair(node, scope))
    if {left.type.kind, right.type.kind} != {Kind.INTEGER}:
        raise refuse_form(node, "`//` of numbers that are not whole", "use floor(a / b)")
    (left, right), type_ = alike([left, right])
    if type_.kind is not Kind.INTEGER:
        raise refuse_form(node, "`//` here", "use floor(a / b)")
    return Call("whole_divide", (left, right), type_, left.at)


@reads(exp.Mod, args=["this", "expression"])
def _remainder(node: exp.Expr, scope: Scope) -> Expr:
    (left, right), type_ = alike(list(_numbers(*pair(node, scope))))
    if type_.kind is not Kind.INTEGER:
        raise refuse_form(node, "`%` of numbers that are not whole", "take it of whole numbers")
    return Call("remainder", (left, right), type_, left.at)


_BITS: Final[dict[type[exp.Expr], str]] = {
    exp.BitwiseAnd: "bit_and",
    exp.BitwiseOr: "bit_or",
    exp.BitwiseXor: "bit_xor",
}


@reads(*_BITS, args=["this", "expression"])
def _bits(node: exp.Expr, scope: Scope) -> Expr:
    (left, right), type_ = alike(list(_numbers(*pair(node, scope))))
    if type_.kind is not Kind.INTEGER:
        raise refuse_form(node, "a bit operation on what is no integer", "cast to BIGINT")
    return Call(_BITS[type(node)], (left, right), type_, left.at)


@reads(exp.BitwiseLeftShift, args=["this", "expression"])
def _shift(node: exp.Expr, scope: Scope) -> Expr:
    count = whole_constant(node.args["expression"], scope)
    arg = bind(node.this, scope)
    if arg.type.kind is not Kind.INTEGER or count is None or not 0 <= count < 31:  # noqa: PLR2004
        raise refuse_form(node, "this shift", "multiply by a power of two")
    factor = Literal(2**count, arg.type, arg.at)
    return Call("multiply", (arg, factor), arg.type, arg.at)


@reads(exp.Abs, args=["this"])
def _abs(node: exp.Expr, scope: Scope) -> Expr:
    arg = _number(node, scope)
    return Call("abs", (arg,), arg.type, arg.at)


@reads(exp.Sign, args=["this"])
def _sign(node: exp.Expr, scope: Scope) -> Expr:
    arg = _number(node, scope)
    return Call("sign", (arg,), TINYINT, arg.at)


def _number(node: exp.Expr, scope: Scope) -> Expr:
    arg = bind(node.this, scope)
    if not arg.type.is_number:
        raise Refused(TYPE, f"a `{arg.type}` is used as a number", arg.at, "cast it to a number")
    return arg


_TO_WHOLE: Final[dict[type[exp.Expr], str]] = {exp.Floor: "floor", exp.Ceil: "ceil"}


@reads(*_TO_WHOLE, args=["this"])
def _to_whole(node: exp.Expr, scope: Scope) -> Expr:
    arg = _number(node, scope)
    name = _TO_WHOLE[type(node)]
    if arg.type.kind is Kind.INTEGER:
        return Cast(arg, DOUBLE, arg.at)
    return Call(f"{name}_{arg.type.kind}", (arg,), _whole_of(arg.type), arg.at)


def _whole_of(type_: SqlType) -> SqlType:
    return decimal(type_.digits, 0) if type_.kind is Kind.DECIMAL else type_


@reads(exp.Trunc, args=["this"])
def _trunc(node: exp.Expr, scope: Scope) -> Expr:
    arg = _number(node, scope)
    if arg.type.kind is Kind.INTEGER:
        return arg
    return Call(f"trunc_{arg.type.kind}", (arg,), _whole_of(arg.type), arg.at)


@reads(exp.Round, args=["this", "decimals"])
def _round(node: exp.Expr, scope: Scope) -> Expr:
    arg = _number(node, scope)
    digits = 0
    if node.args.get("decimals") is not None:
        given = whole_constant(node.args["decimals"], scope)
        if given is None:
            raise refuse_form(node, "`round` to digits that are computed", "write the digits")
        digits = given
    if arg.type.kind is Kind.INTEGER:
        return _round_integer(arg, digits)
    if arg.type.kind is Kind.DECIMAL:
        if digits >= arg.type.scale:
            return arg
        type_ = decimal(arg.type.digits, max(digits, 0))
        return Call("round_decimal", (arg,), type_, arg.at, (str(digits),))
    if digits == 0:
        return Call("round_double", (arg,), DOUBLE, arg.at)
    if not 0 < digits <= 15:  # noqa: PLR2004 - the digits that a double holds
        raise refuse_form(node, "`round` of a double to these digits", "round to 0 to 15 digits")
    power = Literal(float(10**digits), DOUBLE, arg.at)
    scaled = Call("multiply", (arg, power), DOUBLE, arg.at)
    return Call("divide", (Call("round_double", (scaled,), DOUBLE, arg.at), power), DOUBLE, arg.at)


def _round_integer(arg: Expr, digits: int) -> Expr:
    if digits >= 0:
        return arg
    if digits < -9:  # noqa: PLR2004 - no engine's limits are met before
        raise Refused(FORM, "`round` to so few digits is not portable", arg.at, "round to fewer")
    return Call("round_integer", (arg,), arg.type, arg.at, (str(digits),))


_OF_DOUBLE: Final[dict[type[exp.Expr], str]] = {
    exp.Sqrt: "sqrt",
    exp.Exp: "exp",
    exp.Ln: "ln",
    exp.Cbrt: "cube_root",
    exp.Sin: "sin",
    exp.Cos: "cos",
    exp.Tan: "tan",
    exp.Asin: "asin",
    exp.Acos: "acos",
    exp.Atan: "atan",
}


@reads(*_OF_DOUBLE, args=["this"])
def _of_double(node: exp.Expr, scope: Scope) -> Expr:
    arg = coerce(_number(node, scope), DOUBLE)
    return Call(_OF_DOUBLE[type(node)], (arg,), DOUBLE, arg.at)


@reads(exp.Pi, args=[])
def _pi(node: exp.Expr, scope: Scope) -> Expr:
    del scope
    return Literal(math.pi, DOUBLE, place(node))


_FACTORS: Final[dict[type[exp.Expr], float]] = {
    exp.Degrees: 180 / math.pi,
    exp.Radians: math.pi / 180,
}


@reads(*_FACTORS, args=["this"])
def _turned(node: exp.Expr, scope: Scope) -> Expr:
    arg = coerce(_number(node, scope), DOUBLE)
    return Call("multiply", (arg, Literal(_FACTORS[type(node)], DOUBLE, arg.at)), DOUBLE, arg.at)


@reads(exp.Atan2, args=["this", "expression"])
def _angle(node: exp.Expr, scope: Scope) -> Expr:
    left, right = _numbers(*pair(node, scope))
    return Call("atan2", (coerce(left, DOUBLE), coerce(right, DOUBLE)), DOUBLE, left.at)


@reads(exp.Pow, args=["this", "expression"])
def _power(node: exp.Expr, scope: Scope) -> Expr:
    left, right = _numbers(*pair(node, scope))
    return Call("power", (coerce(left, DOUBLE), coerce(right, DOUBLE)), DOUBLE, left.at)


@reads(exp.Log, args=["this", "expression"])
def _log(node: exp.Expr, scope: Scope) -> Expr:
    """DuckDB's `log(x)` is to base 10; `log(b, x)`, `log2` and `log10` name the base first."""
    inner = node.args.get("expression")
    if inner is None:
        arg = coerce(_number(node, scope), DOUBLE)
        return Call("log10", (arg,), DOUBLE, arg.at)
    base = whole_constant(node.this, scope)
    arg = coerce(bind(inner, scope), DOUBLE)
    if base not in {2, 10}:
        raise refuse_form(node, "`log` to this base", "use ln(x) / ln(base)")
    return Call(f"log{base}", (arg,), DOUBLE, arg.at)


@reads(exp.Greatest, exp.Least, args=["this", "expressions", "ignore_nulls"])
def _extreme(node: exp.Expr, scope: Scope) -> Expr:
    """DuckDB leaves nulls out, other engines differ: pairs are compared one after another."""
    args, type_ = alike([bind(each, scope) for each in (node.this, *node.expressions)])
    name = "greater_or_equal" if isinstance(node, exp.Greatest) else "less_or_equal"
    best = args[0]
    for other in args[1:]:
        wins = Call(name, (best, other), BOOL, best.at)
        alone = Call("is_null", (other,), BOOL, best.at)
        best = Case(((Call("or", (wins, alone), BOOL, best.at), best),), other, type_, best.at)
    return best


@reads(exp.Coalesce, args=["this", "expressions"])
def _coalesce(node: exp.Expr, scope: Scope) -> Expr:
    args, type_ = alike([bind(each, scope) for each in (node.this, *node.expressions)])
    if len(args) == 1:
        return args[0]
    return Call("coalesce", tuple(args), type_, args[0].at)


@reads(exp.Nullif, args=["this", "expression"])
def _null_if(node: exp.Expr, scope: Scope) -> Expr:
    first, second = pair(node, scope)
    (left, right), _ = alike([first, second])
    if left is not first and left.type.kind is not first.type.kind:
        raise refuse_form(node, "`nullif` of two types", "cast the second to the first's type")
    return Call("null_if", (left, right), first.type, first.at)


@reads(exp.DPipe, args=["this", "expression", "safe"])
def _joined(node: exp.Expr, scope: Scope) -> Expr:
    left, right = pair(node, scope)
    if NULL in {left.type, right.type}:
        return Literal(None, NULL, left.at)
    return joined([as_text(left), as_text(right)])


def joined(parts: list[Expr]) -> Expr:
    """The texts one after another; null if one is null."""
    flat: list[Expr] = []
    for part in parts:
        is_joined = isinstance(part, Call) and part.name == "joined"
        flat.extend(part.args if isinstance(part, Call) and is_joined else [part])
    return Call("joined", tuple(flat), TEXT, flat[0].at)

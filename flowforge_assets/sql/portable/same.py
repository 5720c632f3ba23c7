"""What expressions have in common, and what they are made of."""

from __future__ import annotations

from flowforge_assets.sql.portable.tree import (
    Aggregate,
    Call,
    Case,
    Cast,
    Column,
    Exists,
    Expr,
    GroupingBit,
    InList,
    InQuery,
    Literal,
    Scalar,
    Window,
)


def same(first: Expr, second: Expr) -> bool:
    """Whether two expressions are the same, wherever they stand."""
    return _bare(first) == _bare(second)


def _bare(value: object) -> object:
    fields = getattr(value, "__dataclass_fields__", None)
    if fields is not None:
        kept = (name for name in fields if name != "at")
        return (type(value).__name__, *(_bare(getattr(value, name)) for name in kept))
    if isinstance(value, tuple):
        return tuple(_bare(each) for each in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - any tuple
    return (type(value).__name__, value)


def parts(expr: Expr) -> tuple[Expr, ...]:
    """The expressions right below one, subqueries left out."""
    match expr:
        case Call() | Aggregate():
            return (*expr.args, *(k.expr for k in getattr(expr, "order", ())))
        case Cast():
            return (expr.arg,)
        case Case():
            return (*(part for when in expr.whens for part in when), expr.otherwise)
        case InList():
            return (expr.arg, *expr.items)
        case InQuery():
            return (expr.arg,)
        case Window():
            keys = (key.expr for key in expr.order)
            return (*expr.function.args, *expr.partition, *keys)
        case GroupingBit():
            return (expr.key,)
        case Column() | Literal() | Scalar() | Exists():
            return ()


def has_query(expr: Expr) -> bool:
    """Whether a subquery is in it."""
    return isinstance(expr, (Scalar, Exists, InQuery)) or any(map(has_query, parts(expr)))


def has_aggregate(expr: Expr) -> bool:
    """Whether the value is of a group, not of a row."""
    if isinstance(expr, (Aggregate, GroupingBit)):
        return True
    return any(has_aggregate(part) for part in parts(expr))

"""Whether two expressions are the same, wherever they stand in the source."""

from __future__ import annotations

from flowforge_assets.sql.portable.tree import Expr


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

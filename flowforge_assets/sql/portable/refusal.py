"""What cannot be written exactly, with its place and a way out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flowforge_assets.sql.portable.emitted import Refusal
from flowforge_assets.sql.portable.tree import At

if TYPE_CHECKING:
    from sqlglot import exp

FUNCTION: Final = "FF-450"
FORM: Final = "FF-451"
CLAUSE: Final = "FF-452"
TYPE: Final = "FF-453"
LITERAL: Final = "FF-454"
NAME: Final = "FF-455"


class Refused(Exception):
    """Carries a refusal from where it is found to where it is listed."""

    def __init__(self, code: str, message: str, at: At, hint: str) -> None:
        """The refusal to list."""
        super().__init__(message)
        self.refusal = Refusal(at.line, at.column, code, message, hint)


def place(node: exp.Expr) -> At:
    """Where a part of the tree stands: at its first named child, or at the nearest one around."""
    here: exp.Expr | None = node
    while here is not None:
        found = [
            (int(child.meta["line"]), int(child.meta["col"]) - _width(child))
            for child in here.walk()
            if "line" in child.meta
        ]
        if found:
            line, column = min(found)
            return At(line, max(column, 1))
        here = here.parent
    return At(1, 1)


def _width(child: exp.Expr) -> int:
    """How far the start of a name is before the place that sqlglot gives, its last character."""
    start, end = child.meta.get("start"), child.meta.get("end")
    return int(end) - int(start) if start is not None and end is not None else 0


def refuse_form(node: exp.Expr, what: str, hint: str, *, code: str = FORM) -> Refused:
    """The refusal of a part of the source that portable SQL does not have."""
    return Refused(code, f"{what} is not portable", place(node), hint)

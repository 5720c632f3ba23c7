"""DuckDB's functions that the parser has no name for."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from flowforge_assets.sql.portable.bind_expr import reads, shown, text_constant
from flowforge_assets.sql.portable.bind_printf import printed
from flowforge_assets.sql.portable.bind_time import full_units_between, time_part
from flowforge_assets.sql.portable.refusal import FUNCTION, Refused, place
from flowforge_assets.sql.portable.scope import Scope
from flowforge_assets.sql.portable.tree import Expr

_PARTS: Final = {"isoyear", "weekday", "yearweek"}
_HINT: Final = "write it with functions that all targets have: see the list of portable SQL"


@reads(exp.Anonymous, args=["this", "expressions"])
def _unnamed(node: exp.Expr, scope: Scope) -> Expr:
    args = node.expressions
    match node.name.lower(), len(args):
        case (("date_part" | "datepart"), 2):
            part = text_constant(args[0])
            if part is not None:
                return time_part(part.lower(), args[1], node, scope)
        case name, 1 if name in _PARTS:
            return time_part(name, args[0], node, scope)
        case "date_sub", 3:
            return full_units_between(node, scope)
        case "printf", count if count > 1:
            return printed(node, scope)
        case _:
            pass
    raise Refused(FUNCTION, f"`{shown(node)}` is not portable", place(node), _HINT)

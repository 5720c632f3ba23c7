"""Frames that count groups of peers, as frames over the number of the group.

`count(*) OVER (ORDER BY g GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW)` counts as far back as one
group of equal `g`: with the groups numbered in a subquery that is a RANGE by a distance of one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlglot import exp

from flowforge_assets.sql.portable.refusal import CLAUSE, refuse_form

_HINT: Final = "number the groups with dense_rank() in a subquery, and use RANGE over the number"
_SIMPLE: Final = frozenset(
    {"expressions", "from_", "where", "qualify", "order", "limit", "offset", "windows", "with_"}
)


def by_numbers(node: exp.Select, fresh: Callable[[str], str]) -> exp.Select:
    """The SELECT with its GROUPS frames counted by the numbers of groups; the same without any.

    Raises:
        Refused: it has other than one table and its rows (FF-452).
    """
    counted = [each for each in node.find_all(exp.Window) if _is_counted(each, node)]
    if not counted:
        return node
    spec = counted[0].args["spec"]
    source = node.args["from_"].this if node.args.get("from_") is not None else None
    given = {name for name, value in node.args.items() if value}
    has_star = any(each.is_star for each in node.expressions)
    is_named = isinstance(source, (exp.Table, exp.Subquery)) and bool(source.alias_or_name)
    if source is None or not is_named or has_star or given - _SIMPLE:
        raise refuse_form(spec, "GROUPS beside joins, groups or a star", _HINT, code=CLAUSE)
    made = node.copy()
    numbers: list[exp.Expr] = []
    for window in [each for each in made.find_all(exp.Window) if _is_counted(each, made)]:
        name = fresh("group_number")
        rank = exp.Window(
            this=exp.DenseRank(),
            partition_by=[each.copy() for each in window.args.get("partition_by") or ()],
            order=window.args["order"].copy(),
        )
        numbers.append(exp.alias_(rank, name))
        window.set("order", exp.Order(expressions=[exp.Ordered(this=exp.column(name))]))
        window.args["spec"].set("kind", "RANGE")
    inner = exp.Select(expressions=[exp.Star(), *numbers], from_=exp.From(this=source.copy()))
    if made.args.get("where") is not None:
        inner.set("where", made.args["where"])
        made.set("where", None)
    alias = exp.TableAlias(this=exp.to_identifier(source.alias_or_name))
    made.set("from_", exp.From(this=exp.Subquery(this=inner, alias=alias)))
    return made


def _is_counted(window: exp.Expr, select: exp.Select) -> bool:
    """Whether a window of the SELECT itself has a frame that counts groups."""
    spec = window.args.get("spec")
    is_own = window.find_ancestor(exp.Select) is select
    is_ordered = window.args.get("order") is not None
    return is_own and is_ordered and spec is not None and str(spec.args.get("kind")) == "GROUPS"

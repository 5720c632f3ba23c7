"""Casts of DuckDB's SQL that all engines can make alike."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from flowforge_assets.sql.portable.bind_expr import bind, cast_to, is_text_constant, reads
from flowforge_assets.sql.portable.refusal import TYPE, Refused, place
from flowforge_assets.sql.portable.scope import Scope
from flowforge_assets.sql.portable.tree import Call, Case, Expr, Literal
from flowforge_assets.sql.portable.types import BOOL, Kind, SqlType, find_type


@reads(exp.Cast, args=["this", "to"])
def _cast(node: exp.Expr, scope: Scope) -> Expr:
    spelled = node.args["to"].sql("duckdb")
    type_ = find_type(spelled)
    if type_ is None:
        raise Refused(
            TYPE, f"type `{spelled}` is not portable", place(node), "cast to a type in the list"
        )
    arg = bind(node.this, scope)
    return _cast_form(arg, type_)


_CASTS: Final = {
    Kind.INTEGER: {Kind.INTEGER, Kind.DECIMAL, Kind.DOUBLE, Kind.TEXT},
    Kind.DECIMAL: {Kind.INTEGER, Kind.DECIMAL, Kind.DOUBLE, Kind.TEXT},
    Kind.DOUBLE: {Kind.INTEGER, Kind.DECIMAL, Kind.DOUBLE},
    Kind.TEXT: {Kind.TEXT, Kind.INTEGER, Kind.DOUBLE, Kind.DATE},
    Kind.BOOL: {Kind.BOOL, Kind.INTEGER, Kind.TEXT},
    Kind.DATE: {Kind.DATE, Kind.TIMESTAMP, Kind.TEXT},
    Kind.TIMESTAMP: {Kind.TIMESTAMP, Kind.DATE},
}


def _cast_form(arg: Expr, type_: SqlType) -> Expr:
    if arg.type.kind is Kind.NULL or is_text_constant(arg):
        return cast_to(arg, type_)
    if type_.kind not in _CASTS.get(arg.type.kind, set()):
        hint = {
            Kind.TEXT: "read text with a function that says its format, or store the right type",
            Kind.DOUBLE: "engines write doubles differently: cast to a DECIMAL first",
            Kind.TIMESTAMP: "say the format: strftime(ts, '%Y-%m-%d %H:%M:%S')",
        }.get(arg.type.kind, "compare it instead, e.g. `x <> 0`")
        raise Refused(TYPE, f"a cast from `{arg.type}` to `{type_}` is not portable", arg.at, hint)
    if arg.type.kind is Kind.BOOL and type_.kind is not Kind.BOOL:
        return bool_as(arg, type_)
    return cast_to(arg, type_)


def bool_as(arg: Expr, type_: SqlType) -> Expr:
    """A condition as a number or a text."""
    yes, no = ("true", "false") if type_.kind is Kind.TEXT else (1, 0)
    negated = Call("not", (arg,), BOOL, arg.at)
    whens = ((arg, Literal(yes, type_, arg.at)), (negated, Literal(no, type_, arg.at)))
    return Case(whens, Literal(None, type_, arg.at), type_, arg.at)

"""Sums and products of decimals for engines that drop digits when a result would have over 38.

Operands are cast to fewer digits before the point, never after it: a value that does not fit then
stops the query.
"""

from __future__ import annotations

from typing import Final

from flowforge_assets.sql.portable.target import PRODUCT, SUM, Form, Formed, Text, Writing, operands
from flowforge_assets.sql.portable.tree import Expr
from flowforge_assets.sql.portable.types import MOST_DIGITS, Kind, as_decimal, decimal

_LEAST: Final = 18  # digits that an operand keeps whatever the other needs


def narrow_sum(symbol: str) -> Form:
    """`a + b` or `a - b`."""

    def write(writing: Writing, call: Formed) -> Text:
        left, right = operands(call)
        if call.type.kind is not Kind.DECIMAL:
            return _infix(writing, left, right, symbol, SUM)
        scale = call.type.scale
        room = MOST_DIGITS - 1 - scale
        first, second = (_cut(writing, each, room, SUM) for each in (left, right))
        return Text(f"{first} {symbol} {second}", SUM)

    return write


def _infix(writing: Writing, left: Expr, right: Expr, symbol: str, level: int) -> Text:
    return Text(f"{writing.held(left, level)} {symbol} {writing.held(right, level + 1)}", level)


def _cut(writing: Writing, expr: Expr, whole_digits: int, level: int) -> str:
    """The operand with at most so many digits before the point."""
    type_ = as_decimal(expr.type)
    if type_.digits - type_.scale <= whole_digits:
        return writing.held(expr, level + 1)
    narrow = decimal(whole_digits + type_.scale, type_.scale)
    return f"CAST({writing.value(expr)} AS {writing.type(narrow)})"


def narrow_product(writing: Writing, call: Formed) -> Text | None:
    """`a * b`; None where not even narrow operands leave room."""
    left, right = operands(call)
    if call.type.kind is not Kind.DECIMAL:
        return _infix(writing, left, right, "*", PRODUCT)
    first, second = as_decimal(left.type), as_decimal(right.type)
    over = first.digits + second.digits + 1 - MOST_DIGITS
    if over <= 0:
        return _infix(writing, left, right, "*", PRODUCT)
    is_left_wide = first.digits >= second.digits
    wide, other = (first, second) if is_left_wide else (second, first)
    digits = wide.digits - over
    if digits < max(_LEAST, wide.scale + 1):
        return None
    del other
    narrow = f"AS {writing.type(decimal(digits, wide.scale))})"
    if is_left_wide:
        return Text(
            f"CAST({writing.value(left)} {narrow} * {writing.held(right, PRODUCT + 1)}", PRODUCT
        )
    return Text(f"{writing.held(left, PRODUCT)} * CAST({writing.value(right)} {narrow}", PRODUCT)

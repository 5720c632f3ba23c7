"""Forms that several targets share: roundings spelled out, where engines round in their own way."""

from __future__ import annotations

from typing import Final

from flowforge_assets.sql.portable.target import Form, Formed, Text, Writing, operands

# Halves go to the even neighbour, as DuckDB casts a double to an integer. x - FLOOR(x) is exact.
HALF_EVEN: Final = (
    "CASE WHEN {0} - FLOOR({0}) < 0.5 THEN FLOOR({0}) WHEN {0} - FLOOR({0}) > 0.5"
    " THEN FLOOR({0}) + 1 WHEN FLOOR({0}) / 2 = FLOOR(FLOOR({0}) / 2) THEN FLOOR({0})"
    " ELSE FLOOR({0}) + 1 END"
)

# Halves go away from zero, as DuckDB rounds a double.
HALF_AWAY: Final = (
    "CASE WHEN {0} >= 0 AND {0} - FLOOR({0}) >= 0.5 THEN FLOOR({0}) + 1"
    " WHEN {0} >= 0 THEN FLOOR({0}) WHEN CEIL({0}) - {0} >= 0.5 THEN CEIL({0}) - 1"
    " ELSE CEIL({0}) END"
)


def correlation(double: str) -> str:
    """CORR that is not a number, as in DuckDB, where the values of some pairs do not vary."""
    pairs = "COUNT(CASE WHEN {0} IS NOT NULL THEN {1} END)"
    return f"COALESCE(CORR({{0}}, {{1}}), CASE WHEN {pairs} > 0 THEN CAST('NaN' AS {double}) END)"


def decimal_from_double(rounded: str, whole: str) -> Form:
    """A double as a decimal: scaled, rounded, and scaled back in decimals.

    `rounded` has `{value}` for the scaled double; `whole` is the type of the scaled number.
    """

    def write(writing: Writing, call: Formed) -> Text:
        value = writing.held(operands(call)[0], 9)
        scale = call.type.scale
        scaled = f"{value} * 1e{scale}" if scale else value
        number = f"CAST({rounded.replace('{value}', scaled)} AS {whole})"
        if not scale:
            return Text(f"CAST({number} AS {writing.type(call.type)})")
        unit = "0." + "0" * (scale - 1) + "1"
        return Text(f"CAST({number} * {unit} AS {writing.type(call.type)})")

    return write

"""How two lists of rows differ, in lines for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from difflib import SequenceMatcher
from typing import Final, cast

_MOST_LINES: Final = 20


def row_difference(
    columns: Sequence[str],
    expected: Sequence[tuple[object, ...]],
    found: Sequence[tuple[object, ...]],
    *,
    is_ordered: bool,
) -> str:
    """The rows that lack (`-`) and those that are too many (`+`); nothing when all is equal."""
    if not columns:
        return "" if not found else f"+ {len(found)} rows, and none is expected"
    wanted = [_line(columns, row) for row in expected]
    given = [_line(columns, row) for row in found]
    if not is_ordered:
        wanted, given = sorted(wanted), sorted(given)
    lines: list[str] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, wanted, given, autojunk=False).get_opcodes():
        if tag != "equal":
            lines += [f"- {line}" for line in wanted[i1:i2]]
            lines += [f"+ {line}" for line in given[j1:j2]]
    if len(lines) > _MOST_LINES:
        lines[_MOST_LINES:] = [f"... and {len(lines) - _MOST_LINES} more"]
    return "\n".join(lines)


def _line(columns: Sequence[str], row: tuple[object, ...]) -> str:
    return ", ".join(f"{name}={_spelled(value)}" for name, value in zip(columns, row, strict=True))


def _spelled(value: object) -> str:
    """The value as TOML has it; a float to nine digits, since sums differ in the last ones."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case float():
            return str(float(f"{value:.9g}") + 0.0)
        case Decimal():
            return format(value.normalize() + 0, "f")
        case datetime():
            return (value.astimezone(UTC) if value.tzinfo else value).isoformat()
        case str():
            return f'"{value}"'
        case list():
            return f"[{', '.join(map(_spelled, cast('list[object]', value)))}]"
        case dict():
            fields = cast("dict[str, object]", value)
            return f"{{ {', '.join(f'{k} = {_spelled(v)}' for k, v in fields.items())} }}"
        case _:
            return str(value)

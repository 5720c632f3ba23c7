"""The shapes of graphs that every framework is given."""

from __future__ import annotations

from typing import Literal, TypeAlias

Shape: TypeAlias = Literal["layers", "line", "line_and_fan"]
LAYER_WIDTH = 50


def parents(shape: Shape, count: int) -> list[int | None]:
    """For each of `count` assets the number of the one that it reads, or None for a root.

    `layers`: 50 wide, each reads the one 50 before it. `line`: each reads the one before it.
    `line_and_fan`: the first half is a line, the second half all read its end.
    """
    numbers = range(count)
    match shape:
        case "layers":
            return [None if i < LAYER_WIDTH else i - LAYER_WIDTH for i in numbers]
        case "line":
            return [i - 1 if i else None for i in numbers]
        case "line_and_fan":
            end = max(count // 2, 1) - 1
            return [min(i - 1, end) if i else None for i in numbers]

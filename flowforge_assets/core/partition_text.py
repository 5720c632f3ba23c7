"""The notation for partitions that people read and write, and the keys that are made of it.

Pieces `A` and `A..B` (both included) with commas between make an axis, axes with ` x ` between a
box, boxes with ` + ` between a set; a backslash takes its meaning from the character after it.
`Partitioning.parse` reads it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from flowforge_assets.core.boxes import Box, Point
from flowforge_assets.core.dimension import Dimension
from flowforge_assets.core.span import Axis, Values

_SPECIAL: Final = re.compile(r"[\\,;|=]|(?<!\S)[x+](?!\S)|^\s|\s$")
# While text is taken apart, an escaped character stands as its twin in the last private plane.
_TWIN_BASE: Final = 0x100000
_TWIN: Final = re.compile("[\U00100000-\U0010007f]")


def escaped(name: str) -> str:
    """`name` such that the notation reads it as itself."""
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", name)


def shielded(text: str) -> str:
    """`text` with its escaped characters out of reach of `split` and `strip`, for `bare`."""
    return re.sub(r"\\([\x00-\x7f])", lambda found: chr(_TWIN_BASE + ord(found[1])), text)


def bare(text: str) -> str:
    """`shielded` text with its characters back, without backslashes."""
    return _TWIN.sub(lambda found: chr(ord(found[0]) - _TWIN_BASE), text)


def key_of(dimensions: Sequence[Dimension], point: Point) -> str:
    """The key of one partition; the strings of static dimensions are escaped."""
    return "|".join(
        dim.key(at) if dim.is_time else escaped(str(at))
        for dim, at in zip(dimensions, point, strict=True)
    )


def pieces(dimension: Dimension, axis: Axis) -> Iterator[str]:
    """The ranges of `axis` as `A..B` (both included) or `A`; strings as they are."""
    if isinstance(axis, Values):
        return iter(axis)
    return (
        dimension.key(lo) if hi - lo == 1 else f"{dimension.key(lo)}..{dimension.key(hi - 1)}"
        for lo, hi in axis.ranges
    )


def render_box(dimensions: Sequence[Dimension], box: Box, limit: int | None) -> str:
    """One box in the notation, at most `limit` pieces an axis (then it is for people only)."""
    return " x ".join(_render_axis(*each, limit) for each in zip(dimensions, box, strict=True))


def _render_axis(dimension: Dimension, axis: Axis, limit: int | None) -> str:
    shown: list[Axis] = list(islice(axis.pieces(), limit))
    texts = (text for piece in shown for text in pieces(dimension, piece))
    text = ",".join(texts if dimension.is_time else map(escaped, texts))
    more = len(axis) - sum(map(len, shown))
    return f"{text} and {more} more" if more else text

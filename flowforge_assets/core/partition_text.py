"""Partitions as text: keys and JSON that are stored, and the notation that people write.

The notation, which `render_box` writes and `Partitioning.parse` reads: pieces `A`, `A..B` with
commas between, axes with ` x ` between, boxes with ` + ` between; a backslash takes the meaning
from the character after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, cast

from flowforge_assets.core.boxes import Box, Boxes, Point
from flowforge_assets.core.dimension import Dimension
from flowforge_assets.core.span import Axis, Span, Values
from flowforge_assets.errors.base import FlowForgeError

_SPECIAL: Final = re.compile(r"[\\,;|=]|(?<!\S)[x+](?!\S)|^\s|\s$")
# While text is taken apart, an escaped character stands as its twin in the last private plane.
_TWIN_BASE: Final = 0x100000
_TWIN: Final = re.compile("[\U00100000-\U0010007f]")


def escaped(name: str) -> str:
    """`name` such that the notation reads it as itself."""
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", name)


def shielded(text: str) -> str:
    """`text` with its escaped characters out of reach of `split` and `strip`, for `bare`."""
    return re.sub(
        r"\\([\x00-\x7f])", lambda found: chr(_TWIN_BASE + ord(found[1])), text
    )


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
        dimension.key(lo)
        if hi - lo == 1
        else f"{dimension.key(lo)}..{dimension.key(hi - 1)}"
        for lo, hi in axis.ranges
    )


def render_box(dimensions: Sequence[Dimension], box: Box, limit: int | None) -> str:
    """One box in the notation, at most `limit` pieces an axis (then it is for people only)."""
    return " x ".join(
        _render_axis(*each, limit) for each in zip(dimensions, box, strict=True)
    )


def _render_axis(dimension: Dimension, axis: Axis, limit: int | None) -> str:
    shown: list[Axis] = list(islice(axis.pieces(), limit))
    texts = (text for piece in shown for text in pieces(dimension, piece))
    text = ",".join(texts if dimension.is_time else map(escaped, texts))
    more = len(axis) - sum(map(len, shown))
    return f"{text} and {more} more" if more else text


def boxes_to_json(
    dimensions: Sequence[Dimension], boxes: Boxes
) -> Mapping[str, object]:
    """`{"by": {column: kind}, "boxes": [{column: pieces}]}`, in plain JSON values."""
    return {
        "by": _signature(dimensions),
        "boxes": [
            {
                dim.column: list(pieces(dim, axis))
                for dim, axis in zip(dimensions, box, strict=True)
            }
            for box in boxes
        ],
    }


def boxes_of_json(dimensions: Sequence[Dimension], obj: object) -> Boxes:
    """The boxes that `boxes_to_json` wrote.

    Raises:
        ValueError: `obj` has not that form, or was written with other dimensions.
    """
    try:
        content = cast("Mapping[str, object]", obj)
        signature, boxes = (
            content["by"],
            cast("Sequence[Mapping[str, Sequence[str]]]", content["boxes"]),
        )
        if signature != _signature(dimensions):
            msg = f"the partitions were written with the dimensions {signature}"
            raise ValueError(msg)
        return tuple(
            tuple(_axis(dim, box[dim.column]) for dim in dimensions) for box in boxes
        )
    except (TypeError, KeyError, AttributeError, FlowForgeError) as error:
        msg = f"no partitions are written here: {error}"
        raise ValueError(msg) from error


def _signature(dimensions: Sequence[Dimension]) -> dict[str, str]:
    # An hour and a string are the same in every zone.
    return {
        dim.column: dim.kind
        if dim.tz == "UTC" or dim.kind in ("hour", "static")
        else f"{dim.kind} {dim.tz}"
        for dim in dimensions
    }


def _axis(dimension: Dimension, texts: Sequence[str]) -> Axis:
    if not dimension.is_time:
        return Values.of(texts)
    ranges: list[tuple[int, int]] = []
    for text in texts:
        first, dots, last = text.partition("..")
        lo = dimension.time_ordinal(first)
        ranges.append((lo, (dimension.time_ordinal(last) if dots else lo) + 1))
    return Span.union(ranges)

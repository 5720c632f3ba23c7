"""Partition sets as JSON that is stored: by keys, with the dimensions that give them meaning.

`{"by": {"day": "day Europe/Berlin"}, "boxes": [{"day": ["2026-01-01..2026-01-31"]}]}`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from flowforge_assets.core.boxes import Box, Boxes
from flowforge_assets.core.dimension import Dimension
from flowforge_assets.core.partition_text import pieces
from flowforge_assets.core.span import Axis, Range, Span, Values
from flowforge_assets.errors.project import BadPartitionKey


def write_boxes(dimensions: Sequence[Dimension], boxes: Boxes) -> Mapping[str, object]:
    """The boxes in plain JSON values."""
    return {
        "by": _by(dimensions),
        "boxes": [
            {dim.column: list(pieces(dim, axis)) for dim, axis in zip(dimensions, box, strict=True)}
            for box in boxes
        ],
    }


def read_boxes(dimensions: Sequence[Dimension], obj: object) -> Boxes:
    """The boxes that `write_boxes` wrote, not in canonical form when edited since.

    Raises:
        ValueError: `obj` is nothing of the kind, or was written with other dimensions.
    """
    content = _mapping(obj, {"by", "boxes"})
    if content["by"] != _by(dimensions):
        msg = f"the partitions are by {content['by']}, not by {_by(dimensions)}"
        raise ValueError(msg)
    return tuple(_box(dimensions, box) for box in _list(content["boxes"]))


def _by(dimensions: Sequence[Dimension]) -> dict[str, str]:
    # The keys of hours and strings mean the same in every zone.
    return {
        dim.column: dim.kind
        if dim.tz == "UTC" or dim.kind in ("hour", "static")
        else f"{dim.kind} {dim.tz}"
        for dim in dimensions
    }


def _box(dimensions: Sequence[Dimension], obj: object) -> Box:
    content = _mapping(obj, {dim.column for dim in dimensions})
    return tuple(_axis(dim, _list(content[dim.column])) for dim in dimensions)


def _axis(dimension: Dimension, texts: Sequence[object]) -> Axis:
    words = [text for text in texts if isinstance(text, str)]
    if len(words) < len(texts):
        msg = f"`{dimension.column}` has keys that are no text"
        raise ValueError(msg)
    if dimension.is_time:
        return Span.union(_range(dimension, word) for word in words)
    return Values.of(words)


def _range(dimension: Dimension, text: str) -> Range:
    first, dots, last = text.partition("..")
    try:
        lo = dimension.time_ordinal(first)
        hi = dimension.time_ordinal(last) if dots else lo
    except BadPartitionKey as error:
        raise ValueError(error.message) from error
    if hi < lo:
        msg = f"the range `{text}` ends before it begins"
        raise ValueError(msg)
    return lo, hi + 1


def _mapping(obj: object, keys: set[str]) -> Mapping[str, object]:
    if not isinstance(obj, dict) or obj.keys() != keys:
        msg = f"no object with the keys {sorted(keys)} is here"
        raise ValueError(msg)
    return cast("Mapping[str, object]", obj)


def _list(obj: object) -> Sequence[object]:
    if not isinstance(obj, list):
        msg = "a list was expected"
        raise ValueError(msg)  # noqa: TRY004 - it is about what was read, not about an argument
    return cast("Sequence[object]", obj)

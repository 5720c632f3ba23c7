"""The algebra of boxes: sets of points in N dimensions as products of axes.

A set is a tuple of boxes, each a product of one `Axis` a dimension, in the one canonical form:

- the points of the first dimension are grouped by their section (the set of the other dimensions
  that stands over them), so that each group is one axis and no two groups have equal sections;
- each section is canonical in turn; groups are in the order of their first point.

Every set has exactly one such form, so that equal sets are equal tuples. It is not always the
least number of boxes, and it depends on the order of the dimensions. With no dimensions there are
two sets: `()`, nothing, and `((),)`, the one point.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, zip_longest
from math import prod
from typing import TypeAlias, cast

from flowforge_assets.core.span import Axis, Range, Span, Values

Box: TypeAlias = tuple[Axis, ...]
Boxes: TypeAlias = tuple[Box, ...]
Point: TypeAlias = tuple[int | str, ...]
Operation: TypeAlias = Callable[[Axis, Axis], Axis]


def union(left: Axis, right: Axis) -> Axis:
    """What is in either."""
    return left | right


def intersection(left: Axis, right: Axis) -> Axis:
    """What is in both."""
    return left & right


def difference(left: Axis, right: Axis) -> Axis:
    """What is in `left` and not in `right`."""
    return left - right


def combine(left: Boxes, right: Boxes, how: Operation) -> Boxes:
    """The `union`, `intersection` or `difference` of two canonical sets, canonical.

    Costs about the number of ranges of both, times the dimensions.
    """
    if left == right:
        return () if how is difference else left
    if not left:
        return right if how is union else ()
    if not right:
        return () if how is intersection else left
    if len(left[0]) == 1:
        axis = how(left[0][0], right[0][0])
        return ((axis,),) if axis else ()
    lefts, rights = _sections(left), _sections(right)
    axes_by_section: dict[Boxes, list[Axis]] = {}
    for axis, i, j in _overlay([axis for axis, _ in lefts], [axis for axis, _ in rights]):
        section = combine(
            lefts[i][1] if i is not None else (),
            rights[j][1] if j is not None else (),
            how,
        )
        if section:
            axes_by_section.setdefault(section, []).append(axis)
    return _flat(axes_by_section)


def canonical(boxes: Iterable[Box]) -> Boxes:
    """The canonical form of any boxes of as many dimensions: they may overlap or be empty."""
    axes_by_rest: dict[Box, list[Axis]] = {}
    for box in boxes:
        if not box:
            return ((),)
        if all(box):
            axes_by_rest.setdefault(box[1:], []).append(box[0])
    sets: list[Boxes] = [((_joined(axes), *rest),) for rest, axes in axes_by_rest.items()]
    while len(sets) > 1:
        sets = [
            combine(left, right, union)
            for left, right in zip_longest(*[iter(sets)] * 2, fillvalue=())
        ]
    return sets[0] if sets else ()


def count(boxes: Boxes) -> int:
    """How many points, without enumeration."""
    return sum(prod(map(len, box)) for box in boxes)


def contains(boxes: Boxes, point: Point) -> bool:
    """Whether `point` is in the set."""
    return any(all(at in axis for at, axis in zip(point, box, strict=True)) for box in boxes)


def points(boxes: Boxes) -> Iterator[Point]:
    """The points in ascending order, made one by one."""
    if boxes == ((),):
        yield ()
        return
    for axis, section in _stretches(boxes):
        for first in axis:
            for rest in points(section):
                yield (first, *rest)


def chunks(boxes: Boxes, most: int) -> Iterator[Boxes]:
    """Consecutive parts of at most `most` points, in order.

    A part holds whole sections of the first dimension where they fit (all countries of a day),
    and never the end of one section with the begin of the next. Costs nothing a point.
    """
    if boxes == ((),):
        yield boxes
        return
    part: list[Box] = []
    room = most
    for stretch, section in _stretches(boxes):
        size = count(section)
        rest: Axis = stretch
        while rest:
            if room < size and part:
                yield canonical(part)
                part, room = [], most
            head, rest = rest.split(max(1, room // size))
            if size > most:
                for piece in chunks(section, most):
                    yield tuple((head, *box) for box in piece)
            else:
                part += [(head, *box) for box in section]
                room -= len(head) * size
    if part:
        yield canonical(part)


def _sections(boxes: Boxes) -> list[tuple[Axis, Boxes]]:
    return [
        (axis, tuple(box[1:] for box in group))
        for axis, group in groupby(boxes, lambda box: box[0])
    ]


def _flat(axes_by_section: dict[Boxes, list[Axis]]) -> Boxes:
    groups = [(_joined(axes), section) for section, axes in axes_by_section.items()]
    groups.sort(key=lambda group: group[0].first)
    return tuple((axis, *box) for axis, section in groups for box in section)


def _stretches(boxes: Boxes) -> Iterable[tuple[Axis, Boxes]]:
    """The first dimension in ascending order, cut at gaps and where the section changes."""
    sections = _sections(boxes)
    pieces = ((piece, section) for axis, section in sections for piece in axis.pieces())
    return pieces if len(sections) == 1 else sorted(pieces, key=lambda piece: piece[0].first)


def _joined(axes: Sequence[Axis]) -> Axis:
    """The union of at least one axis of a kind, in one go."""
    if isinstance(axes[0], Span):
        spans = cast("Sequence[Span]", axes)
        return Span.union(bounds for span in spans for bounds in span.ranges)
    return Values.of(name for values in cast("Sequence[Values]", axes) for name in values)


def _overlay(
    left: Sequence[Axis], right: Sequence[Axis]
) -> list[tuple[Axis, int | None, int | None]]:
    """What lies in either list of disjoint axes, grouped by which one of each it lies in."""
    if isinstance(left[0], Span):
        return _overlay_spans(cast("Sequence[Span]", left), cast("Sequence[Span]", right))
    in_left = {name: i for i, axis in enumerate(left) for name in axis}
    in_right = {name: j for j, axis in enumerate(right) for name in axis}
    groups: dict[tuple[int | None, int | None], list[str]] = {}
    for name in cast("set[str]", in_left.keys() | in_right.keys()):
        groups.setdefault((in_left.get(name), in_right.get(name)), []).append(name)
    return [(Values.of(names), i, j) for (i, j), names in groups.items()]


def _overlay_spans(
    left: Sequence[Span], right: Sequence[Span]
) -> list[tuple[Axis, int | None, int | None]]:
    # One walk over all bounds; at equal positions ends (False) come before begins (True).
    bounds = sorted(
        (position, begins, side, index)
        for side, spans in enumerate((left, right))
        for index, span in enumerate(spans)
        for edges in span.ranges
        for position, begins in zip(edges, (True, False), strict=True)
    )
    groups: dict[tuple[int | None, int | None], list[Range]] = {}
    inside: list[int | None] = [None, None]
    since = 0
    for position, begins, side, index in bounds:
        if position > since and inside != [None, None]:
            groups.setdefault((inside[0], inside[1]), []).append((since, position))
        since = position
        inside[side] = index if begins else None
    return [(Span.union(ranges), i, j) for (i, j), ranges in groups.items()]

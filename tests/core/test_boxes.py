from __future__ import annotations

import operator
from collections.abc import Callable
from itertools import pairwise
from typing import Any, TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from flowforge_assets.core.boxes import (
    Box,
    Boxes,
    Operation,
    Point,
    canonical,
    chunks,
    combine,
    contains,
    count,
    difference,
    intersection,
    points,
    union,
)
from flowforge_assets.core.span import Axis, Span, Values

Python: TypeAlias = Callable[[Any, Any], Any]

OPERATIONS: list[tuple[Operation, Python]] = [
    (union, operator.or_),
    (intersection, operator.and_),
    (difference, operator.sub),
]
# Of three dimensions the middle one is of strings; fewer take the first ones.
spans = st.frozensets(st.integers(0, 4)).map(Span.points)
values = st.frozensets(st.sampled_from("abc")).map(Values.of)
KINDS: list[st.SearchStrategy[Axis]] = [spans, values, spans]


@st.composite
def box_lists(draw: st.DrawFn, sets: int) -> list[list[Box]]:
    kinds = KINDS[: draw(st.integers(0, 3))]
    return [draw(st.lists(st.tuples(*kinds), max_size=4)) for _ in range(sets)]


def enumerated(boxes: list[Box]) -> set[Point]:
    found: set[Point] = set()
    for box in boxes:
        partial: list[Point] = [()]
        for axis in box:
            partial = [(*point, at) for point in partial for at in axis]
        found.update(partial)
    return found


def set_of(given_points: set[Point]) -> Boxes:
    return canonical(
        tuple(Values.of([at]) if isinstance(at, str) else Span.points([at]) for at in point)
        for point in given_points
    )


@given(box_lists(1))
def test_points_are_those_of_the_boxes_in_order(given_boxes: list[list[Box]]) -> None:
    expected = sorted(enumerated(given_boxes[0]))
    found = canonical(given_boxes[0])
    assert list(points(found)) == expected
    assert count(found) == len(expected)
    assert all(contains(found, point) for point in expected)


@given(box_lists(1))
def test_equal_sets_are_equal_boxes(given_boxes: list[list[Box]]) -> None:
    (boxes,) = given_boxes
    assert canonical(boxes) == canonical(boxes[::-1]) == set_of(enumerated(boxes))
    assert canonical(canonical(boxes)) == canonical(boxes)


@given(box_lists(2), st.sampled_from(OPERATIONS))
def test_operations_are_those_of_sets(
    given_boxes: list[list[Box]], operation: tuple[Operation, Python]
) -> None:
    left, right = given_boxes
    ours, python = operation
    expected = python(enumerated(left), enumerated(right))
    assert combine(canonical(left), canonical(right), ours) == set_of(expected)


@given(box_lists(1), st.integers(1, 12))
def test_chunks_follow_each_other_and_keep_to_the_size(
    given_boxes: list[list[Box]], most: int
) -> None:
    whole = canonical(given_boxes[0])
    parts = list(chunks(whole, most))
    assert [point for part in parts for point in points(part)] == list(points(whole))
    assert all(0 < count(part) <= most for part in parts)
    assert all(part == canonical(part) for part in parts)


@given(box_lists(1), st.integers(1, 12))
def test_two_chunks_share_a_first_point_only_if_all_over_it_is_too_much_for_one(
    given_boxes: list[list[Box]], most: int
) -> None:
    whole = canonical(given_boxes[0])
    for part, after in pairwise(chunks(whole, most)):
        last, first = list(points(part))[-1], next(points(after))
        if last[0] == first[0]:
            assert sum(point[0] == first[0] for point in points(whole)) > most


def test_a_set_without_dimensions_is_nothing_or_the_one_point() -> None:
    assert canonical([(), ()]) == ((),)
    assert canonical([]) == ()
    assert list(points(((),))) == [()]
    assert list(chunks(((),), 5)) == [((),)]
    assert combine(((),), ((),), difference) == ()


def test_boxes_over_equal_sections_are_merged() -> None:
    boxes: list[Box] = [
        (Span.of(0, 2), Values.of("a")),
        (Span.of(2, 4), Values.of("ab")),
        (Span.of(0, 2), Values.of("b")),
    ]
    assert canonical(boxes) == ((Span.of(0, 4), Values.of("ab")),)


def test_the_first_dimension_is_cut_where_sections_differ() -> None:
    boxes: list[Box] = [
        (Span.of(0, 9), Values.of("a")),
        (Span.of(3, 5), Values.of("b")),
    ]
    assert canonical(boxes) == (
        (Span(((0, 3), (5, 9))), Values.of("a")),
        (Span.of(3, 5), Values.of("ab")),
    )

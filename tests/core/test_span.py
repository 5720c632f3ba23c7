from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowforge_assets.core.span import Span, Values

ints = st.frozensets(st.integers(-6, 12))
names = st.frozensets(st.sampled_from("abcdef"))
operations = st.sampled_from([operator.or_, operator.and_, operator.sub])


@given(ints)
def test_a_span_holds_exactly_the_points_it_was_made_of(points: frozenset[int]) -> None:
    span = Span.points(points)
    assert list(span) == sorted(points)
    assert len(span) == len(points)
    assert bool(span) == bool(points)
    assert [p for p in range(-8, 14) if p in span] == sorted(points)


@given(ints)
def test_ranges_are_sorted_and_do_not_touch(points: frozenset[int]) -> None:
    bounds = [bound for bounds in Span.points(points).ranges for bound in bounds]
    assert bounds == sorted(set(bounds))


@given(ints, ints, operations)
def test_span_operations_are_those_of_sets(
    left: frozenset[int], right: frozenset[int], how: Callable[[Any, Any], Any]
) -> None:
    assert how(Span.points(left), Span.points(right)) == Span.points(how(left, right))


@given(names, names, operations)
def test_values_operations_are_those_of_sets(
    left: frozenset[str], right: frozenset[str], how: Callable[[Any, Any], Any]
) -> None:
    assert how(Values.of(left), Values.of(right)) == Values.of(how(left, right))


@given(ints, st.integers(0, 20))
def test_a_span_splits_after_its_first_points(points: frozenset[int], count: int) -> None:
    head, rest = Span.points(points).split(count)
    assert list(head) == sorted(points)[:count]
    assert list(rest) == sorted(points)[count:]
    assert (head | rest) == Span.points(points)


@given(names, st.integers(0, 8))
def test_values_split_after_their_first_names(given_names: frozenset[str], count: int) -> None:
    head, rest = Values.of(given_names).split(count)
    assert [list(head), list(rest)] == [sorted(given_names)[:count], sorted(given_names)[count:]]


@given(names)
def test_values_hold_exactly_their_names(given_names: frozenset[str]) -> None:
    values = Values.of(given_names)
    assert list(values) == sorted(given_names)
    assert len(values) == len(given_names)
    assert bool(values) == bool(given_names)
    assert {name for name in "abcdefgh" if name in values} == given_names


def test_a_range_without_points_makes_the_empty_span() -> None:
    assert Span.of(3, 3) == Span.of(3, 1) == Span.union([(5, 4)]) == Span()


def test_ranges_that_touch_or_overlap_become_one() -> None:
    assert Span.union([(4, 6), (0, 3), (3, 4), (1, 2)]) == Span(((0, 6),))


def test_first_and_last_are_the_ends() -> None:
    span = Span.points([7, 3, 9])
    assert (span.first, span.last) == (3, 9)
    values = Values.of(["b", "c", "a"])
    assert (values.first, values.last) == ("a", "c")


def test_pieces_are_stretches_without_a_gap() -> None:
    assert list(Span.points([1, 2, 5]).pieces()) == [Span.of(1, 3), Span.of(5, 6)]
    assert list(Values.of("ba").pieces()) == [Values(("a",)), Values(("b",))]


def test_shift_moves_every_point() -> None:
    assert Span.points([1, 5]).shift(-2) == Span.points([-1, 3])


def test_other_things_are_not_members() -> None:
    assert "1" not in Span.of(0, 5)
    assert 1 not in Values.of("1")


@pytest.mark.parametrize("how", [operator.or_, operator.and_, operator.sub])
def test_spans_and_values_do_not_mix(how: Callable[[Any, Any], Any]) -> None:
    with pytest.raises(TypeError):
        how(Span.of(0, 1), Values.of("a"))
    with pytest.raises(TypeError):
        how(Values.of("a"), Span.of(0, 1))

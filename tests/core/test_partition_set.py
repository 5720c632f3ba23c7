from __future__ import annotations

import pickle
from itertools import islice

import pytest

from flowforge_assets.core.partition import (
    WHOLE,
    Dimension,
    PartitionSet,
    Point,
    Span,
    Values,
)

DAY = Dimension("day", "day")
COUNTRY = Dimension("country", "static")
HOUR = Dimension("hour", "hour")
MILLION = PartitionSet((HOUR,), ((Span.of(0, 1_000_000),),))


def days(*bounds: tuple[int, int]) -> PartitionSet:
    return PartitionSet((DAY,), tuple((Span.of(lo, hi),) for lo, hi in bounds))


def day_countries(*boxes: tuple[tuple[int, int], str]) -> PartitionSet:
    return PartitionSet(
        (DAY, COUNTRY),
        tuple((Span.of(*bounds), Values.of(names.split(","))) for bounds, names in boxes),
    )


def test_the_constructor_brings_boxes_into_canonical_form() -> None:
    messy = PartitionSet((DAY,), ((Span.of(3, 5),), (Span(),), (Span.of(0, 3),)))
    assert messy == days((0, 5))
    assert hash(messy) == hash(days((0, 5)))
    assert messy.boxes == ((Span.of(0, 5),),)


def test_a_box_with_an_empty_axis_is_no_partition() -> None:
    assert PartitionSet((DAY, COUNTRY), ((Span.of(0, 5), Values()),)) == PartitionSet.none(
        (DAY, COUNTRY)
    )


def test_union_intersection_and_difference_work_on_whole_sets() -> None:
    left, right = day_countries(((0, 10), "de,ch")), day_countries(((5, 15), "de"))
    assert (left | right) == day_countries(((0, 15), "de"), ((0, 10), "ch"))
    assert (left & right) == day_countries(((5, 10), "de"))
    assert (left - right) == day_countries(((0, 5), "de,ch"), ((5, 10), "ch"))


def test_sets_of_other_dimensions_do_not_combine() -> None:
    with pytest.raises(ValueError, match="cannot be combined"):
        days((0, 1)) | MILLION


def test_a_set_knows_its_points() -> None:
    some = day_countries(((0, 2), "de"), ((4, 5), "ch"))
    assert list(some.points()) == [(0, "de"), (1, "de"), (4, "ch")]
    assert (1, "de") in some
    assert (1, "ch") not in some
    assert (1,) not in some
    assert "1" not in some
    assert () in WHOLE
    assert () not in PartitionSet.none(())


def test_points_come_in_time_order_where_boxes_interleave() -> None:
    some = day_countries(((0, 1), "de"), ((1, 2), "ch"), ((2, 3), "de"))
    assert list(some.points()) == [(0, "de"), (1, "ch"), (2, "de")]


def test_a_set_is_true_when_it_has_a_partition() -> None:
    assert days((0, 1))
    assert WHOLE
    assert not PartitionSet.none((DAY,))


def test_the_unpartitioned_dataset_has_one_partition() -> None:
    assert WHOLE.count() == 1
    assert list(WHOLE.points()) == [()]
    assert list(WHOLE.keys()) == [""]
    assert list(WHOLE.chunks(10)) == [WHOLE]
    assert (WHOLE | WHOLE) == (WHOLE & WHOLE) == WHOLE
    assert not WHOLE - WHOLE
    assert WHOLE.single(()) == WHOLE


def test_keys_join_the_dimensions() -> None:
    assert list(day_countries(((0, 2), "de,ch")).keys()) == [
        "1970-01-01|ch",
        "1970-01-01|de",
        "1970-01-02|ch",
        "1970-01-02|de",
    ]


def test_keys_of_different_partitions_differ_whatever_the_strings_hold() -> None:
    left, right = Dimension("left", "static"), Dimension("right", "static")
    odd = PartitionSet((left, right), ((Values.of(["a", "a|b"]), Values.of(["b|c", "c"])),))
    assert len(set(odd.keys())) == 4


def test_single_is_the_set_of_one_partition() -> None:
    assert day_countries(((0, 2), "de")).single((7, "fr")) == day_countries(((7, 8), "fr"))


def test_a_point_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        days((0, 1)).single(())


def test_chunks_are_full_along_one_dimension() -> None:
    assert list(days((0, 5), (7, 9)).chunks(3)) == [
        days((0, 3)),
        days((3, 5), (7, 8)),
        days((8, 9)),
    ]


def test_chunks_keep_a_day_together_where_it_fits() -> None:
    assert list(day_countries(((0, 3), "de,ch,fr")).chunks(7)) == [
        day_countries(((0, 2), "de,ch,fr")),
        day_countries(((2, 3), "de,ch,fr")),
    ]


def test_chunks_cut_a_day_that_does_not_fit() -> None:
    assert list(day_countries(((0, 2), "de,ch,fr")).chunks(2)) == [
        day_countries(((0, 1), "ch,de")),
        day_countries(((0, 1), "fr")),
        day_countries(((1, 2), "ch,de")),
        day_countries(((1, 2), "fr")),
    ]


def test_a_chunk_has_room_for_one_partition_at_least() -> None:
    with pytest.raises(ValueError, match="not 0"):
        days((0, 1)).chunks(0)


@pytest.mark.parametrize(
    ("some", "text"),
    [
        (days((0, 365)), "1970-01-01..1970-12-31"),
        (days((0, 1)), "1970-01-01"),
        (days((0, 1), (2, 4)), "1970-01-01,1970-01-03..1970-01-04"),
        (day_countries(((0, 3), "de,ch")), "1970-01-01..1970-01-03 x ch,de"),
        (
            day_countries(((0, 1), "de"), ((2, 3), "ch")),
            "1970-01-01 x de + 1970-01-03 x ch",
        ),
        (WHOLE, ""),
        (PartitionSet.none((DAY,)), "none"),
        (MILLION, "1970-01-01T00..2084-01-29T15"),
    ],
)
def test_a_set_is_short_for_people(some: PartitionSet, text: str) -> None:
    assert some.render() == text


def test_what_goes_beyond_the_limit_is_counted() -> None:
    gaps = days(*((day, day + 1) for day in range(0, 20, 2)))
    assert gaps.render(2) == "1970-01-01,1970-01-03 and 8 more"
    boxes = day_countries(*(((day, day + 1), f"c{day}") for day in range(5)))
    assert boxes.render(1) == "1970-01-01 x c0 and 4 more partitions"
    countries = day_countries(((0, 1), "a,b,c,d,e"))
    assert countries.render() == "1970-01-01 x a,b,c and 2 more"


def test_a_million_partitions_cost_bytes() -> None:
    assert MILLION.count() == 1_000_000
    assert len(pickle.dumps(MILLION)) < 1_000
    assert len((MILLION - MILLION.single((5,))).boxes) == 1
    assert [point for (point,) in islice(MILLION.points(), 2)] == [0, 1]
    assert next(MILLION.chunks(400_000)).count() == 400_000


def test_a_million_partitions_of_three_dimensions_cost_three_axes() -> None:
    tenant = Dimension("tenant", "static")
    cube = PartitionSet(
        (DAY, COUNTRY, tenant),
        ((Span.of(0, 1_000), *(Values.of(f"{i:02}" for i in range(n)) for n in (20, 50))),),
    )
    hole: Point = (500, "07", "33")
    assert cube.count() == 1_000_000
    assert (cube - cube.single(hole)).count() == 999_999
    assert len((cube - cube.single(hole)).boxes) == 3
    assert (cube - cube.single(hole) | cube.single(hole)) == cube


def test_a_set_survives_pickle() -> None:
    some = day_countries(((0, 3), "de,ch"))
    assert pickle.loads(pickle.dumps(some)) == some  # noqa: S301 - our own bytes


def test_many_sets_are_united_in_one_go() -> None:
    parts = [days((4, 6)), days((0, 2)), days(), days((5, 9))]
    assert PartitionSet.union((DAY,), parts) == days((0, 2), (4, 9))
    assert PartitionSet.union((DAY,), []) == PartitionSet.none((DAY,))
    boxes = [day_countries(((0, 2), "ch")), day_countries(((1, 3), "ch,de"))]
    assert PartitionSet.union((DAY, COUNTRY), boxes) == boxes[0] | boxes[1]

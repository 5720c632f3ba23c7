from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowforge_assets.core.partition import WHOLE, Dimension, PartitionSet, Span, Values

DAY = Dimension("day", "day")
COUNTRY = Dimension("country", "static")
BOTH = (DAY, COUNTRY)
SOME = PartitionSet(BOTH, ((Span(((15_706, 16_071), (17_000, 17_001))), Values.of(["de", "ch"])),))

boxes = st.lists(
    st.tuples(
        st.frozensets(st.integers(-20, 20), min_size=1).map(Span.points),
        st.frozensets(st.text(max_size=3), min_size=1).map(Values.of),
    ),
    max_size=4,
).map(tuple)


@given(boxes)
def test_what_was_written_is_read(given_boxes: tuple[tuple[Span, Values], ...]) -> None:
    some = PartitionSet(BOTH, given_boxes)
    assert PartitionSet.from_json(BOTH, json.loads(json.dumps(some.to_json()))) == some


def test_json_holds_keys_and_the_meaning_of_them() -> None:
    assert SOME.to_json() == {
        "by": {"day": "day", "country": "static"},
        "boxes": [{"day": ["2013-01-01..2013-12-31", "2016-07-18"], "country": ["ch", "de"]}],
    }


def test_the_unpartitioned_set_has_one_box_of_nothing() -> None:
    assert WHOLE.to_json() == {"by": {}, "boxes": [{}]}
    assert PartitionSet.from_json((), {"by": {}, "boxes": [{}]}) == WHOLE


def test_another_order_of_the_dimensions_is_the_same_set() -> None:
    found = PartitionSet.from_json((COUNTRY, DAY), SOME.to_json())
    assert found.boxes == (SOME.boxes[0][::-1],)


@pytest.mark.parametrize(
    "dimensions",
    [
        (),
        (DAY,),
        (*BOTH, Dimension("tenant", "static")),
        (Dimension("date", "day"), COUNTRY),
        (Dimension("day", "week"), COUNTRY),
        (Dimension("day", "day", "Europe/Berlin"), COUNTRY),
    ],
)
def test_other_dimensions_refuse_it(dimensions: tuple[Dimension, ...]) -> None:
    with pytest.raises(ValueError, match="not by"):
        PartitionSet.from_json(dimensions, SOME.to_json())


def test_the_zone_of_hours_means_nothing() -> None:
    berlin, utc = Dimension("h", "hour", "Europe/Berlin"), Dimension("h", "hour")
    hours = PartitionSet((berlin,), ((Span.of(0, 5),),))
    assert PartitionSet.from_json((utc,), hours.to_json()).boxes == hours.boxes


@pytest.mark.parametrize(
    ("obj", "message"),
    [
        (None, "no object with the keys"),
        ([], "no object with the keys"),
        ({"by": {"day": "day"}}, "no object with the keys"),
        ({"by": {"day": "day"}, "boxes": {}}, "a list was expected"),
        ({"by": {"day": "day"}, "boxes": [{}]}, "no object with the keys"),
        ({"by": {"day": "day"}, "boxes": [{"day": [], "x": []}]}, "no object with the keys"),
        ({"by": {"day": "day"}, "boxes": [{"day": "2013-01-01"}]}, "a list was expected"),
        ({"by": {"day": "day"}, "boxes": [{"day": [1]}]}, "keys that are no text"),
        ({"by": {"day": "day"}, "boxes": [{"day": ["x"]}]}, "`x` is no day key of `day`"),
        (
            {"by": {"day": "day"}, "boxes": [{"day": ["2013-01-02..2013-01-01"]}]},
            "ends before it begins",
        ),
    ],
)
def test_anything_else_is_refused(obj: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PartitionSet.from_json((DAY,), obj)

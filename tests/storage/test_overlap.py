"""What the ends of columns tell of the rows between them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowforge_assets.core.dimension import Dimension, Kind
from flowforge_assets.core.partition import WHOLE, PartitionSet, Span
from flowforge_assets.core.schema import Field, Plain
from flowforge_assets.storage.latest import latest
from flowforge_assets.storage.overlap import Overlap, ends_of, overlap
from flowforge_assets.storage.partition_rows import is_in
from storage_values import COUNTRY, DAILY, DAY, countries, days, record, spec

DAY_NUMBERS = st.lists(st.integers(0, 12), min_size=1, max_size=6)
KINDS: tuple[Kind, ...] = ("hour", "day", "week", "month")
ZONES = ("UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia")
START = datetime(2011, 12, 28, tzinfo=UTC)


@given(DAY_NUMBERS, DAY_NUMBERS)
def test_what_is_told_of_days_is_true_of_their_rows(rows: list[int], asked: list[int]) -> None:
    frame = pl.DataFrame({"n": 0, "day": [date(2020, 1, 1) + timedelta(days=n) for n in rows]})
    inside = is_in(days(*asked), DAILY.schema)
    assert inside is not None
    found = frame.filter(inside).height
    match overlap(ends_of(frame, (DAY,)), days(*asked)):
        case Overlap.NONE:
            assert found == 0
        case Overlap.ALL:
            assert found == frame.height
        case Overlap.UNKNOWN:
            assert min(rows) < max(rows)


@given(
    st.sampled_from(KINDS),
    st.sampled_from(ZONES),
    st.lists(st.integers(0, 200 * 60), min_size=1, max_size=5),
    st.integers(-5, 200),
    st.integers(1, 48),
)
def test_what_is_told_of_instants_is_true_of_their_rows(
    kind: Kind, zone: str, minutes: list[int], lo: int, length: int
) -> None:
    dimension = Dimension("at", kind, tz=zone)
    at = [START + timedelta(minutes=n) for n in minutes]
    frame = pl.DataFrame({"at": at}, schema={"at": pl.Datetime("us", "UTC")})
    first = dimension.of_value(START)
    assert isinstance(first, int)
    span = Span.of(first + lo, first + lo + length)
    partitions = PartitionSet((dimension,), ((span,),))
    schema = spec(Field("at", Plain("timestamp")), by=(dimension,)).schema
    inside = is_in(partitions, schema)
    assert inside is not None
    assert frame.filter(inside).get_column("at").to_list() == [
        each for each in at if dimension.of_value(each) in span
    ]
    match overlap(ends_of(frame, (dimension,)), partitions):
        case Overlap.NONE:
            assert frame.filter(inside).is_empty()
        case Overlap.ALL:
            assert frame.filter(inside).height == frame.height
        case Overlap.UNKNOWN:
            assert len(set(at)) > 1


def test_everything_lies_in_the_unpartitioned_whole() -> None:
    assert overlap((), WHOLE) is Overlap.ALL


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        (("de", "de"), Overlap.ALL),
        (("fr", "fr"), Overlap.NONE),
        (("ch", "de"), Overlap.UNKNOWN),
        (None, Overlap.UNKNOWN),
    ],
)
def test_names_are_told_only_one_by_one(ends: tuple[str, str] | None, told: Overlap) -> None:
    assert overlap((ends,), countries("ch", "de")) is told


def test_a_column_with_nulls_tells_nothing() -> None:
    frame = pl.DataFrame({"country": ["de", None]})
    assert ends_of(frame, (COUNTRY,)) == [None]


@given(st.lists(DAY_NUMBERS, max_size=8))
def test_each_partition_is_held_by_the_last_commit_of_it(commits: list[list[int]]) -> None:
    made = [record(days(*numbers), step=str(at)) for at, numbers in enumerate(commits)]
    last = {number: str(at) for at, numbers in enumerate(commits) for number in numbers}
    found = {
        key: each.step_id
        for each in latest(made, (DAY,))
        for key in each.partitions.keys()  # noqa: SIM118 - a set, no dict
    }
    assert found == {days(number).render(): step for number, step in last.items()}


def test_commits_to_other_dimensions_are_left_out() -> None:
    assert latest([record(WHOLE), record(days(1))], (DAY,))[0].partitions == days(1)
    assert len(latest([record(WHOLE), record(days(1))], (DAY,))) == 1

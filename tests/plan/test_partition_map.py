from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import reduce
from operator import or_
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowforge_assets.core.dimension import Kind
from flowforge_assets.core.partition import (
    UNPARTITIONED,
    WHOLE,
    Dimension,
    Extent,
    Partitioning,
    PartitionSet,
    StaticExtent,
    TimeExtent,
)
from flowforge_assets.declare.mapping import All, Has, Lag, Latest, Mapping, Same, Window
from flowforge_assets.plan.partition_map import read_by, reads

NOW = datetime(2014, 1, 15, 12, 30, tzinfo=UTC)


def timely(kind: Kind, start: str, *, column: str | None = None, tz: str = "UTC") -> Partitioning:
    return Partitioning((Dimension(column or kind, kind, tz),), (TimeExtent(start),))


def product(*parts: Partitioning) -> Partitioning:
    return Partitioning(
        tuple(dim for part in parts for dim in part.dimensions),
        tuple(extent for part in parts for extent in part.extents),
    )


def static(column: str, *values: str) -> Partitioning:
    return Partitioning((Dimension(column, "static"),), (StaticExtent(values),))


HOURLY = timely("hour", "2013-01-01T00")
DAILY = timely("day", "2013-01-01")
WEEKLY = timely("week", "2012-12-31")
MONTHLY = timely("month", "2013-01")
BERLIN = timely("day", "2013-01-02", tz="Europe/Berlin")
COUNTRIES = static("country", "de", "ch", "fr")


def read(text: str, *, down: Partitioning, up: Partitioning, mapping: Mapping | None = None) -> str:
    asked = down.parse(text, NOW)
    return reads(asked, up=up, mapping=mapping or Same(), now=NOW).render(None)


def readers(
    text: str, *, down: Partitioning, up: Partitioning, mapping: Mapping | None = None
) -> str:
    asked = up.parse(text, NOW)
    return read_by(asked, up=up, down=down, mapping=mapping or Same(), now=NOW).render(None)


@pytest.mark.parametrize(
    ("down", "up", "reader", "expected"),
    [
        (DAILY, DAILY, "2013-05-01..2013-05-03", "2013-05-01..2013-05-03"),
        (DAILY, HOURLY, "2013-05-01", "2013-05-01T00..2013-05-01T23"),
        (HOURLY, DAILY, "2013-05-01T23..2013-05-02T00", "2013-05-01..2013-05-02"),
        (MONTHLY, DAILY, "2013-02", "2013-02-01..2013-02-28"),
        (DAILY, MONTHLY, "2013-02-28", "2013-02"),
        (WEEKLY, DAILY, "2013-01-07", "2013-01-07..2013-01-13"),
        (WEEKLY, DAILY, "2012-12-31", "2013-01-01..2013-01-06"),
        (WEEKLY, MONTHLY, "2013-01-28", "2013-01..2013-02"),
        (MONTHLY, HOURLY, "2013-02", "2013-02-01T00..2013-02-28T23"),
        (BERLIN, HOURLY, "2013-03-31", "2013-03-30T23..2013-03-31T21"),
        (BERLIN, HOURLY, "2013-10-27", "2013-10-26T22..2013-10-27T22"),
        (BERLIN, HOURLY, "2013-03-30..2013-04-01", "2013-03-29T23..2013-04-01T21"),
        (BERLIN, DAILY, "2013-03-31", "2013-03-31"),
    ],
)
def test_time_partitions_match_by_key_or_by_what_overlaps(
    down: Partitioning, up: Partitioning, reader: str, expected: str
) -> None:
    assert read(reader, down=down, up=up) == expected


def test_gaps_of_the_reader_stay_gaps() -> None:
    assert read("2013-05-01,2013-05-03", down=DAILY, up=HOURLY) == (
        "2013-05-01T00..2013-05-01T23,2013-05-03T00..2013-05-03T23"
    )


def test_hours_at_the_edge_of_a_half_hour_zone_belong_to_both_days() -> None:
    kolkata = timely("day", "2013-01-02", tz="Asia/Kolkata")
    assert read("2013-05-01", down=kolkata, up=HOURLY) == "2013-04-30T18..2013-05-01T18"
    assert readers("2013-04-30T18", down=kolkata, up=HOURLY) == "2013-04-30..2013-05-01"


def test_a_day_that_a_zone_left_out_reads_no_hours() -> None:
    apia = timely("day", "2011-12-01", tz="Pacific/Apia")
    hours = timely("hour", "2011-01-01T00")
    assert read("2011-12-30", down=apia, up=hours) == "none"
    assert read("2011-12-29", down=apia, up=hours) == "2011-12-29T10..2011-12-30T09"


def test_reading_is_cut_to_what_the_upstream_declares() -> None:
    short = Partitioning(DAILY.dimensions, (TimeExtent("2013-05-02", "2013-05-03"),))
    assert read("2013-05-01..2013-05-31", down=DAILY, up=short) == "2013-05-02..2013-05-03"
    assert read("2013-06-01", down=DAILY, up=short) == "none"


def test_static_dimensions_match_by_column() -> None:
    both = product(DAILY, COUNTRIES)
    assert read("2013-05-01|de", down=both, up=both) == "2013-05-01 x de"
    assert readers("2013-05-01|de", down=both, up=both) == "2013-05-01 x de"
    other = static("region", "de", "ch", "fr")
    assert read("de", down=other, up=COUNTRIES) == "ch,de,fr"


def test_a_dimension_that_the_reader_lacks_is_read_whole() -> None:
    both = product(DAILY, COUNTRIES)
    assert read("2013-05-01", down=DAILY, up=both) == "2013-05-01 x ch,de,fr"
    assert readers("2013-05-01|de", down=DAILY, up=both) == "2013-05-01"


def test_a_dimension_that_the_upstream_lacks_does_not_restrict() -> None:
    both = product(DAILY, COUNTRIES)
    assert read("2013-05-01|de", down=both, up=DAILY) == "2013-05-01"
    assert readers("2013-05-01", down=both, up=DAILY) == "2013-05-01 x ch,de,fr"


def test_the_only_times_of_both_match_whatever_their_columns() -> None:
    assert read("2013-05-01", down=DAILY, up=timely("day", "2013-01-01", column="arrived")) == (
        "2013-05-01"
    )


def test_of_several_times_those_of_one_column_match() -> None:
    arrived = timely("hour", "2014-01-01T00", column="arrived")
    late = product(arrived, timely("day", "2014-01-01"))
    assert read("2014-01-02", down=DAILY, up=late) == ("2014-01-01T00..2014-01-15T11 x 2014-01-02")


def test_a_time_and_a_static_dimension_of_one_column_do_not_match() -> None:
    named = static("day", "monday", "sunday")
    assert read("2013-05-01", down=DAILY, up=named) == "monday,sunday"


def test_an_unpartitioned_reader_reads_all() -> None:
    assert read("", down=UNPARTITIONED, up=DAILY) == "2013-01-01..2014-01-14"
    assert readers("2013-05-01", down=UNPARTITIONED, up=DAILY) == WHOLE.render()


def test_an_unpartitioned_upstream_is_read_whole() -> None:
    assert reads(DAILY.parse("2013-05-01", NOW), up=UNPARTITIONED, mapping=Same(), now=NOW) == WHOLE
    assert readers("", down=DAILY, up=UNPARTITIONED) == "2013-01-01..2014-01-14"


def test_all_reads_every_partition() -> None:
    assert read("2013-05-01", down=DAILY, up=DAILY, mapping=All()) == "2013-01-01..2014-01-14"
    assert readers("2013-05-01", down=MONTHLY, up=DAILY, mapping=All()) == "2013-01..2013-12"


@pytest.mark.parametrize("mapping", [Same(), All(), Lag(), Latest()])
def test_nothing_reads_nothing_and_is_read_by_nothing(mapping: Mapping) -> None:
    nothing = PartitionSet.none(DAILY.dimensions)
    assert reads(nothing, up=DAILY, mapping=mapping, now=NOW) == nothing
    assert read_by(nothing, up=DAILY, down=DAILY, mapping=mapping, now=NOW) == nothing


@pytest.mark.parametrize("mapping", [Same(), All(), Lag(), Latest()])
def test_a_dataset_without_partitions_yet_is_not_read_and_reads_nothing(mapping: Mapping) -> None:
    future = timely("day", "2020-01-01")
    declared = DAILY.all(NOW)
    assert not reads(declared, up=future, mapping=mapping, now=NOW)
    assert not read_by(declared, up=DAILY, down=future, mapping=mapping, now=NOW)


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        (Lag(), "2013-04-30"),
        (Lag(7), "2013-04-24"),
        (Window(-1, 1), "2013-04-30..2013-05-02"),
        (Window(-6), "2013-04-25..2013-05-01"),
        (Window(1, 2), "2013-05-02..2013-05-03"),
        (Has(missing="skip"), "2013-05-01"),
    ],
)
def test_lag_and_window_count_from_the_readers_partition(mapping: Mapping, expected: str) -> None:
    assert read("2013-05-01", down=DAILY, up=DAILY, mapping=mapping) == expected


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        (Lag(), "2013-05-02"),
        (Window(-1, 1), "2013-04-30..2013-05-02"),
        (Window(-6), "2013-05-01..2013-05-07"),
    ],
)
def test_lag_and_window_find_their_readers(mapping: Mapping, expected: str) -> None:
    assert readers("2013-05-01", down=DAILY, up=DAILY, mapping=mapping) == expected


def test_a_window_counts_in_the_partitions_of_what_is_read() -> None:
    assert read("2013-05-01", down=DAILY, up=HOURLY, mapping=Window(-24, 0)) == (
        "2013-04-30T00..2013-05-01T23"
    )
    assert read("2013-05-01T05", down=HOURLY, up=DAILY, mapping=Lag()) == "2013-04-30"


def test_lag_keeps_static_dimensions() -> None:
    both = product(DAILY, COUNTRIES)
    assert read("2013-05-02|de", down=both, up=both, mapping=Lag()) == "2013-05-01 x de"


def test_the_first_partition_has_nothing_before_it() -> None:
    assert read("2013-01-01", down=DAILY, up=DAILY, mapping=Lag()) == "none"


def test_latest_is_the_newest_declared_partition() -> None:
    assert read("2013-05-01", down=DAILY, up=DAILY, mapping=Latest()) == "2014-01-14"
    assert readers("2014-01-14", down=MONTHLY, up=DAILY, mapping=Latest()) == "2013-01..2013-12"
    assert readers("2014-01-13", down=MONTHLY, up=DAILY, mapping=Latest()) == "none"


def test_latest_keeps_static_dimensions() -> None:
    both = product(DAILY, COUNTRIES)
    assert read("de", down=COUNTRIES, up=both, mapping=Latest()) == "2014-01-14 x de"
    assert readers("2014-01-14|de", down=COUNTRIES, up=both, mapping=Latest()) == "de"


def test_undeclared_upstream_partitions_have_no_readers() -> None:
    old = DAILY.parse("2013-01-01", NOW)
    later = timely("day", "2013-06-01")
    assert not read_by(old, up=later, down=DAILY, mapping=Same(), now=NOW)


ZONES = ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia"]
# Each kind around two days on which some zone changes its clocks or leaves a day out.
EXTENTS: dict[Kind, list[TimeExtent]] = {
    "hour": [
        TimeExtent("2006-10-27T20", "2006-10-30T10"),
        TimeExtent("2011-12-29T00", "2012-01-01T12"),
    ],
    "day": [TimeExtent("2006-10-25", "2006-11-02"), TimeExtent("2011-12-27", "2012-01-03")],
    "week": [TimeExtent("2006-10-16", "2006-11-06"), TimeExtent("2011-12-19", "2012-01-09")],
    "month": [TimeExtent("2006-09", "2006-12"), TimeExtent("2011-11", "2012-02")],
}
mappings = st.one_of(
    st.sampled_from([Same(), All(), Latest(), Has(), Lag(1), Lag(3)]),
    st.builds(
        lambda first, length: Window(first, first + length), st.integers(-4, 3), st.integers(0, 4)
    ),
)


@st.composite
def edges(draw: st.DrawFn, *, zones: list[str]) -> tuple[Partitioning, Partitioning]:
    era = draw(st.integers(0, 1))

    def side(role: str) -> Partitioning:
        dimensions: list[Dimension] = []
        extents: list[Extent] = []
        for column in draw(st.permutations(["t", "u", "country"]), label=role)[
            : draw(st.integers(0, 3))
        ]:
            if column == "country":
                values = draw(st.lists(st.sampled_from("abc"), min_size=1, unique=True))
                dimensions.append(Dimension(column, "static"))
                extents.append(StaticExtent(tuple(values)))
            else:
                # Two long axes would make enumeration slow: the second one has short kinds.
                kinds: list[Kind] = (
                    ["hour", "day", "week", "month"] if column == "t" else ["week", "month"]
                )
                kind = draw(st.sampled_from(kinds))
                dimensions.append(Dimension(column, kind, draw(st.sampled_from(zones))))
                extents.append(EXTENTS[kind][era])
        return Partitioning(tuple(dimensions), tuple(extents))

    return side("down"), side("up")


@st.composite
def some_of(draw: st.DrawFn, whole: PartitionSet) -> PartitionSet:
    points = draw(st.lists(st.sampled_from(list(whole.points())), max_size=4))
    return reduce(or_, map(whole.single, points), PartitionSet.none(whole.dimensions))


@given(edges(zones=ZONES), mappings, st.data())
def test_reads_and_read_by_are_two_directions_of_one_relation(
    edge: tuple[Partitioning, Partitioning], mapping: Mapping, data: st.DataObject
) -> None:
    down, up = edge
    all_down, all_up = down.all(NOW), up.all(NOW)
    reader = data.draw(st.sampled_from(list(all_down.points())))
    read_points = set(reads(all_down.single(reader), up=up, mapping=mapping, now=NOW).points())
    for point in (
        data.draw(st.lists(st.sampled_from(list(all_up.points())), max_size=8))
        + list(read_points)[:8]
    ):
        found = read_by(all_up.single(point), up=up, down=down, mapping=mapping, now=NOW)
        assert (point in read_points) == (reader in found)


@given(edges(zones=ZONES[:4]), mappings, st.data())
def test_a_set_reads_what_its_partitions_read(
    edge: tuple[Partitioning, Partitioning], mapping: Mapping, data: st.DataObject
) -> None:
    down, up = edge
    some = data.draw(some_of(down.all(NOW)))
    one_by_one = (
        reads(some.single(point), up=up, mapping=mapping, now=NOW) for point in some.points()
    )
    expected = reduce(or_, one_by_one, PartitionSet.none(up.dimensions))
    assert reads(some, up=up, mapping=mapping, now=NOW) == expected


@given(edges(zones=ZONES[:4]), mappings, st.data())
def test_a_set_is_read_by_the_readers_of_its_partitions(
    edge: tuple[Partitioning, Partitioning], mapping: Mapping, data: st.DataObject
) -> None:
    down, up = edge
    some = data.draw(some_of(up.all(NOW)))
    one_by_one = (
        read_by(some.single(point), up=up, down=down, mapping=mapping, now=NOW)
        for point in some.points()
    )
    expected = reduce(or_, one_by_one, PartitionSet.none(down.dimensions))
    assert read_by(some, up=up, down=down, mapping=mapping, now=NOW) == expected


@given(st.sampled_from(ZONES), st.integers(0, 8), st.integers(0, 1))
def test_a_day_reads_the_hours_that_overlap_it(zone: str, days: int, era: int) -> None:
    extent = EXTENTS["day"][era]
    day = date.fromisoformat(extent.start) + timedelta(days=min(days, 7))
    midnights = (
        datetime(each.year, each.month, each.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        for each in (day, day + timedelta(days=1))
    )
    begin, end = midnights
    down = Partitioning((Dimension("day", "day", zone),), (extent,))
    up = timely("hour", "2006-01-01T00")
    hours = reads(down.parse(day.isoformat(), NOW), up=up, mapping=Same(), now=NOW)
    first = begin.replace(minute=0, second=0) - timedelta(hours=3)
    around = [first + timedelta(hours=n) for n in range(40)]
    expected = [
        hour for hour in around if begin < end and hour < end and hour + timedelta(hours=1) > begin
    ]
    assert [up.dimensions[0].value(point) for (point,) in hours.points()] == expected


def test_a_million_partitions_map_by_their_ends() -> None:
    hours = Partitioning((Dimension("h", "hour"),), (TimeExtent("1900-01-01T00", "2013-12-31T22"),))
    days = Partitioning(
        (Dimension("d", "day", "Europe/Berlin"),), (TimeExtent("1900-01-01", "2013-12-31"),)
    )
    found = reads(days.all(NOW), up=hours, mapping=Window(-24, 0), now=NOW)
    assert found == hours.all(NOW)
    assert found.count() == 999_311
    assert len(found.boxes) == 1

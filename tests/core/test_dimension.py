from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowforge_assets.core.dimension import Dimension, Kind, Ordinal
from flowforge_assets.core.span import Axis, Span, Values
from flowforge_assets.errors.project import BadPartitionKey, UnknownTimeZone

ZONES = [
    "UTC",
    "Europe/Berlin",
    "Asia/Kolkata",
    "America/St_Johns",
    "America/Havana",
    "Pacific/Apia",
]
TIME_KINDS: list[Kind] = ["hour", "day", "week", "month"]
time_dimensions = st.builds(
    Dimension, st.just("t"), st.sampled_from(TIME_KINDS), st.sampled_from(ZONES)
)
instants = st.datetimes(
    datetime(1970, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2040, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


def hours_of(dimension: Dimension, key: str) -> float:
    ordinal = dimension.time_ordinal(key)
    begin, end = dimension.instants(ordinal, ordinal + 1)
    return (end - begin) / timedelta(hours=1)


@pytest.mark.parametrize(
    ("kind", "key", "ordinal", "value"),
    [
        ("hour", "1970-01-01T00", 0, datetime(1970, 1, 1, tzinfo=UTC)),
        ("hour", "1969-12-31T23", -1, datetime(1969, 12, 31, 23, tzinfo=UTC)),
        ("hour", "2026-01-01T05", 490_901, datetime(2026, 1, 1, 5, tzinfo=UTC)),
        ("day", "1970-01-02", 1, date(1970, 1, 2)),
        ("day", "2013-01-01", 15_706, date(2013, 1, 1)),
        ("week", "1969-12-29", 0, date(1969, 12, 29)),
        ("week", "2026-01-05", 2_923, date(2026, 1, 5)),
        ("month", "2026-01", 24_312, date(2026, 1, 1)),
        ("month", "1000-12", 12_011, date(1000, 12, 1)),
        ("static", "de", "de", "de"),
    ],
)
def test_key_ordinal_and_value_say_the_same_partition(
    kind: Kind, key: str, ordinal: Ordinal, value: datetime | date | str
) -> None:
    dimension = Dimension("t", kind)
    assert dimension.ordinal(key) == ordinal
    assert dimension.key(ordinal) == key
    assert dimension.value(ordinal) == value
    assert dimension.of_value(value) == ordinal
    assert dimension.of_value(key) == ordinal


@given(time_dimensions, instants)
def test_every_instant_is_within_its_partition(dimension: Dimension, instant: datetime) -> None:
    ordinal = dimension.holding(instant)
    begin, end = dimension.instants(ordinal, ordinal + 1)
    assert begin <= instant < end
    assert dimension.of_value(instant) == ordinal
    assert dimension.ordinal(dimension.key(ordinal)) == ordinal


@given(time_dimensions, st.integers(0, 30_000))
def test_partitions_follow_each_other_without_a_gap(dimension: Dimension, ordinal: int) -> None:
    if dimension.kind == "month":
        ordinal += 12 * 1970
    elif dimension.kind == "week":
        ordinal //= 7
    begin, end = dimension.instants(ordinal, ordinal + 1)
    assert begin <= end == dimension.instants(ordinal + 1, ordinal + 2)[0]
    assert begin.tzinfo is end.tzinfo is UTC


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("day", "2013-1-1"),
        ("day", "2013-02-30"),
        ("day", "20130101"),
        ("day", "2013-W01-1"),
        ("day", "2013-01"),
        ("day", "2013-01-01T00"),
        ("day", "２０１３-01-01"),  # noqa: RUF001 - full-width digits are not of the form
        ("day", "0999-01-01"),
        ("day", "9999-01-01"),
        ("day", ""),
        ("hour", "2013-01-01"),
        ("hour", "2013-01-01T24"),
        ("hour", "2013-02-30T01"),
        ("hour", "2013-01-01 00"),
        ("week", "2013-W01"),
        ("month", "2013-13"),
        ("month", "2013-01-01"),
        ("month", "2013-00"),
    ],
)
def test_a_text_of_another_form_is_no_key(kind: Kind, text: str) -> None:
    with pytest.raises(BadPartitionKey) as caught:
        Dimension("t", kind).ordinal(text)
    assert caught.value.code == "FF-830"
    assert caught.value.message == f"`{text}` is no {kind} key of `t`"
    assert (caught.value.hint or "").startswith("write a")


def test_a_week_is_named_by_its_monday() -> None:
    with pytest.raises(BadPartitionKey) as caught:
        Dimension("w", "week").ordinal("2013-01-01")
    assert caught.value.hint == "weeks are named by their Monday: `2012-12-31`"


def test_any_date_of_a_week_or_month_gives_its_partition() -> None:
    week, month = Dimension("w", "week"), Dimension("m", "month")
    assert week.key(week.of_value(date(2013, 1, 1))) == "2012-12-31"
    assert month.key(month.of_value(date(2013, 1, 31))) == "2013-01"


def test_a_berlin_day_has_23_to_25_hours() -> None:
    day = Dimension("day", "day", "Europe/Berlin")
    assert hours_of(day, "2026-03-28") == 24
    assert hours_of(day, "2026-03-29") == 23
    assert hours_of(day, "2026-10-25") == 25


def test_a_berlin_month_of_a_clock_change_is_an_hour_off() -> None:
    month = Dimension("m", "month", "Europe/Berlin")
    assert hours_of(month, "2026-03") == 31 * 24 - 1
    assert hours_of(month, "2026-10") == 31 * 24 + 1


def test_a_day_whose_midnight_comes_twice_begins_at_the_first() -> None:
    day = Dimension("day", "day", "America/Havana")
    assert hours_of(day, "2026-11-01") == 25
    assert day.instants(day.time_ordinal("2026-11-01"), 0)[0] == datetime(
        2026, 11, 1, 4, tzinfo=UTC
    )


def test_a_day_that_a_zone_left_out_has_no_hours() -> None:
    assert hours_of(Dimension("day", "day", "Pacific/Apia"), "2011-12-30") == 0


def test_the_minutes_after_a_clock_goes_back_over_midnight_stay_in_the_day_begun() -> None:
    # On 2006-10-29 at 00:01 St. John's went back to 23:01 of the 28th.
    day = Dimension("day", "day", "America/St_Johns")
    again_late = datetime(2006, 10, 29, 3, 0, tzinfo=UTC)
    assert day.key(day.holding(again_late)) == "2006-10-29"


def test_the_minutes_after_a_clock_jumps_over_midnight_stay_in_the_day_before() -> None:
    # On 1919-03-30 at 23:30 Toronto went on to 00:30 of the 31st; midnight was at 05:00 UTC.
    day = Dimension("day", "day", "America/Toronto")
    jumped = datetime(1919, 3, 31, 4, 40, tzinfo=UTC)
    assert day.key(day.holding(jumped)) == "1919-03-30"
    assert day.key(day.holding(jumped + timedelta(minutes=20))) == "1919-03-31"


def test_a_datetime_without_zone_is_a_wall_clock_reading() -> None:
    late = datetime(2026, 1, 1, 23, 30)  # noqa: DTZ001 - it is the point
    berlin, hour = Dimension("day", "day", "Europe/Berlin"), Dimension("h", "hour")
    assert berlin.key(berlin.of_value(late)) == "2026-01-01"
    assert hour.key(hour.of_value(late)) == "2026-01-01T23"


def test_a_datetime_with_a_zone_is_an_instant() -> None:
    late = datetime(2026, 1, 1, 23, 30, tzinfo=UTC)
    east = late.astimezone(timezone(timedelta(hours=5)))
    berlin, hour = Dimension("day", "day", "Europe/Berlin"), Dimension("h", "hour")
    assert berlin.key(berlin.of_value(late)) == "2026-01-02"
    assert hour.key(hour.of_value(east)) == "2026-01-01T23"


def test_a_date_lies_in_no_single_hour() -> None:
    with pytest.raises(BadPartitionKey, match="`2026-01-01` is no hour key"):
        Dimension("h", "hour").of_value(date(2026, 1, 1))


def test_a_date_is_no_static_value() -> None:
    with pytest.raises(BadPartitionKey, match="`2026-01-01` is no static key"):
        Dimension("c", "static").of_value(date(2026, 1, 1))


def test_a_static_dimension_has_no_time_ordinals_and_no_dates() -> None:
    country = Dimension("country", "static")
    with pytest.raises(BadPartitionKey):
        country.time_ordinal("de")
    with pytest.raises(ValueError, match="has no dates"):
        country.dates(0, 1)


def test_hours_have_no_dates() -> None:
    with pytest.raises(ValueError, match="its kind is `hour`"):
        Dimension("h", "hour").dates(0, 1)


def test_dates_are_a_half_open_range() -> None:
    month = Dimension("m", "month")
    january = month.time_ordinal("2026-01")
    assert month.dates(january, january + 2) == (date(2026, 1, 1), date(2026, 3, 1))


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd"])
def test_a_zone_that_nobody_knows_is_refused_at_once(zone: str) -> None:
    with pytest.raises(UnknownTimeZone) as caught:
        Dimension("day", "day", zone)
    assert (caught.value.code, caught.value.exit_code) == ("FF-835", 2)


@pytest.mark.parametrize(
    ("kind", "ordinal", "axis"), [("day", 3, Span.of(3, 4)), ("static", "a", Values(("a",)))]
)
def test_an_axis_holds_the_one_partition(kind: Kind, ordinal: Ordinal, axis: Axis) -> None:
    assert Dimension("t", kind).axis(ordinal) == axis

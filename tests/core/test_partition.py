from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from flowforge_assets.core.dimension import Kind
from flowforge_assets.core.partition import (
    UNPARTITIONED,
    WHOLE,
    Dimension,
    Extent,
    Partitioning,
    PartitionSet,
    Span,
    StaticExtent,
    TimeExtent,
    Values,
)
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.project import (
    BadPartitioning,
    BadPartitionKey,
    BadPartitionRange,
    NotPartitioned,
    UnknownDimension,
    UnknownPartition,
)

NOW = datetime(2014, 1, 15, 12, 30, tzinfo=UTC)
DAY = Dimension("day", "day")
COUNTRY = Dimension("country", "static")
TENANT = Dimension("tenant", "static")
DAILY = Partitioning((DAY,), (TimeExtent("2013-01-01"),))
YEAR = Partitioning((DAY,), (TimeExtent("2013-01-01", "2013-12-31"),))
COUNTRIES = Partitioning((COUNTRY,), (StaticExtent(("de", "ch", "fr")),))
BOTH = Partitioning((DAY, COUNTRY), (*YEAR.extents, *COUNTRIES.extents))


def rendered(partitioning: Partitioning, text: str) -> str:
    return partitioning.parse(text, NOW).render(None)


def refusal(partitioning: Partitioning, text: str) -> FlowForgeError:
    with pytest.raises(FlowForgeError) as caught:
        partitioning.parse(text, NOW)
    return caught.value


@pytest.mark.parametrize(
    ("kind", "start", "last"),
    [
        ("hour", "2013-01-01T00", "2014-01-15T11"),
        ("day", "2013-01-01", "2014-01-14"),
        ("week", "2012-12-31", "2014-01-06"),
        ("month", "2013-01", "2013-12"),
    ],
)
def test_an_open_set_ends_with_the_last_complete_partition(
    kind: Kind, start: str, last: str
) -> None:
    declared = Partitioning((Dimension("t", kind),), (TimeExtent(start),))
    assert declared.all(NOW).render() == f"{start}..{last}"


def test_a_partition_is_complete_in_the_moment_it_ends() -> None:
    midnight = datetime(2013, 1, 3, tzinfo=UTC)
    assert DAILY.all(midnight).render() == "2013-01-01..2013-01-02"
    assert DAILY.all(midnight - timedelta(microseconds=1)).render() == "2013-01-01"


def test_a_day_of_berlin_is_complete_before_that_of_utc() -> None:
    berlin = Partitioning((Dimension("day", "day", "Europe/Berlin"),), DAILY.extents)
    late = datetime(2013, 1, 2, 23, 0, tzinfo=UTC)
    assert berlin.all(late).render() == "2013-01-01..2013-01-02"
    assert DAILY.all(late).render() == "2013-01-01"


def test_a_declared_end_is_included_and_taken_at_its_word() -> None:
    early = datetime(2013, 6, 1, tzinfo=UTC)
    assert YEAR.all(early).render() == "2013-01-01..2013-12-31"


def test_nothing_is_declared_before_the_first_partition_is_over() -> None:
    before = datetime(2013, 1, 1, 12, tzinfo=UTC)
    assert not DAILY.all(before)
    with pytest.raises(UnknownPartition, match="none of `day` is over"):
        DAILY.parse("2013-01-01", before)


def test_all_of_several_dimensions_is_their_product() -> None:
    assert BOTH.all(NOW).count() == 365 * 3


def test_an_unpartitioned_dataset_is_whole() -> None:
    assert UNPARTITIONED.all(NOW) == WHOLE
    assert UNPARTITIONED.parse(" ", NOW) == WHOLE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2013-01-01", "2013-01-01"),
        ("2013-01-01..2013-12-31", "2013-01-01..2013-12-31"),
        ("2013-12-30..", "2013-12-30..2013-12-31"),
        ("..2013-01-02", "2013-01-01..2013-01-02"),
        ("..", "2013-01-01..2013-12-31"),
        ("2013-01-05, 2013-01-01 .. 2013-01-02", "2013-01-01..2013-01-02,2013-01-05"),
        ("2013-01-01,2013-01-02", "2013-01-01..2013-01-02"),
        ("day=2013-01-01..2013-01-02", "2013-01-01..2013-01-02"),
    ],
)
def test_one_dimension_is_asked_for_by_keys_ranges_and_lists(text: str, expected: str) -> None:
    assert rendered(YEAR, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("day=2013-01-01..2013-01-31;country=de,ch", "2013-01-01..2013-01-31 x ch,de"),
        ("country = de ; day = 2013-01-01", "2013-01-01 x de"),
        ("country=de", "2013-01-01..2013-12-31 x de"),
        ("day=..2013-01-02", "2013-01-01..2013-01-02 x ch,de,fr"),
        ("2013-01-01|de", "2013-01-01 x de"),
        ("2013-01-01 x ch,de", "2013-01-01 x ch,de"),
        ("2013-01-01|de + 2013-01-03|ch", "2013-01-01 x de + 2013-01-03 x ch"),
    ],
)
def test_several_dimensions_are_asked_for_by_name_or_by_key(text: str, expected: str) -> None:
    assert rendered(BOTH, text) == expected


def test_static_values_are_asked_for_by_name() -> None:
    assert rendered(COUNTRIES, "fr, de") == "de,fr"


def test_static_values_may_hold_every_character() -> None:
    odd = (
        "a,b",
        "c;d",
        "e=f",
        "g | h",
        "i x j",
        "k + l",
        " m ",
        "n\\",
        "A..B",
        "/ % ' ü",
        "country=q",
    )
    declared = Partitioning((COUNTRY,), (StaticExtent(odd),))
    everything = declared.all(NOW)
    assert declared.parse(everything.render(None), NOW) == everything
    for key in everything.keys():  # noqa: SIM118 - a set of partitions is no mapping
        assert list(declared.parse(key, NOW).keys()) == [key]


names = st.text(st.sampled_from("ax+,;|=\\. "), min_size=1, max_size=4)


@given(st.data())
def test_parse_reads_what_render_writes(data: st.DataObject) -> None:
    known = [
        data.draw(st.lists(names, min_size=1, max_size=4, unique=True), label="values")
        for _ in range(2)
    ]
    declared = Partitioning(
        (COUNTRY, DAY, TENANT),
        (StaticExtent(tuple(known[0])), *YEAR.extents, StaticExtent(tuple(known[1]))),
    )
    start = DAY.time_ordinal("2013-01-01")
    axes = st.tuples(
        st.frozensets(st.sampled_from(known[0])).map(Values.of),
        st.frozensets(st.integers(start, start + 8)).map(Span.points),
        st.frozensets(st.sampled_from(known[1])).map(Values.of),
    )
    some = PartitionSet(declared.dimensions, tuple(data.draw(st.lists(axes, max_size=3))))
    assume(some)
    assert declared.parse(some.render(None), NOW) == some


@pytest.mark.parametrize("text", ["2012-12-31", "2014-01-01", "2013-12-01..2014-01-01"])
def test_a_key_outside_the_declared_set_is_told_the_set(text: str) -> None:
    error = refusal(YEAR, text)
    assert isinstance(error, UnknownPartition)
    assert (error.code, error.exit_code) == ("FF-831", 2)
    assert "is outside `day`: `2013-01-01..2013-12-31`" in error.message


def test_a_partition_that_is_not_over_is_told_so() -> None:
    assert refusal(DAILY, "2014-01-15").hint == "a partition is there when it is over"
    assert refusal(DAILY, "2012-01-15").hint is None


def test_a_misspelt_value_is_told_the_nearest() -> None:
    declared = Partitioning((COUNTRY,), (StaticExtent(("germany", "france")),))
    error = refusal(declared, "germny")
    assert error.message == "`germny` is outside `country`: `france,germany`"
    assert error.hint == "did you mean `germany`?"


def test_a_value_is_told_as_it_is_to_be_written() -> None:
    declared = Partitioning((COUNTRY,), (StaticExtent(("a\\b",)),))
    error = refusal(declared, "a\\b")
    assert error.message == r"`ab` is outside `country`: `a\\b`"
    assert error.hint == r"did you mean `a\\b`?"


@pytest.mark.parametrize("text", ["2013-13-01", "", "2013-01-01,", "today", "dya=2013-01-01"])
def test_a_text_that_is_no_key_is_told_the_form(text: str) -> None:
    error = refusal(YEAR, text)
    assert isinstance(error, BadPartitionKey)
    assert error.hint == "write a day as `2026-01-31`"


def test_a_range_that_ends_before_it_begins_is_refused() -> None:
    error = refusal(YEAR, "2013-02-01..2013-01-01")
    assert isinstance(error, BadPartitionRange)
    assert error.code == "FF-832"
    assert error.hint == "write `2013-01-01..2013-02-01`; both ends are included"


def test_a_misspelt_dimension_is_told_the_nearest() -> None:
    error = refusal(BOTH, "dya=2013-01-01")
    assert isinstance(error, UnknownDimension)
    assert error.code == "FF-833"
    assert error.message == "`dya` is no dimension of these partitions: `day, country`"
    assert error.hint == "did you mean `day`?"


@pytest.mark.parametrize(
    "text",
    ["2013-01-01", "2013-01-01|de|x", "day=2013-01-01;day=2013-01-02", "day=2013-01-01;country"],
)
def test_what_leaves_a_dimension_unclear_is_told_the_form(text: str) -> None:
    error = refusal(BOTH, text)
    assert isinstance(error, BadPartitionRange)
    assert error.hint == "write `day=...;country=...`"


def test_a_partition_of_an_unpartitioned_dataset_is_refused() -> None:
    error = refusal(UNPARTITIONED, "2013-01-01")
    assert isinstance(error, NotPartitioned)
    assert error.code == "FF-834"


@pytest.mark.parametrize(
    ("dimensions", "extents", "message"),
    [
        ((DAY,), (), "1 dimensions have 0 extents"),
        ((DAY, DAY), (TimeExtent("2013-01-01"),) * 2, "`day` is used by 2 dimensions"),
        ((DAY,), (StaticExtent(("a",)),), "`day` of kind `day` has the extent"),
        ((COUNTRY,), (TimeExtent("2013-01-01"),), "`country` of kind `static` has the extent"),
        ((DAY,), (TimeExtent("2013-01-02", "2013-01-01"),), "before its start"),
        ((COUNTRY,), (StaticExtent(()),), "`country` has no values"),
        ((COUNTRY,), (StaticExtent(("de", "de")),), "has the value `de` 2 times"),
        ((COUNTRY,), (StaticExtent(("de", "")),), "has the value ``"),
    ],
)
def test_declared_partitions_that_contradict_themselves_are_refused(
    dimensions: tuple[Dimension, ...], extents: tuple[Extent, ...], message: str
) -> None:
    with pytest.raises(BadPartitioning, match=message) as caught:
        Partitioning(dimensions, extents)
    assert caught.value.code == "FF-836"


def test_a_start_that_is_no_key_is_refused_at_once() -> None:
    with pytest.raises(BadPartitionKey):
        Partitioning((DAY,), (TimeExtent("2013-1-1"),))

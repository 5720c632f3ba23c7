from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.rule import (
    Bound,
    Length,
    Matches,
    NotNull,
    OneOf,
    References,
    Unique,
)
from flowforge_assets.core.schema import DecimalType
from flowforge_assets.errors.base import Problems
from flowforge_assets.errors.sql import SqlHeaderError, SqlHeaderKeyError, SqlHeaderValueError
from flowforge_assets.sql.file import SqlFile
from flowforge_assets.sql.header import HeaderPartition, HeaderRule, SqlHeader

Read = Callable[[str], SqlFile]


@pytest.fixture
def header(sql_file: Read) -> Callable[[str], SqlHeader]:
    def read(toml: str) -> SqlHeader:
        return sql_file(f"/*\n{toml}\n*/\nselect 1").header

    return read


def place_of(error: BaseException) -> tuple[int, int]:
    place = getattr(error, "place", None)
    assert place is not None
    return place.line, place.column


def test_a_header_says_what_an_asset_can_say(header: Callable[[str], SqlHeader]) -> None:
    found = header(
        'write = "overwrite"\ndescription = "delays"\nowners = ["ops"]\ntags = ["t"]\n'
        'key = ["day", "carrier"]\nretries = 2\ntimeout = 30\nbad_rows = "quarantine"\n'
        'max_bad = 0.01\nrules.early = "a <= b"'
    )
    assert found == SqlHeader(
        write="overwrite",
        description="delays",
        owners=("ops",),
        tags=("t",),
        key=("day", "carrier"),
        retries=2,
        timeout_seconds=30.0,
        bad_rows="quarantine",
        max_bad=0.01,
        rules=(HeaderRule("early", "a <= b"),),
    )


def test_a_column_has_its_rules_type_and_tags(header: Callable[[str], SqlHeader]) -> None:
    (column,) = header(
        "[columns.fare]\ntype = 'DECIMAL(10, 2)'\ndoc = 'd'\nunit = 'eur'\ntags = ['t']\n"
        "pii = true\nnot_null = true\nunique = true\nge = 1\nlt = 2.5\nin = [1, 2]\n"
        "regex = 'a+'\nmax_length = 3\n"
        "ref = 'bronze.crm.fares.id'"
    ).columns
    assert column.type == DecimalType(10, 2)
    assert (column.doc, column.unit, column.tags) == ("d", "eur", ("t", "pii"))
    assert column.rules == (
        NotNull("fare"),
        Unique(("fare",)),
        Bound("fare", ">=", 1),
        Bound("fare", "<", 2.5),
        OneOf("fare", (1, 2)),
        Matches("fare", "a+"),
        Length("fare", 0, 3),
        References("fare", DatasetKey("bronze.crm.fares"), "id"),
    )


def test_a_column_that_the_writer_makes_is_named(header: Callable[[str], SqlHeader]) -> None:
    since, until = header(
        "columns.since = { writer = 'valid_from', doc = 'd' }\n"
        "[columns.until]\nwriter = 'valid_to'\ntags = ['t']"
    ).columns
    assert (since.writer, since.doc) == ("valid_from", "d")
    assert (until.writer, until.tags) == ("valid_to", ("t",))


@pytest.mark.parametrize(
    "write", ["overwrite", "append", "merge", "insert", "scd2", "snapshot", "view"]
)
def test_a_header_knows_every_way_of_writing(
    header: Callable[[str], SqlHeader], write: str
) -> None:
    assert header(f"write = '{write}'").write == write


def test_steps_are_cut_as_partitions_are(header: Callable[[str], SqlHeader]) -> None:
    found = header("per = { hourly = '2026-01-01T00', column = 'hour' }")
    assert found.per == (HeaderPartition("hour", "hour", start="2026-01-01T00"),)
    assert found.partition == ()


@pytest.mark.parametrize(
    ("toml", "schedule"), [("'0 6 * * *'", "0 6 * * *"), ("90", timedelta(seconds=90))]
)
def test_a_schedule_is_cron_or_seconds(
    header: Callable[[str], SqlHeader], toml: str, schedule: object
) -> None:
    assert header(f"schedule = {toml}").schedule == schedule


def test_names_that_a_dataset_had_and_columns_it_may_have(
    header: Callable[[str], SqlHeader],
) -> None:
    found = header("aliases = ['silver.old', 'older']\nextra = 'keep'")
    assert (found.aliases, found.extra) == (("silver.old", "older"), "keep")


def test_a_bound_may_be_a_date(header: Callable[[str], SqlHeader]) -> None:
    (column,) = header("columns.day = { ge = 2013-01-01 }").columns
    assert column.rules == (Bound("day", ">=", date(2013, 1, 1)),)


@pytest.mark.parametrize(
    ("toml", "expected"),
    [
        (
            'partition = { daily = "2013-01-01", column = "day" }',
            (HeaderPartition("day", "day", start="2013-01-01"),),
        ),
        (
            "partition = { daily = 2013-01-01, end = 2013-12-31, tz = 'Asia/Tokyo', column = 'd' }",
            (HeaderPartition("day", "d", "2013-01-01", "2013-12-31", "Asia/Tokyo"),),
        ),
        (
            'partition = { hourly = "2013-01-01T00", column = "h" }',
            (HeaderPartition("hour", "h", start="2013-01-01T00"),),
        ),
        (
            "partition = [{ monthly = '2013-01', column = 'm' },{ static = ['de'], column = 'c' }]",
            (
                HeaderPartition("month", "m", start="2013-01"),
                HeaderPartition("static", "c", values=("de",)),
            ),
        ),
    ],
)
def test_a_partition_is_a_calendar_or_values(
    header: Callable[[str], SqlHeader], toml: str, expected: tuple[HeaderPartition, ...]
) -> None:
    assert header(toml).partition == expected


def test_an_unknown_key_is_told_with_its_line_and_the_nearest(
    header: Callable[[str], SqlHeader],
) -> None:
    with pytest.raises(SqlHeaderKeyError, match="no header key `descripton`") as caught:
        header("tags = []\n\ndescripton = 'x'")
    assert place_of(caught.value) == (4, 0)
    assert caught.value.hint == "did you mean `description`?"


@pytest.mark.parametrize(
    ("toml", "line"),
    [
        ("[columns.a]\ndoc = 'x'\nnul = 1", 4),
        ("columns.a = { doc = 'x', nul = 1 }", 2),
        ("tags = [\n 'nul = 1',\n]\ncolumns.a.nul = 1", 5),
        ("description = '''\nnul = 1\n'''\ncolumns.\"a\".nul = 1", 5),
        ("columns.a.writer = 'valid_to'\ncolumns.a.nul = 1", 3),
        ("# nul = 1\ncolumns.a = { doc = 'x', nul = 1 }", 3),
    ],
)
def test_a_nested_key_is_told_with_its_own_line(
    header: Callable[[str], SqlHeader], toml: str, line: int
) -> None:
    with pytest.raises(SqlHeaderKeyError, match=r"`columns\.a\.nul`") as caught:
        header(toml)
    assert place_of(caught.value) == (line, 0)


@pytest.mark.parametrize(
    "toml",
    [
        "write = 'upsert'",
        "extra = 'all'",
        "aliases = 'old'",
        "schedule = ''",
        "schedule = 0",
        "schedule = true",
        "per = 'hour'",
        "per = { hourly = '2026-01-01T00' }",
        "columns.a = { writer = 'now' }",
        "tags = 'x'",
        "retries = -1",
        "retries = true",
        "timeout = '5s'",
        "max_bad = 1.5",
        "bad_rows = 'keep'",
        "partition = 'daily'",
        "partition = { column = 'day' }",
        "partition = { daily = 2013, column = 'day' }",
        "partition = { daily = '2013-01-01' }",
        "partition = { static = [], column = 'c' }",
        "columns = 3",
        "columns.a = 'x'",
        "columns.a = { type = 'UUID' }",
        "columns.a = { ref = 'flights' }",
        "columns.a = { in = [] }",
        "columns.a = { ge = [1] }",
        "columns.a = { unique = 'yes' }",
        "rules.a = ' '",
        "rules.a = 3",
        "rules = 3",
    ],
)
def test_a_value_of_the_wrong_form_is_told_with_its_line(
    header: Callable[[str], SqlHeader], toml: str
) -> None:
    with pytest.raises(SqlHeaderValueError, match="has the wrong form") as caught:
        header(f"description = 'x'\n{toml}")
    assert place_of(caught.value) == (3, 0)
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("write ")


def test_all_that_is_wrong_is_told_at_once(header: Callable[[str], SqlHeader]) -> None:
    with pytest.raises(Problems) as caught:
        header("writ = 1\ntags = 1")
    assert [error.code for error in caught.value.errors] == ["FF-403", "FF-404"]


def test_toml_that_does_not_parse_is_told_with_line_and_column(sql_file: Read) -> None:
    with pytest.raises(SqlHeaderError) as caught:
        sql_file("\n/*\ntags = []\nkey = [,]\n*/ select 1")
    assert place_of(caught.value) == (4, 8)


def test_prose_as_the_first_block_comment_is_told_how_to_write_it(sql_file: Read) -> None:
    with pytest.raises(SqlHeaderError) as caught:
        sql_file("/* All delays by day. */ select 1")
    assert caught.value.hint == "the first `/* ... */` is the header; write prose as `--` lines"

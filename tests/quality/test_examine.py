from __future__ import annotations

from collections.abc import Callable
from math import nan
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.result import Examination, Finding
from flowforge_assets.core.rule import (
    Bound,
    Holds,
    Length,
    Matches,
    NotNull,
    OneOf,
    References,
    Rule,
    Unique,
)
from flowforge_assets.errors.run import CheckBrokeDownError, LookupMissingError
from flowforge_assets.quality.examine import BoundCheck, examine

AIRLINES = DatasetKey("silver.airlines")
FLIGHTS = pl.DataFrame(
    {
        "id": [1, 2, 2, None, None, 2],
        "day": ["mo", "mo", "tu", "mo", "mo", "mo"],
        "delay": [0.0, -200.0, nan, None, 5.0, 7.0],
        "carrier": ["UA", "ua", "UA", None, "B6", "UAL"],
    }
)
Rows = pl.DataFrame | pl.LazyFrame


@pytest.fixture(params=["frame", "lazy frame", "files"])
def given_as(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[pl.DataFrame], Rows]:
    """Turns a frame into one of the forms in which the rows of a write arrive."""

    def files(frame: pl.DataFrame) -> pl.LazyFrame:
        for part, piece in enumerate([frame[:3], frame[3:]]):
            piece.write_parquet(tmp_path / f"part-{part}.parquet")
        return pl.scan_parquet(tmp_path / "*.parquet")

    forms: dict[str, Callable[[pl.DataFrame], Rows]] = {
        "frame": lambda frame: frame,
        "lazy frame": lambda frame: frame.lazy(),
        "files": files,
    }
    return forms[request.param]


@pytest.mark.parametrize(
    ("rule", "bad_rows"),
    [
        (NotNull("id"), 2),
        (Bound("delay", ">=", -120), 2),
        (OneOf("carrier", ("UA", "B6")), 2),
        (Matches("carrier", "[A-Z0-9]{2}"), 2),
        (Length("carrier", 2, 2), 1),
        (Unique(("id",)), 2),
        (Unique(("id", "day")), 1),
        (References("carrier", AIRLINES, "code"), 2),
        (Holds("no_monday_2", "id <> 2 OR day <> 'mo'"), 2),
    ],
)
def test_each_rule_counts_the_rows_that_break_it(
    rule: Rule, bad_rows: int, given_as: Callable[[pl.DataFrame], Rows]
) -> None:
    targets = {AIRLINES: pl.LazyFrame({"code": ["UA", "B6", "UA", None]})}

    examination = examine(given_as(FLIGHTS), [rule], targets=targets)

    assert examination.rows == 6
    assert [finding.bad_rows for finding in examination.findings] == [bad_rows]
    assert examination.failed


@pytest.mark.parametrize(
    "rule",
    [
        NotNull("day"),
        Bound("id", "<", 3),
        OneOf("day", ("mo", "tu")),
        Matches("day", "[a-z]+"),
        Length("day", 2, 2),
        Unique(("id", "delay", "carrier")),
        References("day", AIRLINES, "code"),
        Holds("known", "delay > -999 OR id = 2"),
    ],
)
def test_rules_that_hold_find_nothing(rule: Rule, given_as: Callable[[pl.DataFrame], Rows]) -> None:
    targets = {AIRLINES: pl.LazyFrame({"code": ["mo", "tu"]})}

    assert examine(given_as(FLIGHTS), [rule], targets=targets) == Examination(6)


def test_an_empty_frame_breaks_nothing(given_as: Callable[[pl.DataFrame], Rows]) -> None:
    rules: list[Rule] = [
        NotNull("id"),
        Bound("delay", ">=", 0),
        OneOf("day", ()),
        Matches("day", "a"),
        Length("day", 1),
        Unique(("id",)),
        Unique(("id", "day"), "table"),
        References("carrier", AIRLINES, "code"),
        Holds("never", "id < id"),
    ]

    examination = examine(
        given_as(FLIGHTS.clear()),
        rules,
        targets={AIRLINES: pl.LazyFrame({"code": ["UA"]})},
        others=FLIGHTS.lazy(),
    )

    assert examination == Examination(0)


def test_no_rules_and_no_checks_count_the_rows(given_as: Callable[[pl.DataFrame], Rows]) -> None:
    assert examine(given_as(FLIGHTS), ()) == Examination(6)


def test_findings_stand_in_the_order_of_rules_then_checks() -> None:
    rules: list[Rule] = [Unique(("id",)), NotNull("day"), Bound("delay", "<", 6), NotNull("id")]
    checks = [
        BoundCheck("some", FLIGHTS.lazy().head(2), blocking=False),
        BoundCheck("none", FLIGHTS.lazy().clear()),
        BoundCheck("all", FLIGHTS.lazy()),
    ]

    assert examine(FLIGHTS, rules, checks=checks).findings == (
        Finding("id is unique", "rule", ("id",), 2),
        Finding("delay < 6", "rule", ("delay",), 2),
        Finding("id is not null", "rule", ("id",), 2),
        Finding("some", "check", (), 2, blocking=False),
        Finding("all", "check", (), 6),
    )


def test_checks_count_their_rows_in_every_form(given_as: Callable[[pl.DataFrame], Rows]) -> None:
    rows = given_as(FLIGHTS)
    check = BoundCheck("late", rows.lazy().filter(pl.col("delay") > 1))

    [finding] = examine(rows, [Unique(("day",))], checks=[check]).findings[1:]

    assert finding == Finding("late", "check", (), 3)


def test_a_column_named_like_ours_is_counted_as_any_other(
    given_as: Callable[[pl.DataFrame], Rows],
) -> None:
    frame = pl.DataFrame({"rows": [1, 1], "0": [2, None], "hash": ["a", "a"]})
    rules: list[Rule] = [
        NotNull("0"),
        Unique(("rows",)),
        Unique(("0", "rows")),
        Unique(("hash",), "table"),
    ]

    examination = examine(given_as(frame), rules)

    assert [finding.bad_rows for finding in examination.findings] == [1, 1, 1]


def test_a_key_is_unique_within_its_partition(given_as: Callable[[pl.DataFrame], Rows]) -> None:
    frame = pl.DataFrame({"id": [1, 1, 1], "day": ["mo", "tu", "mo"]})
    rules: list[Rule] = [Unique(("id",)), Unique(("id", "day")), Unique(("id",), "table")]

    examination = examine(given_as(frame), rules, partition_by=[pl.col("day")])

    assert [finding.bad_rows for finding in examination.findings] == [1, 1, 2]


def test_a_partition_may_be_a_value_computed_from_a_column() -> None:
    frame = pl.DataFrame({"id": [1, 1, 1], "minute": [5, 65, 70]})

    examination = examine(frame, [Unique(("id",))], partition_by=[pl.col("minute") // 60])

    assert [finding.bad_rows for finding in examination.findings] == [1]


def test_a_key_of_the_table_minds_the_rows_that_stay(
    given_as: Callable[[pl.DataFrame], Rows],
) -> None:
    frame = pl.DataFrame({"id": [1, 2, 2, 3, None]})
    others = pl.LazyFrame({"id": [1, 1, 9, None]}, schema={"id": pl.Int32})

    examination = examine(given_as(frame), [Unique(("id",), "table")], others=others)

    assert [finding.bad_rows for finding in examination.findings] == [2]


def test_repetitions_among_the_rows_that_stay_are_not_charged_to_a_write(
    given_as: Callable[[pl.DataFrame], Rows],
) -> None:
    others = pl.LazyFrame({"id": [7, 7]})

    examination = examine(
        given_as(pl.DataFrame({"id": [1]})), [Unique(("id",), "table")], others=others
    )

    assert examination == Examination(1)


def test_large_frames_are_counted_as_their_files_are(tmp_path: Path) -> None:
    frame = pl.DataFrame({"id": range(50_000)}).with_columns(
        pl.col("id") // 2 * 2,
        pl.when(pl.col("id") % 7 > 0).then(pl.col("id") * 0.5).alias("half"),
        (pl.col("id") % 1000).cast(pl.String).alias("text"),
    )
    frame.write_parquet(tmp_path / "rows.parquet", row_group_size=10_000)
    rules: list[Rule] = [
        NotNull("half"),
        Bound("half", ">", 10),
        Matches("text", "[0-9]{3}"),
        Unique(("id",)),
        Unique(("half",)),
        Unique(("id", "text")),
    ]

    in_memory = examine(frame, rules)

    assert [finding.bad_rows for finding in in_memory.findings] == [7143, 18, 5000, 25_000]
    assert examine(pl.scan_parquet(tmp_path / "rows.parquet"), rules) == in_memory


def test_a_missing_target_is_named() -> None:
    with pytest.raises(LookupMissingError, match=r"`silver\.airlines`, which is not there"):
        examine(FLIGHTS, [References("carrier", AIRLINES, "code")])


def test_a_target_of_another_width_is_looked_up_all_the_same(
    given_as: Callable[[pl.DataFrame], Rows],
) -> None:
    rows = given_as(pl.DataFrame({"id": [1, 2]}, schema={"id": pl.Int8}))
    targets = {AIRLINES: pl.LazyFrame({"k": [2, 1000]})}

    [finding] = examine(rows, [References("id", AIRLINES, "k")], targets=targets).findings

    assert finding.bad_rows == 1


def test_a_check_that_cannot_be_evaluated_is_named(
    given_as: Callable[[pl.DataFrame], Rows],
) -> None:
    rows = given_as(FLIGHTS)
    checks = [
        BoundCheck("fine", rows.lazy()),
        BoundCheck("no_numbers", rows.lazy().filter(pl.col("day").str.to_integer() > 1)),
    ]

    with pytest.raises(CheckBrokeDownError, match="`no_numbers`") as caught:
        examine(rows, [], checks=checks)

    assert caught.value.code == "FF-713"
    assert isinstance(caught.value.__cause__, pl.exceptions.PolarsError)
    assert "mo" not in caught.value.message


def test_rows_that_cannot_be_read_are_no_fault_of_a_check(tmp_path: Path) -> None:
    rows = pl.scan_parquet(tmp_path / "gone.parquet", schema={"id": pl.Int64()})
    checks = [BoundCheck("fine", FLIGHTS.lazy())]

    with pytest.raises(FileNotFoundError):
        examine(rows, [NotNull("id")], checks=checks)

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from flowforge_assets.core.made import Fingerprint, TableVersion
from flowforge_assets.core.partition import TimeExtent
from flowforge_assets.declare.mapping import All, Lag, Latest, Window
from flowforge_assets.plan.step import Reason
from planned_lake import (
    DAYS,
    DAYS_AND_COUNTRIES,
    FINGERPRINT,
    HOURS,
    NOW,
    Lake,
    dataset,
    graph,
    key,
    maker,
    read,
    said,
)

ALL_DAYS = "2026-01-01..2026-01-05"


@pytest.fixture
def days() -> Lake:
    """`raw` -> `clean` -> `total`: two by day, the last one whole."""
    lake = Lake(
        graph(
            [dataset("raw", DAYS), dataset("clean", DAYS), dataset("total")],
            [
                maker("raw"),
                maker("clean", reads=[read("raw")]),
                maker("total", reads=[read("clean")]),
            ],
        )
    )
    lake.make_all()
    return lake


def test_everything_that_was_never_made_is_planned_after_what_it_reads() -> None:
    lake = Lake(
        graph(
            [dataset("raw", DAYS), dataset("clean", DAYS)],
            [maker("clean", reads=[read("raw")]), maker("raw")],
        )
    )
    assert said(lake.plan()) == [
        ("raw", ALL_DAYS, "never made"),
        ("clean", ALL_DAYS, "never made"),
    ]


def test_what_was_made_is_fresh(days: Lake) -> None:
    plan = days.plan()
    assert plan.steps == ()
    assert plan.fresh == (key("raw"), key("clean"), key("total"))


@pytest.mark.parametrize(
    ("today", "reason"),
    [
        (replace(FINGERPRINT, schema="other"), "schema"),
        (replace(FINGERPRINT, code="other"), "code"),
        (replace(FINGERPRINT, config="other"), "config"),
        (replace(FINGERPRINT, engine="other"), "engine"),
        (replace(FINGERPRINT, algorithm=2, code="other"), "engine"),
    ],
)
def test_a_changed_fingerprint_makes_all_stale_and_what_reads_it(
    days: Lake, today: Fingerprint, reason: Reason
) -> None:
    days.today[key("clean")] = today
    assert said(days.plan()) == [("clean", ALL_DAYS, reason), ("total", "", "input newer")]


def test_the_schema_is_named_before_the_code_when_both_changed(days: Lake) -> None:
    days.today[key("clean")] = replace(FINGERPRINT, schema="other", code="other")
    assert said(days.plan("clean")) == [("clean", ALL_DAYS, "schema")]


def test_only_partitions_made_with_other_code_are_stale(days: Lake) -> None:
    days.today[key("clean")] = replace(FINGERPRINT, code="other")
    days.remake("clean", "2026-01-02..2026-01-05")
    assert said(days.plan("clean")) == [("clean", "2026-01-01", "code")]


def test_only_readers_of_a_changed_partition_are_stale(days: Lake) -> None:
    days.remake("raw", "2026-01-03")
    assert said(days.plan()) == [
        ("clean", "2026-01-03", "input newer"),
        ("total", "", "input newer"),
    ]


def test_a_day_is_stale_when_one_of_its_hours_is_newer() -> None:
    lake = Lake(
        graph(
            [dataset("hourly", HOURS), dataset("daily", DAYS)],
            [maker("hourly"), maker("daily", reads=[read("hourly")])],
        )
    )
    lake.make_all()
    lake.remake("hourly", "2026-01-02T23")
    assert said(lake.plan()) == [("daily", "2026-01-02", "input newer")]


def test_the_hours_of_a_day_are_stale_when_the_day_is_newer() -> None:
    lake = Lake(
        graph(
            [dataset("daily", DAYS), dataset("hourly", HOURS)],
            [maker("daily"), maker("hourly", reads=[read("daily")])],
        )
    )
    lake.make_all()
    lake.remake("daily", "2026-01-02")
    assert said(lake.plan()) == [("hourly", "2026-01-02T00..2026-01-02T23", "input newer")]


def test_lag_makes_the_next_day_stale_and_the_last_day_none(days: Lake) -> None:
    lake = Lake(
        graph(
            [dataset("raw", DAYS), dataset("change", DAYS)],
            [maker("raw"), maker("change", reads=[read("raw", Lag(1))])],
        )
    )
    lake.make_all()
    lake.remake("raw", "2026-01-02")
    lake.remake("raw", "2026-01-05")
    assert said(lake.plan()) == [("change", "2026-01-03", "input newer")]


def test_a_window_makes_all_days_stale_that_look_back_on_the_changed_one() -> None:
    lake = Lake(
        graph(
            [dataset("raw", DAYS), dataset("trend", DAYS)],
            [maker("raw"), maker("trend", reads=[read("raw", Window(-2, 0))])],
        )
    )
    lake.make_all()
    lake.remake("raw", "2026-01-02")
    assert said(lake.plan()) == [("trend", "2026-01-02..2026-01-04", "input newer")]


def test_all_makes_every_partition_stale() -> None:
    lake = Lake(
        graph(
            [dataset("raw", DAYS), dataset("share", DAYS)],
            [maker("raw"), maker("share", reads=[read("raw", All())])],
        )
    )
    lake.make_all()
    lake.remake("raw", "2026-01-02")
    assert said(lake.plan()) == [("share", ALL_DAYS, "input newer")]


def test_latest_is_touched_by_the_newest_partition_alone() -> None:
    lake = Lake(
        graph(
            [dataset("raw", DAYS), dataset("now")],
            [maker("raw"), maker("now", reads=[read("raw", Latest())])],
        )
    )
    lake.make_all()
    lake.remake("raw", "2026-01-04")
    assert said(lake.plan()) == []
    lake.remake("raw", "2026-01-05")
    assert said(lake.plan()) == [("now", "", "input newer")]


def test_a_change_of_one_country_leaves_the_other_alone() -> None:
    lake = Lake(
        graph(
            [dataset("raw", DAYS_AND_COUNTRIES), dataset("clean", DAYS_AND_COUNTRIES)],
            [maker("raw"), maker("clean", reads=[read("raw")])],
        )
    )
    lake.make_all()
    lake.remake("raw", "day=2026-01-02;country=de")
    assert said(lake.plan()) == [("clean", "2026-01-02 x de", "input newer")]


def test_a_new_day_is_made_when_it_is_over(days: Lake) -> None:
    open_days = replace(DAYS, extents=(TimeExtent("2026-01-01"),))
    lake = Lake(graph([dataset("raw", open_days)], [maker("raw")]))
    lake.make_all()
    lake.now = NOW + timedelta(days=1)
    assert said(lake.plan()) == [("raw", "2026-01-10", "never made")]


def test_a_source_older_than_its_promise_is_late() -> None:
    hour = timedelta(hours=1)
    lake = Lake(graph([dataset("feed", fresh=hour)], [maker("feed")]))
    lake.make_all()
    lake.now = NOW + hour
    assert said(lake.plan()) == []
    lake.now = NOW + hour + timedelta(seconds=1)
    assert said(lake.plan()) == [("feed", "", "late")]


def test_a_dataset_that_reads_others_is_not_made_because_it_is_late() -> None:
    lake = Lake(
        graph(
            [dataset("feed"), dataset("report", fresh=timedelta(hours=1))],
            [maker("feed"), maker("report", reads=[read("feed")])],
        )
    )
    lake.make_all()
    lake.now = NOW + timedelta(days=1)
    assert said(lake.plan()) == []


def test_force_makes_what_is_fresh_and_keeps_the_reason_of_what_is_not(days: Lake) -> None:
    days.today[key("clean")] = replace(FINGERPRINT, code="other")
    assert said(days.plan("raw", "clean", force=True)) == [
        ("raw", ALL_DAYS, "forced"),
        ("clean", ALL_DAYS, "code"),
    ]


def test_force_is_limited_to_the_partitions_asked_for(days: Lake) -> None:
    plan = days.plan("clean", partitions={"clean": "2026-01-02..2026-01-03"}, force=True)
    assert said(plan) == [("clean", "2026-01-02..2026-01-03", "forced")]


def test_an_input_that_was_not_read_before_counts_as_newer(days: Lake) -> None:
    raw, clean, other = dataset("raw", DAYS), dataset("clean", DAYS), dataset("other", DAYS)
    makers = [maker("raw"), maker("other"), maker("clean", reads=[read("raw"), read("other")])]
    days.graph = graph([raw, clean, other], makers)
    days.remake("other")
    assert said(days.plan()) == [("clean", ALL_DAYS, "input newer")]


def test_another_incarnation_of_an_input_counts_as_newer_whatever_its_version(days: Lake) -> None:
    days.drop("raw")
    days.versions[key("raw")] = TableVersion("another", -1)
    days.remake("raw")
    assert said(days.plan("clean")) == [("clean", ALL_DAYS, "input newer")]


def test_a_commit_that_is_recorded_late_does_not_hide_a_newer_one(days: Lake) -> None:
    days.remake("raw", "2026-01-02")
    days.remake("raw", "2026-01-03")
    days.commits[-1], days.commits[-2] = days.commits[-2], days.commits[-1]
    assert said(days.plan("clean")) == [("clean", "2026-01-02..2026-01-03", "input newer")]


def test_a_reader_that_saw_an_older_version_than_was_there_is_stale(days: Lake) -> None:
    days.remake("raw", "2026-01-02")
    days.remake("clean", "2026-01-02")
    seen = dict(days.commits[-1].inputs)
    seen[key("raw")] = replace(seen[key("raw")], version=seen[key("raw")].version - 1)
    days.commits[-1] = replace(days.commits[-1], inputs=seen)
    assert said(days.plan("clean")) == [("clean", "2026-01-02", "input newer")]


def test_a_table_that_is_gone_is_made_again(days: Lake) -> None:
    days.drop("clean")
    assert said(days.plan()) == [("clean", ALL_DAYS, "never made"), ("total", "", "input newer")]

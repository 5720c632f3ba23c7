from __future__ import annotations

from dataclasses import replace

import pytest

from flowforge_assets.core.rule import References
from flowforge_assets.declare.mapping import Has, Lag
from planned_lake import (
    DAYS,
    FINGERPRINT,
    Lake,
    check_of,
    dataset,
    graph,
    key,
    maker,
    read,
    said,
    waits,
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


def test_what_reads_a_missing_input_waits_and_so_does_what_reads_that() -> None:
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
    plan = lake.plan("clean", "total")
    assert plan.steps == ()
    assert waits(plan) == [("clean", ALL_DAYS, "raw"), ("total", "", "clean")]


def test_only_partitions_with_a_missing_input_wait() -> None:
    lake = Lake(
        graph(
            [dataset("raw", DAYS), dataset("clean", DAYS)],
            [maker("raw"), maker("clean", reads=[read("raw")])],
        )
    )
    lake.remake("raw", "2026-01-01..2026-01-02")
    plan = lake.plan("clean")
    assert said(plan) == [("clean", "2026-01-01..2026-01-02", "never made")]
    assert waits(plan) == [("clean", "2026-01-03..2026-01-05", "raw")]


def test_what_is_planned_itself_is_not_waited_for() -> None:
    lake = Lake(
        graph(
            [dataset("raw", DAYS), dataset("clean", DAYS)],
            [maker("raw"), maker("clean", reads=[read("raw")])],
        )
    )
    plan = lake.plan(partitions={"raw": "2026-01-01..2026-01-02"})
    assert said(plan)[1] == ("clean", "2026-01-01..2026-01-02", "never made")
    assert waits(plan) == [("clean", "2026-01-03..2026-01-05", "raw")]


def test_what_is_fresh_does_not_wait_for_an_input_that_is_gone(days: Lake) -> None:
    days.drop("raw")
    plan = days.plan("clean")
    assert plan.waiting == ()
    assert plan.fresh == (key("clean"),)


def test_an_optional_input_is_not_waited_for_and_counts_once_it_is_there() -> None:
    lake = Lake(
        graph(
            [dataset("extra", DAYS), dataset("clean", DAYS)],
            [maker("extra"), maker("clean", reads=[read("extra", optional=True)])],
        )
    )
    lake.make(lake.plan("clean"))
    assert lake.plan("clean").steps == ()
    lake.remake("extra", "2026-01-02")
    assert said(lake.plan("clean")) == [("clean", "2026-01-02", "input newer")]


@pytest.mark.parametrize("missing", ["skip", "error"])
def test_has_lets_a_reader_begin_without_its_input(missing: str) -> None:
    mapping = Has(missing="skip") if missing == "skip" else Has(missing="error")
    lake = Lake(
        graph(
            [dataset("raw", DAYS), dataset("clean", DAYS)],
            [maker("raw"), maker("clean", reads=[read("raw", mapping)])],
        )
    )
    assert said(lake.plan("clean")) == [("clean", ALL_DAYS, "never made")]


def test_has_wait_waits() -> None:
    lake = Lake(
        graph(
            [dataset("raw", DAYS), dataset("clean", DAYS)],
            [maker("raw"), maker("clean", reads=[read("raw", Has())])],
        )
    )
    assert waits(lake.plan("clean")) == [("clean", ALL_DAYS, "raw")]


def test_a_foreign_key_waits_until_its_target_has_any_rows() -> None:
    rule = References("carrier", key("carriers"), "carrier")
    lake = Lake(
        graph(
            [dataset("carriers", DAYS), dataset("flights", rules=(rule,))],
            [maker("carriers"), maker("flights")],
        )
    )
    assert waits(lake.plan("flights")) == [("flights", "", "carriers")]
    lake.remake("carriers", "2026-01-02")
    assert said(lake.plan("flights")) == [("flights", "", "never made")]


def test_what_a_check_reads_is_waited_for() -> None:
    lake = Lake(
        graph(
            [dataset("planes"), dataset("flights")],
            [maker("planes"), maker("flights")],
            [check_of("flights", read("planes"))],
        )
    )
    assert waits(lake.plan("flights")) == [("flights", "", "planes")]


def test_a_stale_second_output_makes_the_step_again() -> None:
    lake = Lake(graph([dataset("orders"), dataset("lines")], [maker("orders", "lines")]))
    lake.make_all()
    lake.today[key("orders")] = replace(FINGERPRINT, code="other")
    lake.remake("orders")  # and then the run was killed
    assert said(lake.plan()) == [("orders", "", "code")]


def test_a_missing_second_output_makes_the_step_again() -> None:
    lake = Lake(graph([dataset("orders"), dataset("lines")], [maker("orders", "lines")]))
    lake.make_all()
    lake.drop("lines")
    assert said(lake.plan()) == [("orders", "", "never made")]


@pytest.fixture
def running_total() -> Lake:
    """`balance` adds a day of `raw` to the balance of the day before."""
    own = read("balance", Lag(1), optional=True)
    return Lake(
        graph(
            [dataset("raw", DAYS), dataset("balance", DAYS)],
            [maker("raw"), maker("balance", reads=[read("raw"), own])],
        )
    )


def test_a_dataset_that_reads_its_own_past_is_planned_at_once(running_total: Lake) -> None:
    assert said(running_total.plan())[1] == ("balance", ALL_DAYS, "never made")
    running_total.make_all()
    assert running_total.plan().steps == ()


def test_a_change_runs_through_all_later_own_partitions_in_one_plan(running_total: Lake) -> None:
    running_total.make_all()
    running_total.remake("raw", "2026-01-03")
    plan = running_total.plan()
    assert {text for _, text, _ in said(plan)} == {"2026-01-03", "2026-01-04..2026-01-05"}
    running_total.make(plan)
    assert running_total.plan().steps == ()


def test_own_partitions_wait_for_missing_earlier_ones() -> None:
    lake = Lake(
        graph([dataset("balance", DAYS)], [maker("balance", reads=[read("balance", Lag(1))])])
    )
    plan = lake.plan(partitions={"balance": "2026-01-03..2026-01-04"})
    assert waits(plan) == [("balance", "2026-01-03..2026-01-04", "balance")]
    assert said(lake.plan()) == [("balance", ALL_DAYS, "never made")]

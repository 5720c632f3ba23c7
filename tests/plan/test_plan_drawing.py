from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl

from flowforge_assets import Bronze, Col, Daily, Frame, Gold, asset, col, key
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import WHOLE
from flowforge_assets.declare.describe import describe
from flowforge_assets.plan.plan import Plan
from flowforge_assets.plan.step import Kept, Step, Waiting
from flowforge_assets.testing import materialize

DAY = Daily("2026-01-01", "2026-01-03")


class Visits(Bronze, partition=DAY.on("day")):
    day: Col[date] = key()


class Counts(Gold):
    visits: Col[int] = col()


@asset
def visits(day: date) -> Frame[Visits]:
    return pl.LazyFrame({"day": [day]})


@asset
def counts(visits: Frame[Visits]) -> Frame[Counts]:
    return visits.select(visits=pl.len().cast(pl.Int64))


NOW = datetime(2026, 2, 1, tzinfo=UTC)


def test_a_plan_shows_its_steps_by_reason() -> None:
    ran = materialize(Visits, Counts, partition="2026-01-01..2026-01-03", now=NOW)
    lines = [line.split() for line in repr(ran.plan).splitlines()]
    assert " ".join(lines[0]) == "plan for test: 2 assets to make, 0 fresh"
    assert lines[1] == ["visits", "3", "2026-01-01..2026-01-03", "never", "made"]
    assert lines[2][0] == "counts"
    html = ran.plan._repr_html_()
    assert "<td>2026-01-01..2026-01-03</td><td>never made</td>" in html


def test_a_plan_shows_what_waits_what_stays_and_its_notes() -> None:
    key_ = DatasetKey("gold.counts")
    days = describe(Visits).partitioning.all(NOW)
    plan = Plan(
        "dev",
        (),
        (key_,),
        (Waiting(key_, days, DatasetKey("bronze.visits")),),
        {},
        kept=(Kept(key_, WHOLE, "code", "the code of `counts` changed"),),
        notes=("a note <1>",),
    )
    assert repr(plan).splitlines() == [
        "plan for dev: nothing to make, 1 fresh",
        "gold.counts (2026-01-01..2026-01-03) waits: bronze.visits is not made",
        "gold.counts stays, history kept: the code of `counts` changed",
        "a note <1>",
    ]
    assert "<pre>a note &lt;1&gt;</pre>" in plan._repr_html_()


def test_a_plan_of_one_asset_says_so() -> None:
    key_ = DatasetKey("gold.counts")
    step = Step(key_, key_, "counts", (key_,), WHOLE, "forced", "")
    plan = Plan("dev", (step,), (), (), {})
    assert repr(plan) == "plan for dev: 1 asset to make, 0 fresh\n  counts  forced"

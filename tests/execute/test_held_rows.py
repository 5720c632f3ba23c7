"""What took long to make is committed soon."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets import Bronze, Col, Daily, Frame, asset, col
from flowforge_assets.execute import step
from pipelines import pipeline


class Days(Bronze, partition=Daily(start="2026-01-01", end="2026-01-04").on("day")):
    day: Col[date] = col()


@asset
def slow_days(day: date) -> Frame[Days]:
    return pl.LazyFrame({"day": [day]})


@pytest.mark.parametrize(("longest_seconds", "newest_version"), [(0.0, 3), (60.0, 0)])
def test_partitions_that_took_long_are_not_held_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, longest_seconds: float, newest_version: int
) -> None:
    monkeypatch.setattr(step, "LONGEST_HELD_SECONDS", longest_seconds)
    p = pipeline(tmp_path, slow_days)
    p.run()
    version = p.table(Days).version()
    assert version is not None
    assert version.version == newest_version

"""A trivial asset by the day, made in three ways: by sets of days, by the day, and one a commit."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import polars as pl

from workloads.our_project import write_project

FIRST = date(1990, 1, 1)
ROWS = 10

_ASSETS = """
from __future__ import annotations

from datetime import date
from typing import Annotated

import polars as pl
from workloads.days import rows

from flowforge_assets import Bronze, Col, Daily, Frame, Lag, Partitions, Table, asset, col

DAY = Daily("{first}", "{last}").on("day")


class BySets(Bronze, partition=DAY):
    day: Col[date] = col()
    n: Col[int] = col()


class ByDay(Bronze, partition=DAY):
    day: Col[date] = col()
    n: Col[int] = col()


class InOrder(Bronze, partition=DAY):
    day: Col[date] = col()
    n: Col[int] = col()


@asset
def by_sets(days: Partitions[date]) -> Table[BySets]:
    return pl.concat([rows(day) for day in days])


@asset
def by_day(day: date) -> Table[ByDay]:
    return rows(day)


@asset
def in_order(day: date, before: Annotated[Frame[InOrder], Lag(1)] | None) -> Table[InOrder]:
    return rows(day)
"""


def write_days(folder: Path, count: int, *, settings: str = "") -> Path:
    """A project of `count` days."""
    last = FIRST + timedelta(days=count - 1)
    module = _ASSETS.format(first=FIRST, last=last)
    return write_project(folder, {"days": module}, settings=settings)


def rows(day: date) -> pl.DataFrame:
    """`day date, n i64`: the rows of a day."""
    n = pl.int_range(ROWS, dtype=pl.Int64)
    return pl.select(day=pl.lit(day), n=n)

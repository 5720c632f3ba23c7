"""What is said of steps whose states could not be told from one another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from flowforge_assets import (
    Bronze,
    Col,
    Daily,
    Frame,
    Hourly,
    Partitions,
    Silver,
    Static,
    asset,
    col,
    key,
)
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.asset import DECLARED, Write
from flowforge_assets.declare.definition import Definitions
from flowforge_assets.declare.describe import describe
from flowforge_assets.declare.signature import read_asset
from flowforge_assets.graph.build import build_graph
from flowforge_assets.graph.writes import write_problems

HOUR = Hourly(start="2026-01-01T00")
DAY = Daily(start="2026-01-01")
SHOP = Static("bern", "chur")


class Raw(Bronze, partition=DAY.on("day")):
    id: Col[int] = col()
    day: Col[date] = col()


class Taken(Silver):
    id: Col[int] = col()
    since: Col[datetime] = col(valid_from=True)


class TakenOnDay(Silver):
    id: Col[int] = col()
    since: Col[date] = col(valid_from=True)


class Dated(Silver):
    id: Col[int] = key()
    since: Col[datetime] = col(valid_from=True)
    until: Col[datetime | None] = col(valid_to=True)


@asset
def raw(day: date) -> Frame[Raw]:
    raise NotImplementedError


def said(function: Callable[..., Any]) -> list[tuple[str, str]]:
    classes: dict[DatasetKey, type] = {}
    declared = {id(each.function): each for each in DECLARED.values()}
    assets = tuple(read_asset(declared[id(each)], classes) for each in (raw, function))
    datasets = {key: describe(cls) for key, cls in classes.items()}
    graph = build_graph(Definitions(datasets, assets))
    return [(each.code, each.hint or "") for each in write_problems(graph)]


def test_a_set_of_days_has_no_one_time() -> None:
    @asset(write="snapshot", per=DAY)
    def taken(day: Partitions[date], raw: Frame[Raw]) -> Frame[Taken]:
        return raw

    hint = "`snapshot` needs the time of each state: take one key, `day: ...`"
    assert said(taken) == [("FF-211", hint)]


def test_a_set_of_days_dates_no_states() -> None:
    @asset(write="scd2", per=DAY)
    def dated(day: Partitions[date], raw: Frame[Raw]) -> Frame[Dated]:
        return raw

    assert [code for code, _ in said(dated)] == ["FF-211"]


@pytest.mark.parametrize("write", ["merge", "insert"])
def test_a_set_of_days_is_written_by_key(write: Write) -> None:
    class Keyed(Silver):
        id: Col[int] = key()

    @asset(write=write, per=DAY)
    def keyed(day: Partitions[date], raw: Frame[Raw]) -> Frame[Keyed]:
        return raw

    assert said(keyed) == []


def test_a_snapshot_has_a_column_for_what_its_steps_are_cut_by() -> None:
    @asset(write="snapshot", per=DAY.on("day") * SHOP.on("shop"))
    def taken(day: date, shop: str, raw: Frame[Raw]) -> Frame[Taken]:
        return raw

    hint = "give `silver.taken` the column `shop`: `shop: Col[str]`"
    assert said(taken) == [("FF-211", hint)]


def test_hours_are_more_than_a_date_tells() -> None:
    @asset(write="snapshot", per=HOUR)
    def taken(raw: Frame[Raw]) -> Frame[TakenOnDay]:
        return raw

    assert said(taken) == [("FF-210", "declare it `since: Col[datetime] = col(valid_from=True)`")]

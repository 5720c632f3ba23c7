"""How far what is there reaches."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl

from flowforge_assets import Before, Bronze, Col, Frame, Resource, asset, col, newest
from pipelines import Pipeline, pipeline, reasons

FEED: list[int] = []


class Orders(Bronze):
    number: Col[int] = col()


class Feed(Resource):
    """What may be asked for orders beyond a number."""

    def since(self, number: int | None) -> list[int]:
        return [each for each in FEED if number is None or each > number]


@asset(write="append", schedule=timedelta(hours=1))
def orders(feed: Feed, before: Before[Orders]) -> Frame[Orders]:
    found = feed.since(newest(before, Orders.number))
    return pl.LazyFrame({"number": found}, schema={"number": pl.Int64})


def hour_later(lake: Pipeline) -> None:
    lake.now += timedelta(hours=2)


def test_the_newest_value_of_no_rows_is_none() -> None:
    none = pl.LazyFrame(schema={"number": pl.Int64})
    assert newest(none, Orders.number) is None
    assert newest(pl.LazyFrame({"number": [3, None, 7]}), Orders.number) == 7


def test_a_source_asks_for_what_it_has_not_yet(tmp_path: Path) -> None:
    FEED[:] = [1, 2]
    lake = pipeline(tmp_path, orders)
    lake.run()
    assert reasons(lake.plan()) == {}
    FEED.append(3)
    hour_later(lake)
    assert reasons(lake.plan())["orders"][0] == "late"
    lake.run()
    assert lake.rows(Orders, "number") == [1, 2, 3]

"""Readers of changes in the testing kit."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import polars as pl

from flowforge_assets import (
    Before,
    Bronze,
    Changes,
    Col,
    Daily,
    Deletes,
    Frame,
    Gold,
    Silver,
    asset,
    col,
    key,
)
from flowforge_assets.testing import materialize

DAY = Daily("2026-01-01", "2026-01-03")


class Orders(Bronze):
    order: Col[int] = key()
    state: Col[str] = col()


class Log(Silver):
    order: Col[int] = col()
    state: Col[str] = col()


class Newest(Silver):
    order: Col[int] = key()
    state: Col[str] = col()


class Total(Gold):
    orders: Col[int] = col()


class Events(Bronze, partition=DAY.on("day")):
    day: Col[date] = col()
    number: Col[int] = col()


class Kept(Silver, partition=DAY.on("day")):
    day: Col[date] = col()
    number: Col[int] = col()


@asset(write="append")
def log(orders: Changes[Orders]) -> Frame[Log]:
    return orders


@asset(write="merge", deletes="_deleted")
def newest(orders: Annotated[Changes[Orders], Deletes("_deleted")]) -> Frame[Newest]:
    return orders


@asset
def total(before: Before[Total], orders: Changes[Orders]) -> Frame[Total]:
    added = orders.select(orders=pl.len().cast(pl.Int64))
    return pl.concat([before, added]).sum()


@asset(write="append")
def kept(events: Changes[Events]) -> Frame[Kept]:
    return events


FIRST = [{"order": 1, "state": "new"}, {"order": 2, "state": "new"}]
SECOND = [{"order": 2, "state": "paid"}, {"order": 3, "state": "new"}]


def test_a_test_gives_all_rows_and_again_those_that_came() -> None:
    ran = materialize(Log, given={Orders: FIRST})
    assert sorted(ran[Log].rows()) == [(1, "new"), (2, "new")]
    again = ran.again(given={Orders: SECOND})
    assert sorted(again[Log].rows()) == [(1, "new"), (2, "new"), (2, "paid"), (3, "new")]
    assert len(again.again()[Log]) == 4


def test_removed_rows_are_removed_from_what_is_merged() -> None:
    ran = materialize(Newest, given={Orders: FIRST})
    again = ran.again(given={Orders: SECOND})
    assert sorted(again[Newest].rows()) == [(2, "paid"), (3, "new")]


def test_what_was_there_is_brought_up_to_date() -> None:
    ran = materialize(Total, given={Total: [{"orders": 5}], Orders: FIRST})
    assert ran[Total].item() == 7
    assert ran.again(given={Orders: [*FIRST, SECOND[1]]})[Total].item() == 8


def test_partitions_get_what_came_of_their_own() -> None:
    def event(day: int, number: int) -> dict[str, object]:
        return {"day": date(2026, 1, day), "number": number}

    ran = materialize(Kept, given={Events: [event(1, 10), event(2, 20)]})
    again = ran.again(given={Events: [event(1, 10), event(2, 20), event(2, 21)]})
    assert sorted(again[Kept]["number"]) == [10, 20, 21]

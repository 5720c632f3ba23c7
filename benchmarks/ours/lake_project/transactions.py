"""Transactions in three layers; the shared columns and their rules are said once."""

from __future__ import annotations

import os
from datetime import date, datetime

from workloads import lake

from flowforge_assets import Bronze, Col, Frame, Gold, Shape, Silver, Table, asset, col, key

ROWS = int(os.environ["LAKE_ROWS"])


class Transaction(Shape):
    id: Col[int] = key()
    ts: Col[datetime] = col()
    category: Col[str] = col(isin=lake.CATEGORIES, regex=lake.CATEGORY_PATTERN)
    amount: Col[float] = col(ge=0)


class Delivered(Transaction, Bronze):
    """As they came."""


class Cleaned(Transaction, Silver):
    day: Col[date] = col()


class Shares(Transaction, Gold):
    day: Col[date] = col()
    day_total: Col[float] = col()
    n: Col[int] = col()
    share: Col[float] = col()


@asset
def delivered() -> Table[Delivered]:
    return lake.make_bronze(ROWS)


@asset
def cleaned(rows: Frame[Delivered]) -> Frame[Cleaned]:
    return lake.silver(rows)


@asset
def shares(rows: Frame[Cleaned]) -> Frame[Shares]:
    return lake.gold(rows)

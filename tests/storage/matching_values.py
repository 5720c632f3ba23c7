"""Prices of items by day, and ways to write them by what they share with stored rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace as replaced
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import polars as pl

from flowforge_assets.core.partition import Dimension, PartitionSet, Span
from flowforge_assets.core.schema import Field, Plain
from flowforge_assets.storage.store import Matching
from storage_values import DAY, FIRST_DAY, record, spec

if TYPE_CHECKING:
    from flowforge_assets.core.made import Made
    from flowforge_assets.storage.store import Table, TableSpec

HOUR = Dimension("hour", "hour")
PRICES = spec(
    Field("item", Plain("int64"), nullable=True),
    Field("price", Plain("float64"), nullable=True),
    Field("day", Plain("date"), nullable=True),
    by=(DAY,),
)
BY_HOUR = replaced(PRICES, step_dimensions=(HOUR,))
STEP = PartitionSet((HOUR,), ((Span.of(1, 2),),))
BY_ITEM: Final = Matching(("item",))

Price = tuple[int | None, float | None, int | None]


def prices(*rows: Price) -> pl.DataFrame:
    """Rows of item, price and the number of the day."""
    dated = [
        (item, price, None if day is None else FIRST_DAY + timedelta(days=day))
        for item, price, day in rows
    ]
    schema = {"item": pl.Int64, "price": pl.Float64, "day": pl.Date}
    return pl.DataFrame(dated, schema=schema, orient="row")


def found_in(table: Table) -> Counter[tuple[object, ...]]:
    return Counter(table.scan().collect().rows())


def merge(
    table: Table, frame: pl.DataFrame, *, by: Matching = BY_ITEM, step: str | None = None
) -> Made:
    return table.commit(table.stage(frame), replace=by, made=record(STEP, step=step))


def files_of(table: Table) -> set[Path]:
    folder = Path(unquote(urlsplit(table.uri).path))
    return set(folder.rglob("*.parquet"))


def wider_prices(*, nullable: bool) -> TableSpec:
    note = Field("note", Plain("string"), nullable=nullable)
    return replaced(spec(*PRICES.schema, note, by=(DAY,)), step_dimensions=(HOUR,))

"""Datasets, frames and records that the storage tests write."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count

import polars as pl

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint, Made, TableVersion
from flowforge_assets.core.partition import WHOLE, Dimension, PartitionSet, Span, Values
from flowforge_assets.core.schema import (
    DecimalType,
    Field,
    ListType,
    Plain,
    Schema,
    StructType,
)
from flowforge_assets.storage.store import Table, TableSpec

KEY = DatasetKey("silver.orders")
DAY = Dimension("day", "day")
HOUR = Dimension("at", "hour")
WEEK = Dimension("day", "week")
COUNTRY = Dimension("country", "static")
FIRST_DAY = date(2020, 1, 1)
_steps = count()


def spec(*fields: Field, by: tuple[Dimension, ...] = (), key: str = KEY) -> TableSpec:
    return TableSpec(DatasetKey(key), Schema(fields), by)


INT = Field("n", Plain("int64"))
ORDERS = spec(INT)
DAILY = spec(INT, Field("day", Plain("date")), by=(DAY,))
WEEKLY = spec(INT, Field("day", Plain("date")), by=(WEEK,))
HOURLY = spec(INT, Field("at", Plain("timestamp")), by=(HOUR,))
BY_COUNTRY = spec(INT, Field("country", Plain("string")), by=(COUNTRY,))
BY_BOTH = spec(
    INT, Field("day", Plain("date")), Field("country", Plain("string")), by=(DAY, COUNTRY)
)


def days(*numbers: int) -> PartitionSet:
    start = (FIRST_DAY - date(1970, 1, 1)).days
    return PartitionSet((DAY,), ((Span.points(start + n for n in numbers),),))


def countries(*names: str) -> PartitionSet:
    return PartitionSet((COUNTRY,), ((Values.of(names),),))


def day_rows(*numbers: int, n: int = 0) -> pl.DataFrame:
    """One row a day, of the value `n`."""
    rows = [{"n": n, "day": FIRST_DAY + timedelta(days=number)} for number in numbers]
    return pl.DataFrame(rows, schema={"n": pl.Int64, "day": pl.Date})


def numbers(*values: int) -> pl.DataFrame:
    return pl.DataFrame({"n": values}, schema={"n": pl.Int64})


def record(partitions: PartitionSet = WHOLE, *, step: str | None = None, rows: int = 0) -> Made:
    return Made(
        dataset=KEY,
        partitions=partitions,
        asset="make_orders",
        run_id="run",
        step_id=step or f"step-{next(_steps)}",
        fingerprint=Fingerprint(1, "code", "schema", "config", "engine"),
        inputs={DatasetKey("bronze.raw_orders"): TableVersion("abc", 3)},
        at=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
        rows=rows,
        table=TableVersion("", -1),
    )


def put(
    table: Table,
    frame: pl.DataFrame | pl.LazyFrame,
    partitions: PartitionSet = WHOLE,
    *,
    step: str | None = None,
) -> TableVersion:
    staged = table.stage(frame)
    made = record(partitions, step=step, rows=staged.rows)
    return table.commit(staged, replace=partitions, made=made).table


def values(rows: pl.LazyFrame, column: str = "n") -> list[object]:
    return sorted(rows.collect().get_column(column).to_list())


def day_values(rows: pl.LazyFrame) -> dict[int, int]:
    """The value of each day's row, by the day's number."""
    return {(day - FIRST_DAY).days: n for n, day in rows.select("n", "day").collect().iter_rows()}


def struct(*fields: Field) -> StructType:
    return StructType(fields)


def every_type() -> tuple[TableSpec, pl.DataFrame]:
    """A dataset with a column of every type, and two rows of it: extreme values, and nulls."""
    nested = StructType((Field("x", Plain("int64"), nullable=True), Field("y", Plain("string"))))
    named: Iterable[tuple[str, Field, pl.DataType, object]] = [
        ("bool", Field("bool", Plain("bool"), nullable=True), pl.Boolean(), True),
        ("int8", Field("int8", Plain("int8"), nullable=True), pl.Int8(), -128),
        ("int16", Field("int16", Plain("int16"), nullable=True), pl.Int16(), 32767),
        ("int32", Field("int32", Plain("int32"), nullable=True), pl.Int32(), -(2**31)),
        ("int64", Field("int64", Plain("int64"), nullable=True), pl.Int64(), 2**63 - 1),
        ("f32", Field("f32", Plain("float32"), nullable=True), pl.Float32(), 1.5),
        ("f64", Field("f64", Plain("float64"), nullable=True), pl.Float64(), float("inf")),
        ("text", Field("text", Plain("string"), nullable=True), pl.String(), "ü" * 100),
        ("bytes", Field("bytes", Plain("binary"), nullable=True), pl.Binary(), b"\x00\xff"),
        ("date", Field("date", Plain("date"), nullable=True), pl.Date(), date(1, 1, 1)),
        (
            "instant",
            Field("instant", Plain("timestamp"), nullable=True),
            pl.Datetime("us", "UTC"),
            datetime(2020, 1, 1, 1, 1, 1, 123456, tzinfo=UTC),
        ),
        (
            "wall",
            Field("wall", Plain("timestamp_ntz"), nullable=True),
            pl.Datetime("us"),
            datetime(1900, 1, 1, 1, 1, 1, 123456),  # noqa: DTZ001 - a wall-clock reading
        ),
        ("json", Field("json", Plain("json"), nullable=True), pl.String(), '{"a": 1}'),
        (
            "money",
            Field("money", DecimalType(38, 2), nullable=True),
            pl.Decimal(38, 2),
            Decimal("123456789012345678901234567890123456.78"),
        ),
        (
            "list",
            Field("list", ListType(Plain("string"), nullable_items=True), nullable=True),
            pl.List(pl.String()),
            ["a", None],
        ),
        (
            "struct",
            Field("struct", nested, nullable=True),
            pl.Struct({"x": pl.Int64(), "y": pl.String()}),
            {"x": None, "y": "z"},
        ),
    ]
    columns = [
        pl.Series(name, [value, None], dtype=dtype, strict=True) for name, _, dtype, value in named
    ]
    return spec(*(field for _, field, _, _ in named)), pl.DataFrame(columns)

"""Each way of writing on small tables: what a write is asked for, and how it is done.

What a write brings follows from its number alone, so that a process can be told to do it, and
`write_model` can say what comes of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final, Literal, TypeAlias

import polars as pl

from artifact_values import DAILY_MODEL
from flowforge_assets import Col, Daily, Silver, col, key
from flowforge_assets.core.made import Fingerprint, Made, TableVersion
from flowforge_assets.core.partition import WHOLE, PartitionSet
from flowforge_assets.core.polars_types import polars_schema
from flowforge_assets.declare.asset import Write
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition
from flowforge_assets.declare.describe import describe
from flowforge_assets.errors.base import Place
from flowforge_assets.execute.spec import table_of
from flowforge_assets.execute.writes import write
from flowforge_assets.storage.delta import DeltaTable
from flowforge_assets.storage.parquet import ParquetTable
from flowforge_assets.storage.store import Matching, Store, Table
from flowforge_assets.storage.upkeep import Upkeep
from storage_values import days

Way: TypeAlias = Literal[
    "overwrite",
    "partition",
    "append",
    "merge",
    "latest",
    "deletes",
    "insert",
    "record",
    "scd2",
    "snapshot",
    "artifact",
    "maintain",
    "clean",
]
PLAIN: Final[tuple[Way, ...]] = (
    "overwrite",
    "partition",
    "append",
    "merge",
    "latest",
    "deletes",
    "insert",
    "record",
)
"""The ways that share a table."""
UPKEEP: Final[tuple[Way, ...]] = ("maintain", "clean")
"""What writes no row beside them: it puts files together; it forgets all but the newest version."""
ALONE: Final[tuple[Way, ...]] = ("scd2", "snapshot", "artifact")
"""Those whose tables take no other."""
WAYS: Final = (*PLAIN, *ALONE, *UPKEEP)

KEYS: Final = range(12)
DAYS: Final = 4
START: Final = date(2020, 1, 1)
BEGIN: Final = datetime(2020, 1, 1, tzinfo=UTC)
_DAY: Final = Daily(start="2020-01-01", end="2020-01-04")


class Sales(Silver, partition=_DAY.on("day")):
    k: Col[int] = key()
    day: Col[date] = col()
    n: Col[int] = col()
    seen: Col[int] = col()


class Prices(Silver):
    k: Col[int] = key()
    n: Col[int] = col()
    since: Col[datetime] = col(valid_from=True)
    until: Col[datetime | None] = col(valid_to=True)
    current: Col[bool] = col(current=True)


class Stocks(Silver):
    k: Col[int] = col()
    n: Col[int] = col()
    at: Col[datetime] = col(valid_from=True)


@dataclass(frozen=True, slots=True)
class Op:
    """One write: the `number`th, in a way, as the step `step_id`."""

    way: Way
    number: int

    @property
    def step_id(self) -> str:
        """What the commit is known by."""
        return f"{self.way}-{self.number}"

    @classmethod
    def of_step(cls, step_id: str) -> Op:
        """The write of a step."""
        way, _, number = step_id.partition("-")
        return cls(next(each for each in WAYS if each == way), int(number))


Row: TypeAlias = tuple[object, ...]


def brought(op: Op) -> list[Row]:
    """The rows that a write brings, as the table has them."""
    n, number = op.number, op.number
    match op.way:
        case "overwrite":
            return [_sale(k, number) for k in KEYS]
        case "partition":
            return [(k, _day(number), n, k) for k in KEYS if k % DAYS == number % DAYS]
        case "append":
            return [_sale(k, number) for k in (number % 12, (number + 7) % 12)]
        case "merge" | "latest" | "insert":
            return [_sale(k, number) for k in sorted({number % 12, number * 5 % 12, 3})]
        case "deletes":
            return [_sale(k, number) for k in ((number + 2) % 12, (number + 4) % 12)]
        case "scd2":
            since = BEGIN + timedelta(hours=number)
            keys = sorted({number % 5, number * 3 % 5})
            return [(k, (number + k) // 2 % 3, since, None, True) for k in keys]
        case "snapshot":
            return [(k, n, BEGIN + timedelta(hours=number % 5)) for k in range(3)]
        case "record" | "artifact" | "maintain" | "clean":
            return []


def removed(op: Op) -> set[int]:
    """The keys whose rows a write removes by name."""
    return {(op.number + 1) % 12, (op.number + 3) % 12} if op.way == "deletes" else set()


def day_of(op: Op) -> int:
    """The partition that a write of one partition replaces."""
    return op.number % DAYS


def dataset_of(way: Way) -> DatasetDefinition:
    """The dataset whose table the way is tried on."""
    return describe({"scd2": Prices, "snapshot": Stocks}.get(way, Sales))


def table_for(store: Store, way: Way) -> Table:
    """The table that the way is tried on."""
    return table_of(store, dataset_of(way))


def perform(store: Store, op: Op, scratch: Path) -> Made:
    """Stages and commits a write; gives the commit as it stands in the table."""
    if op.way == "artifact":
        artifacts = store.artifact(DAILY_MODEL)
        source = scratch / op.step_id
        source.write_bytes(op.step_id.encode())
        partition = days(day_of(op))
        return artifacts.commit({partition: artifacts.stage(source)}, made=_made(op, partition))
    table, dataset = table_for(store, op.way), dataset_of(op.way)
    if op.way in UPKEEP:
        _keep_up(table, forgets=op.way == "clean")
        return _made(op, WHOLE)
    frame = pl.DataFrame(brought(op), schema=polars_schema(table.spec.schema), orient="row")
    partition = days(*range(DAYS)) if op.way == "overwrite" else days(day_of(op))
    made = replace(_made(op, partition), dataset=dataset.key)
    match op.way:
        case "record":
            return table.record(
                replace(made, touched=PartitionSet.none(made.partitions.dimensions))
            )
        case "latest" | "deletes":
            gone = pl.DataFrame({"k": sorted(removed(op))}, schema={"k": pl.Int64})
            what = Matching(
                ("k",),
                latest="seen" if op.way == "latest" else None,
                removing=gone if op.way == "deletes" else None,
            )
            return table.commit(table.stage(frame), replace=what, made=made)
        case _:
            return write(
                table,
                frame,
                asset=_asset(op.way),
                dataset=dataset,
                replaced=partition,
                made=made if op.way in PLAIN else replace(made, partitions=WHOLE),
                now=BEGIN + timedelta(hours=op.number % 5 if op.way == "snapshot" else op.number),
            )


def _keep_up(table: Table, *, forgets: bool) -> None:
    now = datetime.now(UTC)
    since = now if forgets else BEGIN
    upkeep = Upkeep(keep_since=since, log_since=since, swept_before=now - timedelta(hours=1))
    assert isinstance(table, DeltaTable | ParquetTable)
    table.maintain(upkeep)


def _asset(way: Way) -> AssetDefinition:
    writes: dict[Way, Write] = {
        "append": "append",
        "merge": "merge",
        "insert": "insert",
        "scd2": "scd2",
        "snapshot": "snapshot",
    }
    return AssetDefinition(way, (), Place(__file__, 1), write=writes.get(way, "overwrite"))


def _made(op: Op, partitions: PartitionSet) -> Made:
    return Made(
        dataset=DAILY_MODEL.key,
        partitions=partitions,
        asset="faults",
        run_id="run",
        step_id=op.step_id,
        fingerprint=Fingerprint(1, "code", "schema", "config", "engine"),
        inputs={},
        at=BEGIN - timedelta(hours=op.number),  # clocks may go backwards
        rows=0,
        table=TableVersion("", -1),
    )


def _sale(k: int, number: int) -> Row:
    """Rows of a key move from day to day; what is newest has nothing to do with the order."""
    return (k, _day(k + number), number, (k * 7 + number * 5) % 11)


def _day(number: int) -> date:
    return START + timedelta(number % DAYS)

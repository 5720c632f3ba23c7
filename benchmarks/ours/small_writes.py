"""small_writes.py TABLES ROWS COMMITS: appends by a kept table object, as the steps of a run do."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from workloads import small
from workloads.clock import measured, say

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint, Made, TableVersion
from flowforge_assets.core.partition import WHOLE, PartitionSet
from flowforge_assets.core.schema import Field, Plain, Schema
from flowforge_assets.storage.location import FolderLocation, open_store
from flowforge_assets.storage.store import Known, TableSpec

tables, rows, commits = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
KEY = DatasetKey("bronze.events")
FIELDS = {"id": "int64", "at": "timestamp", "amount": "float64", "note": "string"}
SPEC = TableSpec(KEY, Schema(tuple(Field(name, Plain(kind)) for name, kind in FIELDS.items())))
PRINT = Fingerprint(1, "code", "schema", "config", "engine")
NONE = PartitionSet.none(())


def made(number: int) -> Made:
    """What the step says of itself."""
    return Made(
        dataset=KEY,
        partitions=WHOLE,
        asset="events",
        run_id="run",
        step_id=f"run/events/{number}",
        fingerprint=PRINT,
        inputs={},
        at=datetime.now(UTC),
        rows=rows,
        table=TableVersion("", -1),
    )


table = open_store(FolderLocation(tables)).table(SPEC)
frames = [small.frame(number, rows) for number in range(commits + 1)]


def append(number: int, known: Known) -> Known:
    """One step; gives what the next one knows to be made."""
    done = table.commit(table.stage(frames[number]), replace=NONE, made=made(number), base=known)
    return Known(((WHOLE, done.table),))


known = append(0, Known())
with measured() as cost:
    for number in range(1, commits + 1):
        known = append(number, known)
say(cost)

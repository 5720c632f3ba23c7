"""The record of a commit as the JSON that stands in the table's own log.

It has a format number: a record of a newer format is refused rather than half understood. What
format 1 had no word for (`touched`, `restart`) is written as format 2, all else still as 1. A
commit that restores an older version is of format 3: it says what was made by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final, cast

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint, Made, TableVersion
from flowforge_assets.core.partition import Dimension, PartitionSet
from flowforge_assets.errors.storage import NewerRecordError

if TYPE_CHECKING:
    from flowforge_assets.core.dimension import Kind
    from flowforge_assets.storage.store import TableSpec

RECORD_KEY: Final = "flowforge"
RESTORED_KEY: Final = "restored"
BYTES_KEY: Final = "bytes"
FORMAT: Final = 3
_WITH_TRACKS: Final = 2


def write_made(made: Made) -> dict[str, object]:
    """`made` as JSON values, without its table version, which the log itself says."""
    fingerprint = made.fingerprint
    record: dict[str, object] = {
        "format": 1 if made.touched is None and not made.restart else _WITH_TRACKS,
        "dataset": str(made.dataset),
        "partitions": made.partitions.to_json(),
        "asset": made.asset,
        "run_id": made.run_id,
        "step_id": made.step_id,
        "fingerprint": {
            "algorithm": fingerprint.algorithm,
            "code": fingerprint.code,
            "schema": fingerprint.schema,
            "config": fingerprint.config,
            "engine": fingerprint.engine,
        },
        "inputs": {
            str(key): [version.table_id, version.version] for key, version in made.inputs.items()
        },
        "at": made.at.isoformat(),
        "rows": made.rows,
    }
    if made.touched is not None:
        record["touched"] = made.touched.to_json()
    if made.restart:
        record["restart"] = True
    if made.source:
        record["source"] = made.source
    if made.bytes_written is not None:
        record[BYTES_KEY] = made.bytes_written
    if made.meta:
        record["meta"] = dict(made.meta)
    return record


def read_made(record: Mapping[str, object], spec: TableSpec, table: TableVersion) -> Made:
    """The record that `write_made` gave; sets keep the dimensions that they were written with.

    Raises:
        NewerRecordError: it has a newer format (FF-616).
        ValueError, KeyError, TypeError: it is no such record.
    """
    refuse_newer(record)
    touched = record.get("touched")
    fingerprint = cast("Mapping[str, str]", record["fingerprint"])
    inputs = cast("Mapping[str, tuple[str, int]]", record["inputs"])
    return Made(
        dataset=DatasetKey(record["dataset"]),
        partitions=_read_set(spec.by_step, record["partitions"]),
        asset=str(record["asset"]),
        run_id=str(record["run_id"]),
        step_id=str(record["step_id"]),
        fingerprint=Fingerprint(
            algorithm=int(fingerprint["algorithm"]),
            code=fingerprint["code"],
            schema=fingerprint["schema"],
            config=fingerprint["config"],
            engine=fingerprint["engine"],
        ),
        inputs={
            DatasetKey(key): TableVersion(table_id, version)
            for key, (table_id, version) in inputs.items()
        },
        at=datetime.fromisoformat(str(record["at"])),
        rows=int(cast("int", record["rows"])),
        table=table,
        touched=None if touched is None else _read_set(spec.dimensions, touched),
        restart=record.get("restart") is True,
        source=str(record.get("source", "")),
        bytes_written=cast("int | None", record.get(BYTES_KEY)),
        meta=cast("Mapping[str, object]", record.get("meta", {})),
    )


def write_restored(
    made: Made, then: Iterable[tuple[int, Mapping[str, object]]]
) -> dict[str, object]:
    """`made`, which restores an older version, with the records that counted `then`."""
    return {**write_made(made), "format": FORMAT, RESTORED_KEY: [list(each) for each in then]}


def _read_set(today: tuple[Dimension, ...], content: object) -> PartitionSet:
    """The set that was written, mostly by the dimensions of `today`."""
    try:
        return PartitionSet.from_json(today, content)
    except ValueError:
        by = cast("Mapping[str, Mapping[str, str]]", content)["by"]
        dimensions = (
            Dimension(column, cast("Kind", kind), tz or "UTC")
            for column, (kind, _, tz) in ((name, text.partition(" ")) for name, text in by.items())
        )
        return PartitionSet.from_json(tuple(dimensions), content)


def refuse_newer(record: Mapping[str, object]) -> None:
    """Passes a record of a format that this version knows.

    Raises:
        NewerRecordError: it has a newer one (FF-616).
    """
    found = record.get("format")
    if not isinstance(found, int) or found > FORMAT:
        raise NewerRecordError(
            f"`{record.get('dataset')}` has a commit record of format {found}, known is {FORMAT}",
            hint="use at least the version of FlowForge that wrote the table",
        )

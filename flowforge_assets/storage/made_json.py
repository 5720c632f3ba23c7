"""The record of a commit as the JSON that stands in the table's own log.

It has a format number: a record of a newer format is refused rather than half understood. What
format 1 had no word for (`touched`, `restart`) is written as format 2, all else still as 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final, cast

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint, Made, TableVersion
from flowforge_assets.core.partition import Dimension, PartitionSet
from flowforge_assets.errors.storage import NewerRecordError

if TYPE_CHECKING:
    from flowforge_assets.storage.store import TableSpec

RECORD_KEY: Final = "flowforge"
FORMAT: Final = 2


def write_made(made: Made) -> dict[str, object]:
    """`made` as JSON values, without its table version, which the log itself says."""
    fingerprint = made.fingerprint
    record: dict[str, object] = {
        "format": 1 if made.touched is None and not made.restart else FORMAT,
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
    return record


def read_made(record: Mapping[str, object], spec: TableSpec, table: TableVersion) -> Made | None:
    """The record that `write_made` gave, or None when all of it was partitioned in another way.

    When its steps were cut in another way it made none of today's, and likewise it touched
    nothing when its rows were.

    Raises:
        NewerRecordError: it has a newer format (FF-616).
        ValueError, KeyError, TypeError: it is no such record.
    """
    refuse_newer(record)
    partitions = _read_set(spec.by_step, record["partitions"])
    if "touched" in record:
        touched = _read_set(spec.dimensions, record["touched"])
    elif spec.by_step == spec.dimensions:
        touched = partitions
    else:
        touched = _read_set(spec.dimensions, record["partitions"])
    if partitions is None and touched is None:
        return None
    is_one = spec.by_step == spec.dimensions and "touched" not in record
    fingerprint = cast("Mapping[str, str]", record["fingerprint"])
    inputs = cast("Mapping[str, tuple[str, int]]", record["inputs"])
    return Made(
        dataset=DatasetKey(record["dataset"]),
        partitions=PartitionSet.none(spec.by_step) if partitions is None else partitions,
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
        touched=None if is_one else touched or PartitionSet.none(spec.dimensions),
        restart=record.get("restart") is True,
        source=str(record.get("source", "")),
    )


def _read_set(dimensions: tuple[Dimension, ...], content: object) -> PartitionSet | None:
    """The set that was written, or None when it was by other dimensions."""
    try:
        return PartitionSet.from_json(dimensions, content)
    except ValueError:
        return None


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

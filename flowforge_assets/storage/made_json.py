"""The record of a commit as the JSON that stands in the table's own log.

It has a format number: a record of a newer format is refused rather than half understood.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, cast

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint, Made, TableVersion
from flowforge_assets.core.partition import Dimension, PartitionSet
from flowforge_assets.errors.storage import NewerRecordError

RECORD_KEY: Final = "flowforge"
FORMAT: Final = 1


def write_made(made: Made) -> dict[str, object]:
    """`made` as JSON values, without its table version, which the log itself says."""
    fingerprint = made.fingerprint
    return {
        "format": FORMAT,
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


def read_made(
    record: Mapping[str, object], dimensions: tuple[Dimension, ...], table: TableVersion
) -> Made | None:
    """The record that `write_made` gave, or None when it was partitioned in another way.

    Raises:
        NewerRecordError: it has a newer format (FF-616).
        ValueError, KeyError, TypeError: it is no such record.
    """
    refuse_newer(record)
    try:
        partitions = PartitionSet.from_json(dimensions, record["partitions"])
    except ValueError:
        return None
    fingerprint = cast("Mapping[str, str]", record["fingerprint"])
    inputs = cast("Mapping[str, tuple[str, int]]", record["inputs"])
    return Made(
        dataset=DatasetKey(record["dataset"]),
        partitions=partitions,
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
    )


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

"""The one file that says what a Parquet table holds: `_flowforge/current.json`.

It is replaced as a whole, so a reader sees all of a commit or nothing of it. The last
`KEPT_VERSIONS` stay beside it as `version-N.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from deltalake import Schema as DeltaSchema

from flowforge_assets.core.polars_types import polars_type
from flowforge_assets.core.schema_change import SchemaChange
from flowforge_assets.storage.atomic import write_atomic
from flowforge_assets.storage.data_files import DataFile
from flowforge_assets.storage.delta_schema import columns_in, delta_schema
from flowforge_assets.storage.failure import damaged_log
from flowforge_assets.storage.made_json import refuse_newer

if TYPE_CHECKING:
    from flowforge_assets.storage.overlap import ColumnEnds
    from flowforge_assets.storage.store import TableSpec

KEPT_VERSIONS: Final = 10
FOLDER: Final = "_flowforge"
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True, eq=False)
class Manifest:
    """A version of a Parquet table.

    `schema` is in Delta's JSON form, so that one module knows how types are written. `records`
    has the records of commits by version, oldest first; `steps` the versions of the last steps.
    """

    table_id: str
    version: int
    schema: str
    files: tuple[DataFile, ...]
    records: tuple[tuple[int, Mapping[str, object]], ...]
    steps: Mapping[str, int]

    @property
    def stored(self) -> pl.Schema:
        """The columns of the files."""
        return pl.Schema(DeltaSchema.from_json(self.schema))


def current_path(folder: Path) -> Path:
    """The manifest of the newest version."""
    return folder / FOLDER / "current.json"


def version_path(folder: Path, version: int) -> Path:
    """The manifest of one version."""
    return folder / FOLDER / f"version-{version}.json"


def schema_text(spec: TableSpec) -> str:
    """The declared columns as a manifest has them."""
    return delta_schema(spec.schema, spec.comments).to_json()


def read_manifest(path: Path, spec: TableSpec) -> Manifest | None:
    """The manifest at `path`, or None where there is none.

    Raises:
        DamagedLogError: it is cut off or garbled (FF-607).
        NewerRecordError: a newer version of FlowForge wrote it (FF-616).
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return None
    place = str(path.parent.parent)
    try:
        # Any: what a file holds has no type until it was looked at
        content: Any = json.loads(text)
        refuse_newer({"dataset": spec.key, "format": content["format"]})
        return Manifest(
            table_id=content["table_id"],
            version=content["version"],
            schema=json.dumps(content["schema"]),
            files=tuple(_read_file(file, spec) for file in content["files"]),
            records=tuple((version, record) for version, record in content["records"]),
            steps=content["steps"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise damaged_log(spec.key, place, f"`{path.name}` is no manifest") from error


def schema_entries(folder: Path, spec: TableSpec) -> list[SchemaChange]:
    """The columns of each version that is kept, oldest first."""
    found: list[SchemaChange] = []
    for path in (folder / FOLDER).glob("version-*.json"):
        manifest = read_manifest(path, spec)
        if manifest is not None:
            at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            found.append(SchemaChange(manifest.version, at, columns_in(manifest.schema)))
    return sorted(found, key=lambda entry: entry.version)


def write_manifest(folder: Path, manifest: Manifest, spec: TableSpec) -> None:
    """Makes `manifest` the newest version, in one act, and forgets the oldest kept one."""
    content = {
        "format": _FORMAT,
        "dataset": str(spec.key),
        "table_id": manifest.table_id,
        "version": manifest.version,
        "schema": json.loads(manifest.schema),
        "files": [_write_file(file, spec) for file in manifest.files],
        "records": manifest.records,
        "steps": manifest.steps,
    }
    text = json.dumps(content, separators=(",", ":")).encode()
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    write_atomic(version_path(folder, manifest.version), text)
    write_atomic(current_path(folder), text)
    version_path(folder, manifest.version - KEPT_VERSIONS).unlink(missing_ok=True)


def named_files(folder: Path, spec: TableSpec) -> frozenset[str]:
    """The data files of every version that can still be read."""
    found: set[str] = set()
    for path in (folder / FOLDER).glob("*.json"):
        manifest = read_manifest(path, spec)
        found.update(file.path for file in (manifest.files if manifest else ()))
    return frozenset(found)


def _write_file(file: DataFile, spec: TableSpec) -> dict[str, object]:
    ends = {
        dimension.column: [_text(pair[0]), _text(pair[1])]
        for dimension, pair in zip(spec.dimensions, file.ends, strict=True)
        if pair is not None
    }
    return {
        "path": file.path,
        "bytes": file.bytes_written,
        "rows": file.rows,
        "ends": ends,
        "values": dict(file.values),
    }


def _read_file(content: Mapping[str, Any], spec: TableSpec) -> DataFile:
    return DataFile(
        path=content["path"],
        bytes_written=content["bytes"],
        rows=content["rows"],
        ends=tuple(
            _read_ends(content["ends"].get(dimension.column), dimension.column, spec)
            for dimension in spec.dimensions
        ),
        values=content["values"],
    )


def _read_ends(pair: Sequence[str] | None, column: str, spec: TableSpec) -> ColumnEnds | None:
    field = spec.schema.find(column)
    if pair is None or field is None:
        return None
    least, greatest = pair
    match polars_type(field.type):
        case pl.Date():
            return date.fromisoformat(least), date.fromisoformat(greatest)
        case pl.Datetime():
            return datetime.fromisoformat(least), datetime.fromisoformat(greatest)
        case pl.String():
            return least, greatest
        case _:
            return None


def _text(value: date | datetime | str) -> str:
    return value if isinstance(value, str) else value.isoformat()

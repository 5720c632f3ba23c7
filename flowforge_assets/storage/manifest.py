"""What a version of a Parquet table says: its files, its columns and the record of its commits."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from deltalake import Schema as DeltaSchema

from flowforge_assets.core.made import TableVersion
from flowforge_assets.core.polars_types import polars_type
from flowforge_assets.core.schema_change import SchemaChange
from flowforge_assets.storage.data_files import DataFile
from flowforge_assets.storage.delta_schema import columns_in, comments_in, delta_schema
from flowforge_assets.storage.failure import damaged_log
from flowforge_assets.storage.folder_versions import VersionFiles, recorded_version
from flowforge_assets.storage.made_json import refuse_newer

if TYPE_CHECKING:
    from flowforge_assets.storage.folder import Folder
    from flowforge_assets.storage.overlap import ColumnEnds
    from flowforge_assets.storage.past import Version
    from flowforge_assets.storage.store import TableSpec

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


def versions_in(folder: Folder) -> VersionFiles:
    """The manifests in a table's folder."""
    return VersionFiles(folder, "version")


def schema_text(spec: TableSpec) -> str:
    """The declared columns as a manifest has them."""
    return delta_schema(spec.schema, spec.comments).to_json()


def read_manifest(versions: VersionFiles, version: int, spec: TableSpec) -> Manifest | None:
    """The manifest of a version, or None where there is none.

    Raises:
        DamagedLogError: it is cut off or garbled (FF-607).
        NewerRecordError: a newer version of FlowForge wrote it (FF-616).
    """
    text = versions.read(version)
    if text is None:
        return None
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
        what = f"`{versions.path(version)}` is no manifest"
        raise damaged_log(spec.key, versions.folder.shown, what) from error


def schema_entries(versions: VersionFiles, spec: TableSpec) -> list[SchemaChange]:
    """The columns of each version that is kept, oldest first."""
    found: list[SchemaChange] = []
    for version, entry in versions.kept().items():
        manifest = read_manifest(versions, version, spec)
        if manifest is not None:
            at = datetime.fromtimestamp(entry.modified, UTC)
            columns, comments = columns_in(manifest.schema), comments_in(manifest.schema)
            record = dict(manifest.records).get(version, {})
            run_id = str(record.get("run_id", ""))
            found.append(SchemaChange(version, at, columns, run_id, comments))
    return found


def versions_kept(versions: VersionFiles, spec: TableSpec) -> list[Version]:
    """The versions that can be read, oldest first."""
    found: list[Version] = []
    for version, entry in versions.kept().items():
        manifest = read_manifest(versions, version, spec)
        if manifest is not None:
            table = TableVersion(manifest.table_id, version)
            found.append(recorded_version(manifest.records, entry, spec, table))
    return found


def write_manifest(
    versions: VersionFiles, manifest: Manifest, spec: TableSpec, *, step_id: str
) -> bool:
    """Makes `manifest` the next version, in one act; False when another writer was first."""
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
    return versions.create(manifest.version, text, step_id)


def names_in(versions: VersionFiles, version: int, spec: TableSpec) -> frozenset[str]:
    """The data files of a version."""
    manifest = read_manifest(versions, version, spec)
    return frozenset(file.path for file in (manifest.files if manifest else ()))


def named_files(versions: VersionFiles, spec: TableSpec) -> frozenset[str]:
    """The data files of every version that can still be read."""
    found: set[str] = set()
    for version in versions.kept():
        manifest = read_manifest(versions, version, spec)
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

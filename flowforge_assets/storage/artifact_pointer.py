"""What a version of an artifact says: which file each partition is, and what made it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from flowforge_assets.core.made import TableVersion
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.storage.failure import damaged_log
from flowforge_assets.storage.folder_versions import VersionFiles, recorded_version
from flowforge_assets.storage.made_json import refuse_newer, write_made

if TYPE_CHECKING:
    from flowforge_assets.core.made import Made
    from flowforge_assets.storage.folder import Folder
    from flowforge_assets.storage.past import Version
    from flowforge_assets.storage.store import TableSpec

_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file in the artifact's folder, and the version that brought it."""

    name: str
    digest: str
    size_bytes: int
    version: int


@dataclass(frozen=True, slots=True, eq=False)
class Pointer:
    """A version of an artifact: its files by the keys of their partitions.

    `records` has the records of commits by version, oldest first; `steps` the versions of the
    last steps.
    """

    table_id: str
    version: int
    files: Mapping[str, NamedFile]
    records: tuple[tuple[int, Mapping[str, object]], ...]
    steps: Mapping[str, int]


def versions_in(folder: Folder) -> VersionFiles:
    """The pointers in an artifact's folder."""
    return VersionFiles(folder, "artifact")


def read_pointer(versions: VersionFiles, version: int, spec: TableSpec) -> Pointer | None:
    """The pointer of a version, or None where there is none.

    Files of partitions that were cut in another way are left out: they are none of today's.

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
        is_cut_so = content["by"] == _by(spec)
        files = content["files"].items() if is_cut_so else ()
        return Pointer(
            table_id=content["table_id"],
            version=content["version"],
            files={key: _read_file(file) for key, file in files},
            records=tuple((version, record) for version, record in content["records"]),
            steps=content["steps"],
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"`{versions.path(version)}` is no pointer to files"
        raise damaged_log(spec.key, versions.folder.shown, what) from error


def versions_kept(versions: VersionFiles, spec: TableSpec) -> list[Version]:
    """The versions that can be read, oldest first."""
    found: list[Version] = []
    for version, entry in versions.kept().items():
        pointer = read_pointer(versions, version, spec)
        if pointer is not None:
            table = TableVersion(pointer.table_id, version)
            found.append(recorded_version(pointer.records, entry, spec, table))
    return found


def restored(
    old: Pointer, now: Pointer, made: Made, *, known: PartitionSet
) -> tuple[Pointer, Made]:
    """The version after `now` with the files of `old`, and what it says of its commit.

    `known` are the partitions that have files in either.
    """
    touched = known - known
    for partition in known.chunks(1):
        (key,) = partition.keys()
        files = (old.files.get(key), now.files.get(key))
        if len({file and file.digest for file in files}) > 1:
            touched |= partition
    version = now.version + 1
    made = replace(made, touched=touched, table=TableVersion(now.table_id, version))
    after = replace(
        old,
        version=version,
        records=(*old.records, (version, write_made(made))),
        steps={**now.steps, made.step_id: version},
    )
    return after, made


def write_pointer(
    versions: VersionFiles, pointer: Pointer, spec: TableSpec, *, step_id: str
) -> bool:
    """Makes `pointer` the next version, in one act; False when another writer was first."""
    content = {
        "format": _FORMAT,
        "dataset": str(spec.key),
        "table_id": pointer.table_id,
        "version": pointer.version,
        "by": _by(spec),
        "files": {key: _write_file(pointer.files[key]) for key in sorted(pointer.files)},
        "records": pointer.records,
        "steps": pointer.steps,
    }
    text = json.dumps(content, separators=(",", ":")).encode()
    return versions.create(pointer.version, text, step_id)


def names_in(versions: VersionFiles, version: int, spec: TableSpec) -> frozenset[str]:
    """The names of the files of a version."""
    pointer = read_pointer(versions, version, spec)
    return frozenset(file.name for file in (pointer.files.values() if pointer else ()))


def _by(spec: TableSpec) -> object:
    """How the partitions are cut, as their sets are written."""
    return PartitionSet.none(spec.dimensions).to_json()["by"]


def _write_file(file: NamedFile) -> dict[str, object]:
    return {
        "name": file.name,
        "sha256": file.digest,
        "bytes": file.size_bytes,
        "version": file.version,
    }


def _read_file(content: Mapping[str, Any]) -> NamedFile:
    name = str(content["name"])
    if PurePosixPath(name).name != name:
        msg = "a file outside of the artifact's folder"
        raise ValueError(msg)
    return NamedFile(name, str(content["sha256"]), int(content["bytes"]), int(content["version"]))

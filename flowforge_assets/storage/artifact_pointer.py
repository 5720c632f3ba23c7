"""The one file that says which file each partition of an artifact is: `_flowforge/artifact.json`.

It is replaced as a whole, so a reader sees all of a commit or nothing of it. The last
`KEPT_VERSIONS` stay beside it as `artifact-N.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.storage.atomic import write_atomic
from flowforge_assets.storage.failure import damaged_log
from flowforge_assets.storage.made_json import refuse_newer

if TYPE_CHECKING:
    from flowforge_assets.storage.store import TableSpec

KEPT_VERSIONS: Final = 10
FOLDER: Final = "_flowforge"
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


def current_path(folder: Path) -> Path:
    """The pointer of the newest version."""
    return folder / FOLDER / "artifact.json"


def version_path(folder: Path, version: int) -> Path:
    """The pointer of one version."""
    return folder / FOLDER / f"artifact-{version}.json"


def read_pointer(path: Path, spec: TableSpec) -> Pointer | None:
    """The pointer at `path`, or None where there is none.

    Files of partitions that were cut in another way are left out: they are none of today's.

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
        raise damaged_log(spec.key, place, f"`{path.name}` is no pointer to files") from error


def write_pointer(folder: Path, pointer: Pointer, spec: TableSpec) -> None:
    """Makes `pointer` the newest version, in one act, and forgets the oldest kept one."""
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
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    write_atomic(version_path(folder, pointer.version), text)
    write_atomic(current_path(folder), text)
    version_path(folder, pointer.version - KEPT_VERSIONS).unlink(missing_ok=True)


def named_files(folder: Path, spec: TableSpec) -> frozenset[str]:
    """The names of the files of every version that can still be read."""
    found: set[str] = set()
    for path in (folder / FOLDER).glob("artifact*.json"):
        pointer = read_pointer(path, spec)
        found.update(file.name for file in (pointer.files.values() if pointer else ()))
    return frozenset(found)


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
    if Path(name).name != name:
        msg = "a file outside of the artifact's folder"
        raise ValueError(msg)
    return NamedFile(name, str(content["sha256"]), int(content["bytes"]), int(content["version"]))

"""Puts small files of a Parquet table together, and keeps what its oldest versions say."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from flowforge_assets.storage import manifest as manifests
from flowforge_assets.storage.compaction import Heap, put_together, small_heaps
from flowforge_assets.storage.data_files import Layout
from flowforge_assets.storage.delta_schema import physical_columns
from flowforge_assets.storage.leftovers import Leftovers
from flowforge_assets.storage.state_file import State, forget_states, state_versions, write_state

if TYPE_CHECKING:
    from flowforge_assets.core.schema_change import SchemaChange
    from flowforge_assets.storage.data_files import DataFile
    from flowforge_assets.storage.folder import Folder
    from flowforge_assets.storage.folder_versions import VersionFiles
    from flowforge_assets.storage.manifest import Manifest
    from flowforge_assets.storage.store import TableSpec
    from flowforge_assets.storage.upkeep import Upkeep


def compact_parquet(
    versions: VersionFiles, newest: Manifest, spec: TableSpec, upkeep: Upkeep
) -> tuple[int, int]:
    """Puts small files of a Parquet table together by versions that say nothing else.

    Gives how many files were, and into how many. What was put together may be small again.
    Nothing more is done when others commit meanwhile.
    """
    compacted = into = 0
    at: Manifest | None = newest
    while at is not None and (heaps := small_heaps(at.files, upkeep.target_bytes)):
        if upkeep.is_dry:
            return sum(map(len, heaps)), len(heaps)
        before, at = at, _compacted(versions, at, spec, heaps)
        if at is not None:
            named, still = ({file.path for file in each.files} for each in (before, at))
            compacted, into = compacted + len(named - still), into + len(still - named)
    return compacted, into


def write_parquet_state(
    folder: Folder, at: Manifest, schemas: Sequence[SchemaChange], spec: TableSpec, upkeep: Upkeep
) -> int | None:
    """Keeps what version files say that are going to be forgotten; gives the version, if new."""
    older = state_versions(folder)
    if upkeep.is_dry:
        return None if at.version in older else at.version
    known = tuple(each for each in schemas if each.version <= at.version)
    state = State(at.table_id, at.version, at.records, at.steps, known)
    is_new = write_state(folder, state, spec.key)
    forget_states(folder, [each for each in older if each < at.version])
    return at.version if is_new else None


def _compacted(
    versions: VersionFiles,
    newest: Manifest,
    spec: TableSpec,
    heaps: Sequence[Heap],
) -> Manifest | None:
    """The version in which each of `heaps` is put together, or None for none."""
    folder = versions.folder
    read = Layout(folder, spec.dimensions, hive=())
    write = Layout(folder, spec.dimensions, physical_columns(spec))
    written: list[DataFile] = []
    merged: set[str] = set()
    leftovers = Leftovers(folder, lambda: manifests.named_files(versions, spec))
    with leftovers.of_failure(written, ()):
        for heap in heaps:
            written += put_together(heap, read, newest.stored, write, spec)
            merged.update(file.path for file in heap)
        step_id = f"upkeep {uuid.uuid4().hex}"
        after = replace(
            newest,
            version=newest.version + 1,
            files=(*(file for file in newest.files if file.path not in merged), *written),
            steps={**newest.steps, step_id: newest.version + 1},
        )
        is_done = manifests.write_manifest(versions, after, spec, step_id=step_id)
    if not is_done:
        leftovers.remove(written)
        return None
    return after

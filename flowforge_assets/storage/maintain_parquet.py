"""Puts small files of a Parquet table together."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from flowforge_assets.storage import manifest as manifests
from flowforge_assets.storage.data_files import Layout, write_files
from flowforge_assets.storage.delta_schema import physical_columns
from flowforge_assets.storage.file_scan import refuse_damaged, scan_stored
from flowforge_assets.storage.leftovers import Leftovers
from flowforge_assets.storage.upkeep import small_groups

if TYPE_CHECKING:
    from flowforge_assets.storage.data_files import DataFile
    from flowforge_assets.storage.folder_versions import VersionFiles
    from flowforge_assets.storage.manifest import Manifest
    from flowforge_assets.storage.store import TableSpec
    from flowforge_assets.storage.upkeep import Upkeep


def compact_parquet(
    versions: VersionFiles, newest: Manifest, spec: TableSpec, upkeep: Upkeep
) -> tuple[int, int]:
    """Puts small files of a Parquet table together by a version that says nothing else.

    Gives how many files were, and into how many. Nothing is done when others commit meanwhile.
    """
    groups = small_groups([(_group(f), f.bytes_written) for f in newest.files], upkeep.target_bytes)
    if not groups or upkeep.is_dry:
        return sum(groups.values()), len(groups)
    folder = versions.folder
    read = Layout(folder, spec.dimensions, hive=())
    write = Layout(folder, spec.dimensions, physical_columns(spec))
    written: list[DataFile] = []
    merged: set[str] = set()
    leftovers = Leftovers(folder, lambda: manifests.named_files(versions, spec))
    with leftovers.of_failure(written, ()):
        for group in groups:
            for files in _bins(newest.files, group, upkeep.target_bytes):
                refuse_damaged(files, folder, spec)
                written += write_files(scan_stored(files, read, newest.stored), write)
                merged.update(file.path for file in files)
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
        return 0, 0
    return len(merged), len(written)


def _bins(files: Sequence[DataFile], group: object, target_bytes: int) -> list[list[DataFile]]:
    """The small files of a group, in heaps of about the wanted size, each of two or more."""
    heaps: list[list[DataFile]] = []
    room = 0
    for file in files:
        if _group(file) != group or file.bytes_written >= target_bytes:
            continue
        if not heaps or file.bytes_written > room:
            heaps.append([])
            room = target_bytes
        heaps[-1].append(file)
        room -= file.bytes_written
    return [heap for heap in heaps if len(heap) > 1]


def _group(file: DataFile) -> object:
    """What files share that may be put together: the values that name their folder."""
    return tuple(sorted(file.values.items()))

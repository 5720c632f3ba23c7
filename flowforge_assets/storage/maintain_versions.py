"""The upkeep of what has no log: Parquet tables and artifacts, whose versions are files."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from flowforge_assets.storage.restoring import is_restoring
from flowforge_assets.storage.upkeep import Upkeep, Upkept

if TYPE_CHECKING:
    from flowforge_assets.storage.folder import FileEntry
    from flowforge_assets.storage.folder_versions import VersionFiles
    from flowforge_assets.storage.past import Version


def maintain_versions(
    versions: VersionFiles,
    found: Sequence[Version],
    named_by: Callable[[int], Collection[str]],
    upkeep: Upkeep,
    *,
    is_ours: Callable[[str], bool],
    comes_again: bool = False,
) -> Upkept:
    """Forgets the versions that are not kept, with their files, and sweeps up after killed writers.

    `found` are the versions that are there, `named_by` gives the files that one names. Of the
    files that none names those whose paths are ours are swept when they are old. Files that are
    named by their content come again under the same name: of those only old ones are removed, as
    a writer elsewhere may be about to name one.
    """
    folder = versions.folder
    kept_from = upkeep.kept_from(found)
    forgotten = [each.version for each in found if each.version < kept_from]
    gone = {name for version in forgotten for name in named_by(version)}
    if not upkeep.is_dry:
        folder.remove(map(versions.path, forgotten))
        if is_restoring(folder, upkeep):
            return Upkept(cleaned=len(forgotten))
    # others may have made versions meanwhile, and given names to files again
    named = [version for version in versions.kept() if version not in forgotten]
    kept = {name for version in named for name in named_by(version)}
    old: list[FileEntry] = []
    left: list[FileEntry] = []
    for entry in folder.entries():
        if entry.path in gone - kept and (not comes_again or upkeep.is_left(entry)):
            old.append(entry)
        elif entry.path not in kept and upkeep.is_left(entry) and is_ours(entry.path):
            left.append(entry)
    if not upkeep.is_dry:
        folder.remove(entry.path for entry in (*old, *left))
    freed_bytes = sum(entry.size_bytes for entry in (*old, *left))
    return Upkept(
        cleaned=len(forgotten), vacuumed=len(old), swept=len(left), freed_bytes=freed_bytes
    )

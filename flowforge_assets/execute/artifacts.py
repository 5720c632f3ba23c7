"""Files that steps read and make: handed over as paths, kept by their content; imports no engine.

A step reads one file of an artifact and makes one a partition.
"""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flowforge_assets.core.made import Made
from flowforge_assets.core.partition import WHOLE, PartitionSet
from flowforge_assets.declare.definition import AssetDefinition, CheckDefinition, DatasetDefinition
from flowforge_assets.errors.run import InputMissingError, ManyFilesError, ReturnedFileError
from flowforge_assets.storage.store import Artifacts, ReadFiles, StagedFile


@dataclass(frozen=True, slots=True)
class MadeFile:
    """The file that one call has made of one artifact: a copy that nobody sees yet."""

    artifacts: Artifacts
    staged: StagedFile

    def discard(self) -> None:
        """Removes the copy."""
        self.artifacts.discard(self.staged)


def file_to_read(
    artifacts: ReadFiles, wanted: PartitionSet, reader: AssetDefinition | CheckDefinition
) -> Path:
    """The path of the artifact's one file in `wanted`, held against its digest.

    Raises:
        InputMissingError: none is meant, since what lacks is skipped (FF-703).
        ManyFilesError: there are several (FF-717).
        StorageError: there is none, or it is damaged (FF-630, FF-631).
    """
    key = artifacts.spec.key
    if not wanted:
        message = f"`{reader.name}` reads a file of `{key}`, of which none was made"
        hint = "let it do without: `File[...] | None`"
        raise InputMissingError(message, place=reader.place, hint=hint)
    if wanted.count() != 1:
        message = f"`{reader.name}` reads one file of `{key}`, and {wanted.count():,} are meant"
        raise ManyFilesError(message, place=reader.place, hint=one_file_hint(key))
    return artifacts.file(wanted).path


def stored_file(
    artifacts: ReadFiles, wanted: PartitionSet | None, *, version: int | None = None
) -> Path:
    """The path of the artifact's file, of the one partition `wanted` if it has any.

    Raises:
        ManyFilesError: it has partitions, and not one of them is wanted (FF-717).
        StorageError: there is none, or it is damaged (FF-630, FF-631).
    """
    key = artifacts.spec.key
    if artifacts.spec.dimensions and (wanted is None or wanted.count() != 1):
        many = "all" if wanted is None else f"{wanted.count():,}"
        message = f"`{key}` has a file for each partition, and {many} of them are asked for"
        raise ManyFilesError(message, hint="name one partition")
    return artifacts.file(WHOLE if wanted is None else wanted, version=version).path


def one_file_hint(artifact: str) -> str:
    """How to read one of the files of a partitioned artifact."""
    return f"say which of `{artifact}`: `Annotated[File[...], Latest()]`, or `Lag(1)`"


@contextmanager
def folder_for(asset: AssetDefinition) -> Generator[Mapping[str, object]]:
    """A fresh folder for what one call of the asset writes, by the parameter that asks for one."""
    if asset.out is None:
        yield {}
        return
    with tempfile.TemporaryDirectory(
        prefix=f"flowforge-{asset.name}-", ignore_cleanup_errors=True
    ) as folder:
        yield {asset.out: Path(folder)}


def made_file(
    returned: object, artifacts: Artifacts, dataset: DatasetDefinition, asset: AssetDefinition
) -> MadeFile:
    """The file that the asset returned, copied to where the store keeps it.

    Raises:
        ReturnedFileError: it is no file, or not of the artifact's suffix (FF-716).
        StorageError: it cannot be copied (FF-6xx).
    """
    suffix, key = dataset.suffix, dataset.key
    if not isinstance(returned, Path):
        kind = "None" if returned is None else f"`{type(returned).__name__}`"
        message = f"`{asset.name}` returned {kind}, not the file of `{key}`"
        hint = "does a `return` lack?" if returned is None else "return a `pathlib.Path`"
        raise ReturnedFileError(message, place=asset.place, hint=hint)
    shown = returned.name
    if not returned.is_file():
        what = "is a folder" if returned.is_dir() else "is not there"
        message = f"`{shown}`, which `{asset.name}` returned for `{key}`, {what}"
        hint = "write the file, then return its path: `file = out / ...`"
        raise ReturnedFileError(message, place=asset.place, hint=hint)
    if not shown.endswith(suffix):
        message = f"`{asset.name}` returned `{shown}` for `{key}`, whose files end in `{suffix}`"
        hint = f"name it `{returned.stem}{suffix}`, or change the `suffix=` of the class"
        raise ReturnedFileError(message, place=asset.place, hint=hint)
    return MadeFile(artifacts, artifacts.stage(returned))


def commit_files(
    artifacts: Artifacts, files: Iterable[tuple[PartitionSet, MadeFile]], made: Made
) -> Made:
    """Commits the files of several calls, each as that of its partition, in one act.

    Files that are as they were touch nothing.
    """
    return artifacts.commit({unit: file.staged for unit, file in files}, made=made)

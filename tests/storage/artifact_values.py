"""Artifacts and files that the storage tests write."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made
from flowforge_assets.core.partition import WHOLE, PartitionSet
from flowforge_assets.core.schema import Schema
from flowforge_assets.storage.artifact import ArtifactFolder
from flowforge_assets.storage.store import TableSpec
from storage_values import DAY, record

if TYPE_CHECKING:
    from flowforge_assets.storage.folder import Folder
    from flowforge_assets.storage.store import Artifacts

MODEL = TableSpec(DatasetKey("gold.churn"), Schema(()), suffix=".pkl")
DAILY_MODEL = replace(MODEL, dimensions=(DAY,))


def commit(
    artifacts: Artifacts,
    folder: Path,
    content: bytes,
    partition: PartitionSet = WHOLE,
    *,
    step: str | None = None,
    restart: bool = False,
) -> Made:
    source = folder / "source"
    source.write_bytes(content)
    staged = artifacts.stage(source)
    made = replace(record(partition, step=step), dataset=artifacts.spec.key, restart=restart)
    return artifacts.commit({partition: staged}, made=made)


def in_store(artifacts: Artifacts) -> list[str]:
    """The names of the files that lie in the artifact's folder."""
    return [file.path for file in _folder(artifacts).entries() if "/" not in file.path]


def spoil(artifacts: Artifacts, folder: Path, content: bytes | None) -> None:
    """Puts something else in the place of the artifact's file, or nothing; no copy is left."""
    path = artifacts.file(WHOLE).path
    _folder(artifacts).remove([path.name])
    path.unlink(missing_ok=True)
    if content is not None:
        (folder / "spoilt").write_bytes(content)
        _folder(artifacts).upload(folder / "spoilt", path.name)


def _folder(artifacts: Artifacts) -> Folder:
    assert isinstance(artifacts, ArtifactFolder)
    return artifacts._folder


def content(artifacts: Artifacts, partition: PartitionSet = WHOLE) -> bytes:
    return artifacts.file(partition).path.read_bytes()

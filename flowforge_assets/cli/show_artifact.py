"""`flowforge show KEY` of an artifact: its files, and the versions that can be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowforge_assets.cli.paint import Text
from flowforge_assets.cli.words import byte_size, counted, moment
from flowforge_assets.execute.as_of import files_at
from flowforge_assets.execute.spec import spec_of

if TYPE_CHECKING:
    from datetime import datetime

    from flowforge_assets.api import Project
    from flowforge_assets.cli.terminal import Terminal
    from flowforge_assets.core.made import Made
    from flowforge_assets.core.partition import PartitionSet
    from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition
    from flowforge_assets.storage.store import ArtifactFile

_DIGITS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class ArtifactDescription:
    """An artifact as declared and as stored: its newest files by the keys of their partitions.

    `made` is the newest commit; `versions` are the first and last that can be read.
    """

    dataset: DatasetDefinition
    asset: AssetDefinition
    uri: str
    files: Mapping[str, ArtifactFile]
    versions: tuple[int, int] | None
    made: Made | None

    def as_json(self) -> dict[str, object]:
        """The artifact as `show --json` has it."""
        first, last = self.versions or (None, None)
        return {
            "key": self.dataset.key,
            "kind": "artifact",
            "description": self.dataset.description,
            "asset": self.asset.name,
            "uri": self.uri,
            "version": last,
            "oldest_version": first,
            "files": [
                {
                    "partition": key or None,
                    "path": str(file.path),
                    "bytes": file.size_bytes,
                    "sha256": file.digest,
                    "version": file.version,
                }
                for key, file in self.files.items()
            ],
            "made_at": self.made.at if self.made else None,
            "run_id": self.made.run_id if self.made else None,
        }


def show_artifact(
    terminal: Terminal,
    project: Project,
    dataset: DatasetDefinition,
    *,
    wanted: PartitionSet | None,
    when: int | datetime | None = None,
) -> int:
    """Shows the artifact's files, those of the partitions `wanted` alone if they are given.

    As they are, or as they were at a version or a time.
    """
    found = describe_artifact(project, dataset, wanted=wanted, when=when)
    if terminal.json:
        terminal.data(found.as_json())
    else:
        _show(terminal, found)
    return 0


def describe_artifact(
    project: Project,
    dataset: DatasetDefinition,
    *,
    wanted: PartitionSet | None = None,
    when: int | datetime | None = None,
) -> ArtifactDescription:
    """What is known of the artifact; its files are not read."""
    stored = project.store.artifact(spec_of(dataset))
    artifacts = stored if when is None else files_at(stored, when)
    version, kept = artifacts.version(), stored.versions()
    keys = None if wanted is None else frozenset(wanted.keys())
    oldest = kept[0].version if kept else 0
    return ArtifactDescription(
        dataset=dataset,
        asset=project.graph.assets[project.graph.maker[dataset.key]],
        uri=artifacts.uri,
        files={k: file for k, file in artifacts.files().items() if keys is None or k in keys},
        versions=None if version is None else (oldest, version.version),
        made=next(iter(project.history().lookup(dataset.key)), None),
    )


def _show(terminal: Terminal, found: ArtifactDescription) -> None:
    dataset = found.dataset
    terminal.say(Text(dataset.key, "bold"))
    for line in dataset.description.strip().splitlines():
        terminal.say(line)
    terminal.say()
    terminal.table([(Text(name, "dim"), said) for name, said in _facts(found) if said])
    if found.files:
        terminal.say()
        names = ("partition", "size", "sha256", "since version")
        header: list[Text | str] = [Text(name, "dim") for name in names]
        rows: list[list[Text | str]] = [
            [
                Text(key, "bold"),
                byte_size(file.size_bytes),
                file.digest[:_DIGITS_SHOWN],
                f"{file.version}",
            ]
            for key, file in found.files.items()
        ]
        is_cut = bool(dataset.partitioning.dimensions)
        terminal.table([row if is_cut else row[1:] for row in (header, *rows)])


def _facts(found: ArtifactDescription) -> list[tuple[str, str]]:
    """What stands on top, a name and a line each; what has nothing to say is empty."""
    asset, made = found.asset, found.made
    only = found.files.get("")
    versions = "never made"
    if found.versions is not None:
        first, last = found.versions
        versions = f"{last}" + (f" ({first} to {last} can be read)" if first != last else "")
    by = ", ".join(dimension.column for dimension in found.dataset.partitioning.dimensions)
    return [
        ("made by", f"{asset.name}  {asset.place.file}:{asset.place.line}"),
        ("reads", ", ".join(dict.fromkeys(read.dataset for read in asset.inputs))),
        ("stored in", found.uri if only is None else only.path.as_uri()),
        ("version", versions),
        ("last made", f"{moment(made.at)} in run {made.run_id}" if made else ""),
        ("files", f"{counted(len(found.files), 'file')} by {by}" if by else ""),
        ("owners", ", ".join(found.dataset.owners)),
        ("tags", ", ".join(found.dataset.tags)),
    ]

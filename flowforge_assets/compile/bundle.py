"""A bundle: a project's own files, its graph and the packages it needs, and their one version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from flowforge_assets.compile.bundle_files import files_below, project_files
from flowforge_assets.compile.graph_json import graph_text
from flowforge_assets.compile.installed import Installed
from flowforge_assets.compile.needed import needed
from flowforge_assets.errors.base import Place
from flowforge_assets.errors.bundle import BundleMissingError
from flowforge_assets.graph.build import Graph
from flowforge_assets.project.config import FILE_NAME, ProjectConfig

LOCK: Final = "lock.txt"
_GRAPH: Final = "graph.json"
_SHOWN: Final = 12


@dataclass(frozen=True, slots=True)
class Bundle:
    """The bytes of each file by its path, sorted.

    `unlisted` are modules that its code imports and its `lock.txt` has no package of, by where.
    """

    files: Mapping[str, bytes]
    unlisted: Mapping[str, Place] = field(default_factory=dict[str, Place], compare=False)

    @property
    def version(self) -> str:
        """Twelve hex digits that change with any file's name or content."""
        digest = sha256()
        for name, content in self.files.items():
            digest.update(f"{len(name.encode())}:{name}{len(content)}:".encode())
            digest.update(content)
        return digest.hexdigest()[:_SHOWN]


def make_bundle(config: ProjectConfig, graph: Graph) -> Bundle:
    """The project as it is now; the same for every environment, folder and machine.

    Packages that it needs are named by their versions, and a change of one is another bundle.

    Raises:
        ProjectError: the project cannot be carried elsewhere (FF-893, FF-899).
    """
    found, installed = project_files(config), Installed()
    files = {name: path.read_bytes() for name, path in found.items()}
    files[_GRAPH] = graph_text(graph, project=config.name).encode()
    needs = needed(config, found, installed)
    files[LOCK] = installed.lock(needs.requirements).encode()
    return Bundle(dict(sorted(files.items())), needs.unlisted)


def read_bundle(folder: Path) -> Bundle:
    """The bundle in the folder, with all that lies in it but hidden files and caches.

    Raises:
        BundleMissingError: there is none, or it cannot be read (FF-891).
    """
    hint = "copy the whole folder that was compiled, or compile and deploy again"
    if not (folder / FILE_NAME).is_file():
        raise BundleMissingError(f"`{folder.name}/` holds no `{FILE_NAME}`", hint=hint)
    try:
        return Bundle({name: path.read_bytes() for name, path in files_below(folder).items()})
    except OSError as error:
        message = f"`{folder.name}/` cannot be read: {(error.strerror or str(error)).lower()}"
        raise BundleMissingError(message, hint=hint) from error

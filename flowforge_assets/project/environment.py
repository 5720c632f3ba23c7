"""One environment of a project: where its tables, its ledger and its caches are."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from flowforge_assets.errors.base import Place
from flowforge_assets.errors.project import NamespaceError, ReadFromError
from flowforge_assets.project.config import (
    FILE_NAME,
    EnvironmentConfig,
    FromVariable,
    ProjectConfig,
)

if TYPE_CHECKING:
    from flowforge_assets.storage.store import Store


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment by name.

    All that FlowForge keeps on this machine is below `kept`, by default the project's
    `.flowforge/`. With a `namespace` its tables and its ledger are apart from those of all others.
    """

    name: str
    config: EnvironmentConfig
    root: Path
    kept: Path | None = None
    namespace: str = ""

    @classmethod
    def of(
        cls,
        project: ProjectConfig,
        name: str,
        *,
        store: str | None = None,
        kept: Path | None = None,
    ) -> Environment:
        """The project's environment `name`; `store` takes the place of the one it names.

        Raises:
            UnknownEnvironmentError: there is none (FF-804).
            NamespaceError: its namespace is not known, or is no word (FF-813).
        """
        config = project.environment(name)
        if store is not None:
            config = replace(config, store=store)
        namespace = _namespace(name, config.namespace)
        return cls(name, config, project.root.resolve(), kept and kept.resolve(), namespace)

    @property
    def shown(self) -> str:
        """How people call it: `dev`, or `shared@alice`."""
        return f"{self.name}@{self.namespace}" if self.namespace else self.name

    def lenders(self, project: ProjectConfig) -> list[Environment]:
        """The environments that lend what this one has not made, the nearest first.

        Those are the tables around its namespace, then what `read_from` names, and so on.

        Raises:
            UnknownEnvironmentError: `read_from` names none (FF-804).
            ReadFromError: environments lend to one another in a circle (FF-814).
        """
        found: list[Environment] = []
        seen = [self.name]
        at = self
        while True:
            if at.namespace:
                found.append(replace(at, namespace=""))
            name = at.config.read_from
            if name is None:
                return found
            if name in seen:
                shown = " -> ".join(f"`{each}`" for each in [*seen, name])
                message = f"environments read from one another in a circle: {shown}"
                place = Place(FILE_NAME)
                raise ReadFromError(message, place=place, hint="take one `read_from` away")
            seen.append(name)
            at = replace(Environment.of(project, name), namespace="", kept=self.kept)
            found.append(at)

    @property
    def folder(self) -> Path:
        """What this environment keeps on this machine."""
        folder = self._kept / self.name
        return folder / "_ns" / self.namespace if self.namespace else folder

    @property
    def _kept(self) -> Path:
        return self.kept or self.root / ".flowforge"

    @property
    def ledger_path(self) -> Path:
        """The ledger's file."""
        return self.folder / "ledger.db"

    @property
    def has_ledger(self) -> bool:
        """Whether the ledger says anything: a missing or empty file does not."""
        path = self.ledger_path
        return path.exists() and not (path.is_file() and path.stat().st_size == 0)

    @property
    def cache_folder(self) -> Path:
        """What can be worked out again: it depends on the project alone."""
        return self._kept / "cache"

    @property
    def location(self) -> str:
        """Where the tables are: a URL, or an absolute path."""
        store = self.config.store
        if store is None:
            shared = str(self._kept / self.name / "lake")
        else:
            shared = store if "://" in store else str(self.root / store)
        if not self.namespace:
            return shared
        if shared.startswith("memory://"):
            return f"{shared}_ns_{self.namespace}"
        return f"{shared.rstrip('/')}/_ns/{self.namespace}"

    def open_store(self) -> Store:
        """The place of the tables; opening it reads nothing yet.

        Raises:
            StorageError: the location is of a kind that is not known (FF-6xx).
        """
        from flowforge_assets.storage.location import open_store  # engines, on use

        return open_store(self.location, format=self.config.format)


def _namespace(env: str, given: str | FromVariable | None) -> str:
    """The namespace itself, which may stand in an environment variable."""
    place = Place(FILE_NAME)
    if isinstance(given, FromVariable):
        found = os.environ.get(given.name, "")
        if not found:
            message = f"the namespace of `{env}` stands in `{given.name}`, which is not set"
            hint = f"set it: `export {given.name}=alice`"
            raise NamespaceError(message, place=place, hint=hint)
        given = found
    if given is None:
        return ""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", given):
        message = f"the namespace `{given}` of `{env}` is no plain word"
        hint = "use letters, digits, `-` and `_`"
        raise NamespaceError(message, place=place, hint=hint)
    return given

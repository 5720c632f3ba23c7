"""One environment of a project: where its tables, its ledger and its caches are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flowforge_assets.project.config import EnvironmentConfig, ProjectConfig

if TYPE_CHECKING:
    from flowforge_assets.storage.store import Store


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment by name. All that FlowForge keeps locally is below `.flowforge/`."""

    name: str
    config: EnvironmentConfig
    root: Path

    @classmethod
    def of(cls, project: ProjectConfig, name: str) -> Environment:
        """The project's environment `name`.

        Raises:
            UnknownEnvironmentError: there is none (FF-804).
        """
        return cls(name, project.environment(name), project.root.resolve())

    @property
    def folder(self) -> Path:
        """What this environment keeps on this machine."""
        return self.root / ".flowforge" / self.name

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
        return self.root / ".flowforge" / "cache"

    @property
    def location(self) -> str:
        """Where the tables are: a URL, or an absolute path."""
        store = self.config.store
        if store is None:
            return str(self.folder / "lake")
        return store if "://" in store else str(self.root / store)

    def open_store(self) -> Store:
        """The place of the tables; opening it reads nothing yet.

        Raises:
            StorageError: the location is of a kind that is not known (FF-6xx).
        """
        from flowforge_assets.storage.location import open_store  # engines, on use

        return open_store(self.location, format=self.config.format)

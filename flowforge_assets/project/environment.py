"""One environment of a project: where its tables, its ledger and its caches are."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
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
from flowforge_assets.project.stores import StoreConfig, store_for
from flowforge_assets.record.database import LedgerPlace, PostgresPlace
from flowforge_assets.storage.location import Location, WarehouseLocation, parse_location
from flowforge_assets.storage.remote_url import is_remote, parse_remote_url
from flowforge_assets.storage.secrets import resolve
from flowforge_assets.warehouse.connection import WarehouseConfig

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from flowforge_assets.core.key import DatasetKey
    from flowforge_assets.declare.definition import AssetDefinition
    from flowforge_assets.storage.store import Store
    from flowforge_assets.storage.store_options import StoreOptions

    _Place: TypeAlias = StoreConfig | WarehouseConfig | None
    StoredKeys: TypeAlias = Callable[[DatasetKey], DatasetKey]


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment by name.

    All that FlowForge keeps on this machine is below `kept`, by default the project's
    `.flowforge/`. With a `namespace` its tables and its ledger are apart from those of all others.
    `in_warehouse` are the datasets whose tables are in its warehouse, if it has one.
    """

    name: str
    config: EnvironmentConfig
    root: Path
    kept: Path | None = None
    namespace: str = ""
    in_warehouse: frozenset[DatasetKey] = frozenset()

    @classmethod
    def of(
        cls,
        project: ProjectConfig,
        name: str,
        *,
        store: str | None = None,
        kept: Path | None = None,
    ) -> Environment:
        """The project's environment `name`; `store` takes the place of all that it names.

        Raises:
            UnknownEnvironmentError: there is none (FF-804).
            NamespaceError: its namespace is not known, or is no word (FF-813).
        """
        config = project.environment(name)
        if store is not None:
            config = replace(config, store=StoreConfig(store), stores={})
        namespace = _namespace(name, config.namespace)
        home = (project.home or project.root).resolve()
        return cls(name, config, home, kept and kept.resolve(), namespace)

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
            at = replace(at, in_warehouse=self.in_warehouse)
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
        """The ledger's file, where the environment names no other ledger."""
        return self.folder / "ledger.db"

    @property
    def ledger(self) -> LedgerPlace:
        """Where the ledger is: its file, or the schema that the environment names.

        Raises:
            SecretMissingError: what its URL refers to is not there (FF-650).
        """
        config = self.config.ledger
        if config is None:
            return self.ledger_path
        schema = config.schema
        if self.namespace:
            schema = f"{schema}_{self.namespace.replace('-', '_').lower()}"
        return PostgresPlace(resolve(config.url).reveal(), schema)

    @property
    def has_ledger(self) -> bool:
        """Whether there is a ledger to be asked; a missing or empty file is none."""
        if self.config.ledger is not None:
            return True
        path = self.ledger_path
        return path.exists() and not (path.is_file() and path.stat().st_size == 0)

    @property
    def cache_folder(self) -> Path:
        """What can be worked out again: it depends on the project alone."""
        return self._kept / "cache"

    @property
    def location(self) -> str:
        """Where the tables are that have no place of their own: a URL, or an absolute path."""
        return self._text_of(self.config.store)

    def place(self, key: DatasetKey | None = None) -> Location:
        """Where a dataset's table is, which is stored under `key`; without one, `location`.

        Raises:
            StorageError: the location is of a kind that is not known (FF-6xx).
        """
        place = self.config.store if key is None else self._place_of(key)
        return self._location_of(place)

    def options_for(self, url: str, key: DatasetKey) -> StoreOptions | None:
        """The options of a store of the same bucket as `url`, the one for the dataset first."""
        if not is_remote(url):
            return None
        wanted = parse_remote_url(url)
        for store in (self._store_of(key), self.config.store, *self.config.stores.values()):
            if store is not None and store.options is not None:
                found = parse_remote_url(store.url)
                if replace(found, prefix="") == replace(wanted, prefix=""):
                    return store.options
        return None

    def by_place(self, keys: Iterable[DatasetKey]) -> Mapping[Location, list[DatasetKey]]:
        """The datasets that are stored under `keys`, by the place that they share.

        Raises:
            StorageError: a location is of a kind that is not known (FF-6xx).
        """
        found: dict[Location, list[DatasetKey]] = {}
        # Thousands of keys share a place or two. The place is held, so that its id stays its own.
        known: dict[int, tuple[_Place, list[DatasetKey]]] = {}
        for key in keys:
            place = self._place_of(key)
            if id(place) not in known:
                known[id(place)] = (place, found.setdefault(self._location_of(place), []))
            known[id(place)][1].append(key)
        return found

    @property
    def places(self) -> list[Location]:
        """All places that the environment names, each once, that for all first.

        Raises:
            StorageError: a location is of a kind that is not known (FF-6xx).
        """
        stores = (self.config.store, *self.config.stores.values())
        return list(dict.fromkeys(map(self._location_of, stores)))

    def open_store(self) -> Store:
        """The tables in all their places; opening it reads nothing yet.

        Raises:
            StorageError: the location is of a kind that is not known (FF-6xx).
        """
        if not self.config.stores and self.warehouse is None:
            return self._open(self.config.store)
        from flowforge_assets.storage.routed import RoutedStore  # with open_store, on use

        store: RoutedStore[_Place] = RoutedStore(self.config.store, self._place_of, self._open)
        return store

    def _store_of(self, key: DatasetKey) -> StoreConfig | None:
        return store_for(key, self.config.stores, self.config.store)

    def knowing(self, assets: Iterable[AssetDefinition], stored: StoredKeys) -> Environment:
        """The same, knowing which of its `assets` run in its warehouse; it may have none.

        `stored` gives the keys under which datasets are stored.
        """
        keys = (o.dataset for a in assets if a.warehouse for o in a.makes)
        return replace(self, in_warehouse=frozenset(stored(key) for key in keys))

    @property
    def warehouse(self) -> WarehouseConfig | None:
        """Its warehouse, with the namespace before its schemas; None where no dataset is in it."""
        found = self.config.warehouse
        if found is None or not self.in_warehouse:
            return None
        own = f"{self.namespace.replace('-', '_')}_" if self.namespace else ""
        return replace(found, prefix=found.prefix + own)

    def _place_of(self, key: DatasetKey) -> _Place:
        warehouse = self.warehouse
        return (
            self._store_of(key) if warehouse is None or key not in self.in_warehouse else warehouse
        )

    def _open(self, store: _Place) -> Store:
        if isinstance(store, WarehouseConfig):
            from flowforge_assets.warehouse.store import (
                WarehouseStore,
            )  # polars and sqlglot, on use

            return WarehouseStore.of(store)
        from flowforge_assets.storage.location import open_store  # engines, on use

        table_format = (store and store.format) or self.config.format
        copies = self.folder / "artifacts"
        return open_store(self._location_of(store), format=table_format, copies=copies)

    def _location_of(self, store: _Place) -> Location:
        if isinstance(store, WarehouseConfig):
            return WarehouseLocation(store.kind, store.prefix)
        return parse_location(
            self._text_of(store), options=None if store is None else store.options
        )

    def _text_of(self, store: StoreConfig | None) -> str:
        """A place with the namespace in it."""
        if store is None:
            shared = str(self._kept / self.name / "lake")
        else:
            shared = store.url if "://" in store.url else str(self.root / store.url)
        if not self.namespace:
            return shared
        if shared.startswith("memory://"):
            return f"{shared}_ns_{self.namespace}"
        return f"{shared.rstrip('/')}/_ns/{self.namespace}"


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

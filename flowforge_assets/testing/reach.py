"""What a test can name: the assets and datasets of a project, or of the modules it sees."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.artifact import Artifact
from flowforge_assets.declare.asset import DECLARED, CheckOptions, Declared, SqlOptions
from flowforge_assets.declare.dataset import Dataset
from flowforge_assets.declare.definition import (
    AssetDefinition,
    CheckDefinition,
    DatasetDefinition,
)
from flowforge_assets.declare.describe import describe, key_of
from flowforge_assets.declare.keys import with_key_columns
from flowforge_assets.declare.signature import read_asset, read_checks
from flowforge_assets.declare.sql_asset import DECLARED_SQL, DeclaredSql
from flowforge_assets.declare.sql_function import SqlFunction, read_sql_function
from flowforge_assets.errors.base import FlowForgeError, did_you_mean, raise_all
from flowforge_assets.errors.testing import NoSuchAssetError
from flowforge_assets.graph.build import Graph
from flowforge_assets.project.seen import is_dataset
from flowforge_assets.project.shown import shown_under
from flowforge_assets.project.sql_files import (
    function_source,
    sql_asset_definition,
    tied_source,
)
from flowforge_assets.sql.analysis import SqlAnalysis

AnyDataset: TypeAlias = type[Dataset] | type[Artifact]
Named: TypeAlias = AnyDataset | str
"""A dataset as a test names it: its class, or its key."""
Makes: TypeAlias = Named | Callable[..., Any]
"""An asset as a test names it: what it makes, or its function."""


class Reach(Protocol):
    """Where a test's assets are found."""

    def asset(self, wanted: Makes) -> AssetDefinition:
        """The asset that makes `wanted`, or whose function it is.

        Raises:
            NoSuchAssetError: there is none (FF-724).
        """
        ...

    def dataset(self, wanted: Named) -> DatasetDefinition:
        """The dataset of that class or key.

        Raises:
            NoSuchAssetError: there is none (FF-724).
        """
        ...

    def checks(self, key: DatasetKey) -> tuple[CheckDefinition, ...]:
        """The checks that guard a dataset."""
        ...


class ProjectReach:
    """All of a project."""

    def __init__(self, graph: Graph) -> None:
        """Of the project's graph."""
        self.graph = graph

    def asset(self, wanted: Makes) -> AssetDefinition:
        """The asset that makes `wanted`, or whose function it is."""
        if is_dataset(wanted) or isinstance(wanted, str):
            key = named_key(wanted)
            named = [asset for asset in self.graph.assets.values() if asset.name == key]
            maker = self.graph.maker.get(key)
            if maker is not None or named:
                return self.graph.assets[maker] if maker is not None else named[0]
            raise _no_asset(key, self.graph.maker)
        for asset in self.graph.assets.values():
            given = None if asset.query is None else asset.query.function
            if asset.function is wanted or (given is not None and given is wanted):
                return asset
        raise _no_function(wanted)

    def dataset(self, wanted: Named) -> DatasetDefinition:
        """The dataset of that class or key."""
        key = named_key(wanted)
        found = self.graph.datasets.get(key)
        if found is None:
            raise _no_dataset(key, self.graph.datasets)
        return found

    def checks(self, key: DatasetKey) -> tuple[CheckDefinition, ...]:
        """The checks that guard a dataset."""
        return self.graph.checks.get(key, ())


class DeclaredReach:
    """What some modules declare, wherever in them: inside a test's function too.

    Two tests of a module may each declare a dataset of the same key: who names a class means
    that one. An asset that is declared wrongly is told when no other was meant, a check always,
    unless it stands inside another test.
    """

    def __init__(self, modules: Collection[str], sql: SqlAnalysis) -> None:
        """Of the imported `modules`."""
        self.modules = set(modules)
        self.sql = sql
        self.classes: dict[DatasetKey, type] = {}
        self.found: list[tuple[AssetDefinition, Mapping[DatasetKey, type]]] = []
        self.functions: list[tuple[SqlFunction, Mapping[DatasetKey, type]]] = []
        self.broken: list[tuple[Declared, FlowForgeError]] = []
        self.tied = [
            each for (module, _), each in reversed(DECLARED_SQL.items()) if module in modules
        ]
        for (module, _), declared in reversed(DECLARED.items()):
            if module not in modules or isinstance(declared.options, CheckOptions):
                continue
            named: dict[DatasetKey, type] = {}
            try:
                if isinstance(declared.options, SqlOptions):
                    self.functions.append((read_sql_function(declared, named), named))
                else:
                    self.found.append((read_asset(declared, named), named))
            except FlowForgeError as error:
                self.broken.append((declared, error))

    def asset(self, wanted: Makes) -> AssetDefinition:
        """The asset that makes `wanted`, or whose function it is; the last one declared."""
        if not isinstance(wanted, str) and not is_dataset(wanted):
            return self._of_function(wanted)
        key = named_key(wanted)
        cls = wanted if isinstance(wanted, type) else self.classes.get(key)
        for asset, named in self.found:
            makes = {output.dataset for output in asset.makes}
            if (key in makes and _is_meant(cls, named[key])) or (cls is None and asset.name == key):
                return self._taken(asset, named)
        for function, named in self.functions:
            if function.makes == key and _is_meant(cls, named[key]):
                return self._given(function, named)
        for tied in self.tied:
            if key_of(tied.makes) == key and _is_meant(cls, tied.makes):
                return self._query(tied)
        self._raise_broken(wanted)
        raise _no_asset(key, {output.dataset for asset, _ in self.found for output in asset.makes})

    def _of_function(self, wanted: Callable[..., Any]) -> AssetDefinition:
        for asset, named in self.found:
            if asset.function is wanted:
                return self._taken(asset, named)
        for function, named in self.functions:
            if function.declared.function is wanted:
                return self._given(function, named)
        self._raise_broken(wanted)
        raise _no_function(wanted)

    def dataset(self, wanted: Named) -> DatasetDefinition:
        """The dataset of that class or key; of a key the class that was named with it."""
        key = named_key(wanted)
        if isinstance(wanted, type):
            self.classes.setdefault(key, wanted)
        elif key not in self.classes:
            found = next((cls for cls in self._visible() if _key_or_none(cls) == key), None)
            if found is None:
                raise _no_dataset(key, self.classes)
            self.classes[key] = found
        return describe(self.classes[key])

    def checks(self, key: DatasetKey) -> tuple[CheckDefinition, ...]:
        """The checks that guard the dataset of the class that was named."""
        checks: list[CheckDefinition] = []
        guarded = self.classes[key]
        for (module, _), declared in DECLARED.items():
            if module not in self.modules or not isinstance(declared.options, CheckOptions):
                continue
            named: dict[DatasetKey, type] = {}
            try:
                found = read_checks(declared, named) or read_checks(declared, {key: guarded})
            except FlowForgeError:
                if declared.scope is None:
                    raise  # which dataset it guards cannot be told
                continue
            if _is_meant(guarded, named.get(key, guarded)):
                checks += [check for check in found if check.guards == key]
                self._remember(named)
        return tuple(checks)

    def _raise_broken(self, wanted: Makes) -> None:
        """Raises what is wrong with assets that may be meant: not those inside other tests."""
        raise_all(
            error
            for declared, error in self.broken
            if declared.scope is None
            or declared.function is wanted
            or any(value is wanted for value in declared.scope.values())
        )

    def _taken(self, asset: AssetDefinition, named: Mapping[DatasetKey, type]) -> AssetDefinition:
        """The asset, whose classes are the ones that are meant from now on."""
        self._remember(named)
        if not asset.keys:
            return asset
        dataset = describe(self.classes[asset.id])
        return with_key_columns(asset, (asset.per or dataset.partitioning).dimensions)

    def _remember(self, named: Mapping[DatasetKey, type]) -> None:
        for key, cls in named.items():
            self.classes.setdefault(key, cls)

    def _query(self, tied: DeclaredSql) -> AssetDefinition:
        """The asset of a SQL file that is tied to a class."""
        self.classes.setdefault(key_of(tied.makes), tied.makes)
        folder = tied.path.parent
        source = tied_source(tied, shown_under(folder), folder, ())
        return sql_asset_definition(source, self.sql, self._known())

    def _given(self, function: SqlFunction, named: Mapping[DatasetKey, type]) -> AssetDefinition:
        """The asset of a function that returns a query."""
        self._remember(named)
        folder = Path(function.declared.place.file).parent
        source = function_source(function, shown_under(folder))
        return sql_asset_definition(source, self.sql, self._known())

    def _known(self) -> set[DatasetKey]:
        """The datasets that a query may read."""
        seen = {key for cls in self._visible() if (key := _key_or_none(cls)) is not None}
        return seen | self.classes.keys()

    def _visible(self) -> Iterator[type]:
        """The dataset classes at the top of the modules, and those that assets name."""
        for name in sorted(self.modules):
            for value in vars(sys.modules[name]).values() if name in sys.modules else ():
                if is_dataset(value):
                    yield value
        for _, named in (*self.found, *self.functions):
            yield from named.values()


def named_key(wanted: Named) -> DatasetKey:
    """The key of a class, or the key that the text is."""
    return key_of(wanted) if isinstance(wanted, type) else DatasetKey(wanted)


def _key_or_none(cls: type) -> DatasetKey | None:
    try:
        return key_of(cls)
    except FlowForgeError:  # told where the class is asked for
        return None


def _is_meant(cls: type | None, other: type) -> bool:
    """Whether they are one class, or one that was declared again, as a notebook's cell is."""
    if cls is None or cls is other:
        return True
    return (cls.__module__, cls.__qualname__) == (other.__module__, other.__qualname__)


def _no_asset(key: str, known: Iterable[str]) -> NoSuchAssetError:
    near = did_you_mean(key, known)
    hint = near or "import the module that makes it, or name the project: `project=...`"
    return NoSuchAssetError(f"no asset that this test sees makes `{key}`", hint=hint)


def _no_dataset(key: str, known: Iterable[str]) -> NoSuchAssetError:
    hint = did_you_mean(key, known) or "import its class, or name the project: `project=...`"
    return NoSuchAssetError(f"this test sees no dataset `{key}`", hint=hint)


def _no_function(function: Callable[..., Any]) -> NoSuchAssetError:
    name = getattr(function, "__name__", None) or repr(function)
    hint = "name a dataset class, a key, or a function with `@asset`"
    return NoSuchAssetError(f"`{name}` is no asset", hint=hint)

"""Collects a project's declarations into frozen definitions, all errors at once."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.rule import References
from flowforge_assets.declare.artifact import Artifact
from flowforge_assets.declare.asset import (
    DECLARED,
    AnyDataset,
    AssetOptions,
    CheckOptions,
    Declared,
    SqlOptions,
)
from flowforge_assets.declare.dataset import ROOTS, Dataset
from flowforge_assets.declare.definition import (
    AssetDefinition,
    CheckDefinition,
    DatasetDefinition,
    Definitions,
    External,
)
from flowforge_assets.declare.describe import describe, key_of, options_of
from flowforge_assets.declare.external import DECLARED_EXTERNAL, DeclaredExternal
from flowforge_assets.declare.keys import with_key_columns
from flowforge_assets.declare.owner import owned_by
from flowforge_assets.declare.signature import read_asset, read_checks
from flowforge_assets.declare.sql_asset import DECLARED_SQL
from flowforge_assets.declare.sql_function import SqlFunction, read_sql_function
from flowforge_assets.errors.base import FlowForgeError, Problems, raise_all
from flowforge_assets.errors.declaration import DuplicateDatasetError
from flowforge_assets.project.folder_defaults import FolderDefaults
from flowforge_assets.project.seeds import (
    check_against_class,
    find_seeds,
    lonely_headers,
    read_seed,
    seed_asset,
    seed_dataset,
)
from flowforge_assets.project.shown import shown_under
from flowforge_assets.project.sql_files import (
    SqlSource,
    file_source,
    find_sql_files,
    function_source,
    sql_asset_definition,
    sql_dataset,
    tied_source,
)
from flowforge_assets.project.uses import NO_OTHERS, Foreign
from flowforge_assets.sql.analysis import SqlAnalysis
from flowforge_assets.sql.macros import read_macros
from flowforge_assets.sql.step_parameters import NO_VARIABLES, Given

T = TypeVar("T")


def collect(
    root: Path,
    modules: Iterable[str],
    sql: SqlAnalysis,
    *,
    defaults: Iterable[FolderDefaults] = (),
    synced: str | None = None,
    foreign: Foreign = NO_OTHERS,
    variables: Given = NO_VARIABLES,
) -> Definitions:
    """What the imported `modules` and the project's SQL files declare.

    `defaults` are those of the headers of SQL files, the most exact first. The classes in the
    module `synced` only name datasets that files declare. Of what is `foreign` that is added
    which is read.

    Raises:
        Problems: all that is declared wrongly (FF-1xx, FF-4xx), sorted by file and line.
    """
    definitions, problems = collect_some(
        root,
        modules,
        sql,
        defaults=defaults,
        synced=synced,
        foreign=foreign,
        variables=variables,
    )
    raise_all(problems)
    return definitions


def collect_some(
    root: Path,
    modules: Iterable[str],
    sql: SqlAnalysis,
    *,
    defaults: Iterable[FolderDefaults],
    synced: str | None,
    foreign: Foreign = NO_OTHERS,
    variables: Given = NO_VARIABLES,
) -> tuple[Definitions, list[FlowForgeError]]:
    """The same as far as it is declared rightly, and what is wrong with the rest."""
    collector = _Collector(root.resolve(), tuple(defaults), variables)
    collector.datasets.update(foreign.datasets)
    with owned_by(foreign.owners):
        _collect_all(collector, set(modules), sql, synced)
    return collector.definitions(), collector.problems


def _collect_all(
    collector: _Collector, names: set[str], sql: SqlAnalysis, synced: str | None
) -> None:
    """Shows the collector all that the modules `names` and the files declare."""
    declared = [entry for (module, _), entry in DECLARED.items() if module in names]
    for cls in _classes(names):
        collector.add_class(cls)
    for entry in declared:
        if isinstance(entry.options, AssetOptions):
            collector.add_asset(entry)
        if isinstance(entry.options, SqlOptions):
            collector.add_function(entry)
    externals = [entry for (module, _), entry in DECLARED_EXTERNAL.items() if module in names]
    tied = [entry.makes for (module, _), entry in DECLARED_SQL.items() if module in names]
    for cls in (*tied, *(entry.cls for entry in externals)):
        collector.add_class(cls)
    for entry in declared:
        if isinstance(entry.options, CheckOptions):
            collector.add_checks(entry)  # of a shape: all its datasets are known now
    collector.set_mirrors_aside(synced)
    collector.describe_classes()
    for external in externals:
        collector.mark_external(external)
    collector.add_seeds(sql)
    collector.add_sql(names, sql)


def _classes(modules: set[str]) -> Iterator[AnyDataset]:
    """The dataset classes at the top of the modules, in order of declaration."""
    for name in sorted(modules):
        for value in vars(sys.modules[name]).values():
            is_dataset = isinstance(value, type) and issubclass(value, (Dataset, Artifact))
            is_root = value in ROOTS or value is Artifact if is_dataset else True
            if not is_root and value.__module__ in modules:
                yield value


class _Collector:
    """Gathers definitions and what is wrong with them."""

    def __init__(self, root: Path, defaults: tuple[FolderDefaults, ...], variables: Given) -> None:
        self.defaults = defaults
        self.variables = variables
        self.shown = shown_under(root)
        self.root = root
        self.classes: dict[DatasetKey, type] = {}
        self.mirrors: dict[DatasetKey, type] = {}  # of what files declare
        self.datasets: dict[DatasetKey, DatasetDefinition] = {}
        self.assets: list[AssetDefinition] = []
        self.checks: list[CheckDefinition] = []
        self.functions: list[SqlFunction] = []
        self.problems: list[FlowForgeError] = []
        self.said: set[str] = set()

    def add_class(self, cls: type) -> None:
        """A dataset class; of one that was declared again the last is meant."""
        key = self.attempt(partial(key_of, cls))
        if key is None:
            return
        known = self.classes.setdefault(key, cls)
        if known is cls:
            return
        first, last = sorted((known, cls), key=lambda each: options_of(each).order)
        if _is_again(first, last):
            self.classes[key] = last
            return
        message = f"`{last.__name__}` declares `{key}` again"
        place = self.shown(replace(options_of(first).place, text=""))
        hint = f"`{first.__name__}` ({place}) does; rename one, or give it another `name=`"
        self.note(DuplicateDatasetError(message, place=options_of(last).place, hint=hint))

    def add_asset(self, declared: Declared) -> None:
        """An asset, with the dataset classes that its signature names."""
        named: dict[DatasetKey, type] = {}
        asset = self.attempt(partial(read_asset, declared, named))
        if asset is not None:
            self.assets.append(replace(asset, place=self.shown(asset.place)))
        for cls in named.values():
            self.add_class(cls)

    def add_function(self, declared: Declared) -> None:
        """A function that returns a query, with the dataset classes that its signature names."""
        named: dict[DatasetKey, type] = {}
        function = self.attempt(partial(read_sql_function, declared, named))
        if function is not None:
            self.functions.append(function)
        for cls in named.values():
            self.add_class(cls)

    def add_checks(self, declared: Declared) -> None:
        """A check, once for each dataset that it guards."""
        named = dict(self.classes)
        for check in self.attempt(partial(read_checks, declared, named)) or ():
            self.checks.append(replace(check, place=self.shown(check.place)))
        for cls in named.values():
            self.add_class(cls)

    def mark_external(self, declared: DeclaredExternal) -> None:
        """Notes that someone else makes a dataset."""
        key = self.attempt(partial(key_of, declared.cls))
        dataset = self.datasets.get(key) if key is not None else None
        if dataset is not None:
            external = External(declared.at, declared.version, self.shown(declared.place))
            self.datasets[dataset.key] = replace(dataset, external=external)

    def set_mirrors_aside(self, synced: str | None) -> None:
        """Takes the classes in the module `synced` for names of what files declare."""
        self.mirrors = {k: cls for k, cls in self.classes.items() if cls.__module__ == synced}
        self.classes = {k: cls for k, cls in self.classes.items() if k not in self.mirrors}

    def describe_classes(self) -> None:
        """Reads the classes that were found."""
        ours = ((key, cls) for key, cls in self.classes.items() if key.project is None)
        for key, cls in ours:
            dataset = self.attempt(partial(describe, cls))
            if dataset is not None:
                self.datasets[key] = replace(dataset, place=self.shown(dataset.place))

    def add_seeds(self, sql: SqlAnalysis) -> None:
        """Reads the seeds; a dataset without a class has the columns of its file."""
        for path in find_seeds(self.root):
            seed = self.attempt(partial(read_seed, path, self.root))
            if seed is None:
                continue
            dataset = self.datasets.get(seed.makes)
            if dataset is not None:
                self.attempt(partial(check_against_class, seed, dataset, sql))
            elif seed.makes not in self.classes:
                dataset = self.attempt(partial(seed_dataset, seed, sql))
            if dataset is not None:
                self.add_file_dataset(dataset)
                self.assets.append(seed_asset(seed, dataset))
        for error in lonely_headers(self.root):
            self.note(error)

    def add_sql(self, modules: set[str], sql: SqlAnalysis) -> None:
        """Reads the SQL files; a dataset without a class has the columns of its query."""
        sources = list(self.sql_sources(modules))
        self.attempt(partial(sql.check_macros, read_macros(self.root)))
        known = {*self.classes, *self.datasets, *(source.makes for source in sources)}
        artifacts = {key for key, each in self.datasets.items() if each.kind == "artifact"}
        assets: dict[DatasetKey, tuple[SqlSource, AssetDefinition]] = {}
        for source in sources:
            read = partial(
                sql_asset_definition,
                source,
                sql,
                known,
                artifacts=artifacts,
                variables=self.variables,
            )
            asset = self.attempt(read)
            if asset is not None:
                self.assets.append(asset)
                assets[source.makes] = (source, asset)
        schemas = {key: found.schema for key, found in self.datasets.items()}
        for source, asset in _inputs_first(assets):
            if source.is_tied or any(read.dataset not in schemas for read in asset.inputs):
                continue
            dataset = self.attempt(
                partial(sql_dataset, source, sql, schemas, variables=self.variables)
            )
            if dataset is not None:
                self.add_file_dataset(dataset)
                schemas[dataset.key] = dataset.schema

    def add_file_dataset(self, dataset: DatasetDefinition) -> None:
        """A dataset of a file, with the class that names it if there is one."""
        cls = self.mirrors.get(dataset.key, dataset.cls)
        self.datasets[dataset.key] = replace(dataset, cls=cls)

    def sql_sources(self, modules: set[str]) -> Iterator[SqlSource]:
        """The files tied to classes, what functions return, and files named by their path."""
        tied = [entry for (module, _), entry in DECLARED_SQL.items() if module in modules]
        for declared in tied:
            make = partial(tied_source, declared, self.shown, self.root, self.defaults)
            source = self.attempt(make)
            if source is not None:
                yield source
        for function in self.functions:
            source = self.attempt(partial(function_source, function, self.shown))
            if source is not None:
                yield source
        for path in find_sql_files(self.root, tied=[entry.path for entry in tied]):
            source = self.attempt(
                partial(file_source, path, self.root, self.classes, self.defaults)
            )
            if source is not None:
                yield source

    def definitions(self) -> Definitions:
        """All that was found."""
        assets: list[AssetDefinition] = []
        for asset in _named_apart(self.assets):
            dataset = self.datasets.get(asset.id)
            if asset.keys and dataset is not None:
                dimensions = (asset.per or dataset.partitioning).dimensions
                matched = self.attempt(partial(with_key_columns, asset, dimensions))
                assets.append(matched or asset)
            else:
                assets.append(asset)
        inputs = [asset.inputs for asset in assets] + [check.inputs for check in self.checks]
        read = {each.dataset for found in inputs for each in found}
        rules = (rule for dataset in self.datasets.values() for rule in dataset.rules)
        read |= {rule.target for rule in rules if isinstance(rule, References)}
        datasets = {
            key: each for key, each in self.datasets.items() if key.project is None or key in read
        }
        return Definitions(datasets, tuple(assets), tuple(self.checks))

    def attempt(self, make: Callable[[], T]) -> T | None:
        """What `make` gives; None when it raises, which is noted."""
        try:
            return make()
        except FlowForgeError as error:
            self.note(error)
            return None

    def note(self, error: FlowForgeError) -> None:
        """One error, or several; each is said once."""
        for each in error.errors if isinstance(error, Problems) else [error]:
            each.place = self.shown(each.place) if each.place else None
            if each.render() not in self.said:
                self.said.add(each.render())
                self.problems.append(each)


def _is_again(first: type, last: type) -> bool:
    """Whether `last` is `first` run once more, as a notebook's cell or a call of a factory is.

    A factory that is called with other plain values makes other classes.
    """
    before, after = options_of(first), options_of(last)
    if before.is_generated and after.is_generated and last.__module__ != "__main__":
        return False  # a factory that makes one name twice; a notebook's cell may do so
    if before.scope is None and after.scope is None:
        return (first.__module__, first.__qualname__) == (last.__module__, last.__qualname__)
    return before.place == after.place and before.plain_scope() == after.plain_scope()


def _named_apart(assets: list[AssetDefinition]) -> Iterator[AssetDefinition]:
    """The assets; a SQL file or seed whose short name is taken is called by its dataset's key."""
    names = Counter(asset.name for asset in assets)
    for asset in assets:
        is_file = asset.kind != "python" and names[asset.name] > 1
        yield replace(asset, name=str(asset.id)) if is_file else asset


def _inputs_first(
    assets: Mapping[DatasetKey, tuple[SqlSource, AssetDefinition]],
) -> Iterator[tuple[SqlSource, AssetDefinition]]:
    """SQL assets after those that they read; members of a circle are left out (the graph tells)."""
    left = {
        key: {read.dataset for read in asset.inputs if read.dataset in assets}
        for key, (_, asset) in assets.items()
    }
    readers: dict[DatasetKey, list[DatasetKey]] = {}
    for key, reads in left.items():
        for read in reads:
            readers.setdefault(read, []).append(key)
    ready = [key for key, reads in left.items() if not reads]
    while ready:
        key = ready.pop()
        yield assets[key]
        for reader in readers.get(key, ()):
            left[reader].discard(key)
            if not left[reader]:
                ready.append(reader)

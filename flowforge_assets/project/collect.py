"""Collects a project's declarations into frozen definitions, all errors at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TypeVar

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.asset import DECLARED, AssetOptions, Declared
from flowforge_assets.declare.dataset import ROOTS, Dataset
from flowforge_assets.declare.definition import (
    AssetDefinition,
    CheckDefinition,
    DatasetDefinition,
    Definitions,
)
from flowforge_assets.declare.describe import describe, key_of, options_of
from flowforge_assets.declare.keys import with_key_columns
from flowforge_assets.declare.signature import read_asset, read_check
from flowforge_assets.declare.sql_asset import DECLARED_SQL
from flowforge_assets.errors.base import FlowForgeError, Place, Problems, raise_all
from flowforge_assets.errors.declaration import DuplicateDatasetError
from flowforge_assets.project.sql_files import (
    SqlSource,
    find_sql_files,
    sql_asset_definition,
    sql_dataset,
    tied_source,
)
from flowforge_assets.sql.analysis import SqlAnalysis
from flowforge_assets.sql.file import read_sql_file

T = TypeVar("T")


def collect(root: Path, modules: Iterable[str], sql: SqlAnalysis) -> Definitions:
    """What the imported `modules` and the project's SQL files declare.

    Raises:
        Problems: all that is declared wrongly (FF-1xx, FF-4xx), sorted by file and line.
    """
    collector = _Collector(root.resolve())
    names = set(modules)
    declared = [entry for (module, _), entry in DECLARED.items() if module in names]
    for cls in _classes(names):
        collector.add_class(cls)
    for entry in declared:
        collector.add(entry)
    for (module, _), tied in DECLARED_SQL.items():
        if module in names:
            collector.add_class(tied.makes)
    collector.describe_classes()
    collector.add_sql(names, sql)
    return collector.definitions()


def _classes(modules: set[str]) -> Iterator[type[Dataset]]:
    """The dataset classes at the top of the modules, in order of declaration."""
    for name in sorted(modules):
        for value in vars(sys.modules[name]).values():
            is_dataset = isinstance(value, type) and issubclass(value, Dataset)
            if is_dataset and value not in ROOTS and value.__module__ in modules:
                yield value


class _Collector:
    """Gathers definitions and what is wrong with them."""

    def __init__(self, root: Path) -> None:
        self.shown = _shown_under(root)
        self.root = root
        self.classes: dict[DatasetKey, type] = {}
        self.datasets: dict[DatasetKey, DatasetDefinition] = {}
        self.assets: list[AssetDefinition] = []
        self.checks: list[CheckDefinition] = []
        self.problems: list[FlowForgeError] = []

    def add_class(self, cls: type[Dataset]) -> None:
        key = self.attempt(lambda: key_of(cls))
        if key is None or self.classes.setdefault(key, cls) is cls:
            return
        first = options_of(self.classes[key]).place
        if first == options_of(cls).place:
            self.classes[key] = cls  # the same lines, run again
            return
        message = f"`{cls.__name__}` declares `{key}` again"
        hint = f"`{self.classes[key].__name__}` ({self.shown(first)}) does; rename one of them"
        error = DuplicateDatasetError(message, place=options_of(cls).place, hint=hint)
        self.note(error)

    def add(self, declared: Declared) -> None:
        if isinstance(declared.options, AssetOptions):
            asset = self.attempt(lambda: read_asset(declared, self.classes))
            if asset is not None:
                self.assets.append(replace(asset, place=self.shown(asset.place)))
        else:
            check = self.attempt(lambda: read_check(declared, self.classes))
            if check is not None:
                self.checks.append(replace(check, place=self.shown(check.place)))

    def describe_classes(self) -> None:
        """Reads the classes that were found."""
        for key, cls in self.classes.items():
            dataset = self.attempt(lambda cls=cls: describe(cls))
            if dataset is not None:
                self.datasets[key] = replace(dataset, place=self.shown(dataset.place))

    def add_sql(self, modules: set[str], sql: SqlAnalysis) -> None:
        """Reads the SQL files; a dataset without a class has the columns of its query."""
        sources = list(self.sql_sources(modules))
        known = {*self.classes, *(source.makes for source in sources)}
        assets: dict[DatasetKey, tuple[SqlSource, AssetDefinition]] = {}
        for source in sources:
            asset = self.attempt(lambda s=source: sql_asset_definition(s, sql, known))
            if asset is not None:
                self.assets.append(asset)
                assets[source.makes] = (source, asset)
        for source, asset in _inputs_first(assets):
            schemas = {key: found.schema for key, found in self.datasets.items()}
            if source.is_tied or any(read.dataset not in schemas for read in asset.inputs):
                continue
            dataset = self.attempt(lambda s=source: sql_dataset(s, sql, schemas))
            if dataset is not None:
                self.datasets[dataset.key] = dataset

    def sql_sources(self, modules: set[str]) -> Iterator[SqlSource]:
        """The files tied to classes, then those whose path names a dataset."""
        tied = [entry for (module, _), entry in DECLARED_SQL.items() if module in modules]
        for declared in tied:
            shown = self.shown(Place(str(declared.path))).file
            source = self.attempt(lambda d=declared, s=shown: tied_source(d, key_of(d.makes), s))
            if source is not None:
                yield source
        found = self.attempt(
            lambda: list(find_sql_files(self.root, tied=[entry.path for entry in tied]))
        )
        for path, key in found or ():
            shown = path.relative_to(self.root).as_posix()
            file = self.attempt(lambda p=path: read_sql_file(p, shown_as=shown))
            if file is not None:
                yield SqlSource(file, key, is_tied=key in self.classes)

    def definitions(self) -> Definitions:
        """All that was found.

        Raises:
            Problems: all that is wrong.
        """
        assets = []
        for asset in self.assets:
            dataset = self.datasets.get(asset.id)
            if asset.keys and dataset is not None:
                dimensions = dataset.partitioning.dimensions
                matched = self.attempt(lambda a=asset, d=dimensions: with_key_columns(a, d))
                assets.append(matched or asset)
            else:
                assets.append(asset)
        raise_all(self.problems)
        return Definitions(self.datasets, tuple(assets), tuple(self.checks))

    def attempt(self, make: Callable[[], T]) -> T | None:
        try:
            return make()
        except FlowForgeError as error:
            self.note(error)
            return None

    def note(self, error: FlowForgeError) -> None:
        for each in error.errors if isinstance(error, Problems) else [error]:
            each.place = self.shown(each.place) if each.place else None
            if not any(each.render() == known.render() for known in self.problems):
                self.problems.append(each)


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


def _shown_under(root: Path) -> Callable[[Place], Place]:
    """Places with their file as seen from the project's folder."""

    @cache
    def relative(file: str) -> str:
        path = Path(file)
        if path.is_relative_to(root):
            return path.relative_to(root).as_posix()
        return os.path.relpath(file) if path.is_absolute() else file

    return lambda place: replace(place, file=relative(place.file))

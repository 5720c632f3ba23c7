"""Collects a project's declarations into frozen definitions, all errors at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
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
from flowforge_assets.declare.signature import read_asset, read_check
from flowforge_assets.errors.base import FlowForgeError, Place, Problems, raise_all
from flowforge_assets.errors.declaration import DuplicateDatasetError

T = TypeVar("T")


def collect(root: Path, modules: Iterable[str]) -> Definitions:
    """What the imported `modules` declare, and the SQL files that they tie to classes.

    Raises:
        Problems: all that is declared wrongly (FF-1xx), sorted by file and line.
    """
    collector = _Collector(root.resolve())
    names = set(modules)
    declared = [entry for (module, _), entry in DECLARED.items() if module in names]
    for cls in _classes(names):
        collector.add_class(cls)
    for entry in declared:
        collector.add(entry)
    return collector.definitions()


def _classes(modules: set[str]) -> Iterator[type[Dataset]]:
    """The dataset classes at the top of the modules, in order of declaration."""
    import sys

    for name in sorted(modules):
        for value in vars(sys.modules[name]).values():
            is_dataset = isinstance(value, type) and issubclass(value, Dataset)
            if is_dataset and value not in ROOTS and value.__module__ in modules:
                yield value


class _Collector:
    """Gathers definitions and what is wrong with them."""

    def __init__(self, root: Path) -> None:
        self.shown = _shown_under(root)
        self.classes: dict[DatasetKey, type] = {}
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

    def definitions(self) -> Definitions:
        datasets: dict[DatasetKey, DatasetDefinition] = {}
        for key, cls in self.classes.items():
            dataset = self.attempt(lambda cls=cls: describe(cls))
            if dataset is not None:
                datasets[key] = replace(dataset, place=self.shown(dataset.place))
        raise_all(self.problems)
        return Definitions(datasets, tuple(self.assets), tuple(self.checks))

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


def _shown_under(root: Path) -> Callable[[Place], Place]:
    """Places with their file as seen from the project's folder."""

    @cache
    def relative(file: str) -> str:
        path = Path(file)
        if path.is_relative_to(root):
            return path.relative_to(root).as_posix()
        return os.path.relpath(file) if path.is_absolute() else file

    return lambda place: replace(place, file=relative(place.file))

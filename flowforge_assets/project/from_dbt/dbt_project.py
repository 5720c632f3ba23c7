"""A dbt project as read, from its files or from its manifest."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from flowforge_assets.errors.base import Place
from flowforge_assets.project.bring.found import Finding
from flowforge_assets.project.bring.words import Words

Kind: TypeAlias = Literal["model", "seed", "snapshot", "source", "singular"]


@dataclass(frozen=True, slots=True)
class DbtColumn:
    """A column as the properties describe it."""

    name: str
    doc: str = ""
    type: str = ""
    tags: tuple[str, ...] = ()
    constraints: tuple[Words, ...] = ()


@dataclass(frozen=True, slots=True)
class DbtTest:
    """A generic test: `kind` with its package (`dbt_utils.accepted_range`), its arguments."""

    kind: str
    column: str
    arguments: Words
    config: Words
    place: Place


@dataclass(frozen=True, slots=True)
class DbtNode:
    """A model, seed, snapshot, source table or singular test.

    `code` is its text with Jinja, `compiled` what dbt made of that, if it did. `folders` are those
    below the folder of all models. Of a source `group` is the source's name, and `name` the
    table's; of a model with versions `version` is its own.
    """

    kind: Kind
    name: str
    package: str
    place: Place
    code: str = ""
    compiled: str = ""
    folders: tuple[str, ...] = ()
    config: Words = field(default_factory=dict[str, object])
    description: str = ""
    columns: tuple[DbtColumn, ...] = ()
    tests: tuple[DbtTest, ...] = ()
    constraints: tuple[Words, ...] = ()
    group: str = ""
    identifier: str = ""
    version: str = ""
    is_latest: bool = True
    relation: str = ""
    path: Path | None = None

    @property
    def shown(self) -> str:
        """What people call it."""
        if self.group:
            return f"{self.group}.{self.name}"
        return f"{self.name}.v{self.version}" if self.version else self.name


@dataclass(frozen=True, slots=True)
class MacroFile:
    """A file of macros of a package."""

    package: str
    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class UnitTest:
    """A unit test of a model: rows given by the texts of `ref` and `source`, rows expected."""

    name: str
    model: str
    given: tuple[tuple[str, tuple[Words, ...]], ...]
    expect: tuple[Words, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class DbtProject:
    """All of it. `adapter` is the warehouse that its SQL is written for."""

    root: Path
    name: str
    adapter: str
    variables: Words
    nodes: tuple[DbtNode, ...]
    macros: tuple[MacroFile, ...] = ()
    unit_tests: tuple[UnitTest, ...] = ()
    findings: tuple[Finding, ...] = ()

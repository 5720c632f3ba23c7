"""What is found in a project of another tool, in words that are no tool's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.rule import Scalar
from flowforge_assets.declare.asset import Write
from flowforge_assets.declare.column import Writer
from flowforge_assets.errors.base import Place

Level: TypeAlias = Literal["left", "look", "note"]
"""Not brought; brought, and to be looked at; brought in another form."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of a thing that is not simply there now, and what to do about it.

    `name` is what the other tool calls it, `place` its file and line there.
    """

    level: Level
    name: str
    said: str
    remedy: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class FoundColumn:
    """What is said of a column. `values` are the accepted ones, as written.

    `bounds` are pairs such as `("ge", 0)`; `reference` is a dataset and its column.
    """

    name: str
    doc: str = ""
    tags: tuple[str, ...] = ()
    type: str = ""
    not_null: bool = False
    unique: bool = False
    values: tuple[Scalar, ...] = ()
    bounds: tuple[tuple[str, Scalar], ...] = ()
    reference: tuple[DatasetKey, str] | None = None
    writer: Writer | None = None


@dataclass(frozen=True, slots=True)
class FoundPartition:
    """The days by which a query is cut, `start` and `end` included, and their column."""

    start: str
    column: str
    end: str = ""


@dataclass(frozen=True, slots=True)
class FoundQuery:
    """A query that makes a dataset: `text` names datasets by their keys, in SQL's `dialect`.

    `place` is where it stands in the other tool's files. `rules` are conditions by name; each
    holds in every row. `whole` is the text to be used where the query cannot be cut by its
    `partition`. With a `failure` the text is no query of ours, and the failure says why.
    """

    name: str
    key: DatasetKey
    place: Place
    text: str
    dialect: str = "duckdb"
    write: Write = "overwrite"
    key_columns: tuple[str, ...] = ()
    partition: FoundPartition | None = None
    whole: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    columns: tuple[FoundColumn, ...] = ()
    rules: Mapping[str, str] = field(default_factory=dict[str, str])
    min_rows: int = 0
    failure: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class FoundSeed:
    """Rows in a file, as CSV with commas."""

    name: str
    key: DatasetKey
    place: Place
    content: str
    description: str = ""
    tags: tuple[str, ...] = ()
    columns: tuple[FoundColumn, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundOutside:
    """A table that someone else makes. `at` is where, if that is known."""

    name: str
    key: DatasetKey
    place: Place
    description: str = ""
    columns: tuple[FoundColumn, ...] = ()
    at: str = ""


@dataclass(frozen=True, slots=True)
class FoundProject:
    """All of it. `name` becomes the project's; `files` are written beside, by their path."""

    name: str
    tool: str
    queries: tuple[FoundQuery, ...]
    seeds: tuple[FoundSeed, ...] = ()
    outside: tuple[FoundOutside, ...] = ()
    findings: tuple[Finding, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict[str, str])

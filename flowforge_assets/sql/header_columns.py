"""Reads what a header says of columns and rows: types, words and rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal, get_args

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.rule import (
    Bound,
    Length,
    Matches,
    NotNull,
    OneOf,
    References,
    Rule,
    Unique,
)
from flowforge_assets.core.schema import DataType
from flowforge_assets.core.sql_types import from_duckdb
from flowforge_assets.declare.column import Writer
from flowforge_assets.errors.storage import TypeNotStoredError
from flowforge_assets.sql.header import HeaderColumn, HeaderRule
from flowforge_assets.sql.toml_reader import Toml, TomlReader
from flowforge_assets.sql.toml_text import KeyPath

_BOUNDS: Final[tuple[tuple[str, Literal[">=", ">", "<=", "<"]], ...]] = (
    ("ge", ">="),
    ("gt", ">"),
    ("le", "<="),
    ("lt", "<"),
)
_COLUMN: Final = (
    *("doc", "type", "unit", "tags", "pii", "not_null", "unique", "ref", "ge", "gt", "le", "lt"),
    *("in", "regex", "min_length", "max_length", "writer", "renamed_from"),
)
_OF_WRITERS: Final = ("writer", "doc", "tags", "renamed_from")


def header_columns(reader: TomlReader, values: Mapping[str, Toml]) -> tuple[HeaderColumn, ...]:
    """What stands below `columns`, in the order of the text."""
    given = reader.table(values, ("columns",), "`columns.NAME = { ... }`")
    found: list[HeaderColumn] = []
    for name, options in given.items():
        path: KeyPath = ("columns", name)
        if not isinstance(options, dict):
            reader.wrong(path, f'`columns.{name} = {{ doc = "..." }}`')
            continue
        reader.known(options, path, _OF_WRITERS if "writer" in options else _COLUMN)
        tags = reader.texts(options, (*path, "tags"))
        if reader.flag(options, (*path, "pii")):
            tags = (*tags, "pii")
        column = HeaderColumn(
            name=name,
            type=_type(reader, options, (*path, "type")),
            doc=reader.text(options, (*path, "doc")),
            unit=reader.text(options, (*path, "unit")),
            tags=tags,
            rules=tuple(_column_rules(reader, options, path)),
            writer=reader.choice(options, (*path, "writer"), get_args(Writer)),
            renamed_from=reader.texts(options, (*path, "renamed_from")),
        )
        found.append(column)
    return tuple(found)


def header_rules(reader: TomlReader, values: Mapping[str, Toml]) -> tuple[HeaderRule, ...]:
    """What stands below `rules`: conditions by name."""
    given = reader.table(values, ("rules",), '`rules.NAME = "an SQL condition"`')
    found: list[HeaderRule] = []
    for name in given:
        path: KeyPath = ("rules", name)
        sql = reader.text(given, path)
        if sql.strip():
            found.append(HeaderRule(name, sql))
        elif isinstance(given[name], str):
            reader.wrong(path, "an SQL condition, e.g. `departed <= arrived`")
    return tuple(found)


def _column_rules(reader: TomlReader, options: Mapping[str, Toml], path: KeyPath) -> Iterator[Rule]:
    column = path[-1]
    if reader.flag(options, (*path, "not_null")):
        yield NotNull(column)
    if reader.flag(options, (*path, "unique")):
        yield Unique((column,))
    for name, op in _BOUNDS:
        limit = reader.scalar(options, (*path, name))
        if limit is not None:
            yield Bound(column, op, limit)
    if "in" in options:
        yield OneOf(column, reader.scalars(options, (*path, "in")))
    if "regex" in options:
        yield Matches(column, reader.text(options, (*path, "regex")))
    least = reader.whole(options, (*path, "min_length"))
    most = reader.whole(options, (*path, "max_length"))
    if least is not None or most is not None:
        yield Length(column, least or 0, most)
    if "ref" in options:
        reference = _reference(reader, options, (*path, "ref"))
        if reference is not None:
            yield References(column, *reference)


def _reference(
    reader: TomlReader, options: Mapping[str, Toml], path: KeyPath
) -> tuple[DatasetKey, str] | None:
    dataset, _, column = reader.text(options, path).rpartition(".")
    try:
        return DatasetKey.parse(dataset), column
    except ValueError:
        reader.wrong(path, 'a dataset and its column, e.g. `ref = "silver.carriers.code"`')
        return None


def _type(reader: TomlReader, options: Mapping[str, Toml], path: KeyPath) -> DataType | None:
    spelled = reader.text(options, path)
    if not spelled:
        return None
    try:
        return from_duckdb(spelled)
    except TypeNotStoredError as error:
        wanted = f"an SQL type such as `BIGINT` or `DECIMAL(10, 2)`: {error.message}"
        reader.wrong(path, wanted)
        return None

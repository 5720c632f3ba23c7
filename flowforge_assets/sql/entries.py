"""Cache entries: what is remembered of a query, as JSON and back.

An entry that does not have the form expected gives None: it is worked out again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.schema import Field, Schema
from flowforge_assets.core.sql_types import from_duckdb
from flowforge_assets.errors.storage import TypeNotStoredError
from flowforge_assets.sql.cache import Entry
from flowforge_assets.sql.reference import ColumnLineage, ParameterRef, TableRef

_MISFIT = (TypeError, ValueError, KeyError, TypeNotStoredError)


@dataclass(frozen=True, slots=True)
class SqlFacts:
    """What a query says of itself, as in `ParsedSql`, but without its tree.

    `span` is where the statement starts and ends in the query as it stands in the file; None where
    another text is run: one with macros written out, or from another dialect.
    """

    tables: tuple[TableRef, ...]
    parameters: tuple[ParameterRef, ...]
    fingerprint: str
    span: tuple[int, int] | None = None


def facts_entry(facts: SqlFacts) -> Entry:
    """`facts` as JSON."""
    return [
        [[ref.name, ref.line, ref.column] for ref in facts.tables],
        [[ref.name, ref.offset] for ref in facts.parameters],
        facts.fingerprint,
        list(facts.span or ()),
    ]


def find_facts(entry: Entry) -> SqlFacts | None:
    """The facts that `facts_entry` wrote."""
    try:
        tables, parameters, fingerprint, span = _items(entry)
        return SqlFacts(
            tuple(
                TableRef(DatasetKey(name), int(str(line)), int(str(column)))
                for name, line, column in map(_items, _items(tables))
            ),
            tuple(
                ParameterRef(str(name), int(str(offset)))
                for name, offset in map(_items, _items(parameters))
            ),
            str(fingerprint),
            _span(_items(span)),
        )
    except _MISFIT:
        return None


def types_entry(columns: Sequence[tuple[str, str]]) -> Entry:
    """The names and DuckDB types of a result as JSON."""
    return [list(column) for column in columns]


def find_types(entry: Entry) -> list[tuple[str, str]] | None:
    """The names and DuckDB types that `types_entry` wrote."""
    try:
        return [(str(name), str(spelled)) for name, spelled in map(_items, _columns(entry))]
    except _MISFIT:
        return None


def find_schema(entry: Entry) -> Schema | None:
    """The schema of what `types_entry` wrote."""
    columns = find_types(entry)
    try:
        return None if columns is None else schema_of(columns)
    except _MISFIT:
        return None


def schema_of(columns: Sequence[tuple[str, str]]) -> Schema:
    """Columns of these names and DuckDB types; all may be null, for DuckDB does not say.

    Raises:
        TypeNotStoredError: a type cannot be stored exactly (FF-610).
    """
    return Schema(
        tuple(Field(name, from_duckdb(spelled), nullable=True) for name, spelled in columns)
    )


def lineage_entry(lineage: ColumnLineage) -> Entry:
    """`lineage` as JSON."""
    return [[name, [list(source) for source in sources]] for name, sources in lineage.items()]


def find_lineage(entry: Entry) -> ColumnLineage | None:
    """The lineage that `lineage_entry` wrote."""
    try:
        return {
            str(name): tuple(
                (DatasetKey(key), str(column)) for key, column in map(_items, _items(sources))
            )
            for name, sources in map(_items, _columns(entry))
        }
    except _MISFIT:
        return None


def _span(ends: Sequence[object]) -> tuple[int, int] | None:
    """Both ends, or None.

    Raises:
        ValueError: there is one end, or three.
    """
    if not ends:
        return None
    start, end = ends
    return int(str(start)), int(str(end))


def _columns(value: object) -> Sequence[object]:
    """The items of `value`, one for each result column; no result has none.

    Raises:
        ValueError: it has none.
        TypeError: it is no list.
    """
    columns = _items(value)
    if not columns:
        raise ValueError
    return columns


def _items(value: object) -> Sequence[object]:
    if not isinstance(value, list):
        raise TypeError
    return cast("list[object]", value)

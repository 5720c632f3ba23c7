"""SQL files as assets: those that classes are tied to, and those whose path names a dataset."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from flowforge_assets.core.dimension import Dimension
from flowforge_assets.core.key import LAYERS, DatasetKey
from flowforge_assets.core.partition import (
    UNPARTITIONED,
    Extent,
    Partitioning,
    StaticExtent,
    TimeExtent,
)
from flowforge_assets.core.rule import Holds, NotNull, Rule, Unique
from flowforge_assets.core.schema import Field, Plain, Schema
from flowforge_assets.declare.definition import (
    AssetDefinition,
    ColumnDefinition,
    DatasetDefinition,
    Input,
    Output,
)
from flowforge_assets.declare.describe import key_of
from flowforge_assets.declare.mapping import Same
from flowforge_assets.declare.policy import Retries
from flowforge_assets.declare.sql_asset import DeclaredSql
from flowforge_assets.errors.base import FlowForgeError, Place, did_you_mean, raise_all
from flowforge_assets.errors.declaration import DatasetNameError, PartitionColumnError
from flowforge_assets.errors.sql import (
    SqlFileError,
    SqlHeaderKeyError,
    SqlInputMissingError,
)
from flowforge_assets.sql.analysis import SqlAnalysis
from flowforge_assets.sql.file import SqlFile, read_sql_file
from flowforge_assets.sql.header import HeaderColumn, HeaderPartition

FOLDER: Final = "assets"


@dataclass(frozen=True, slots=True)
class SqlSource:
    """A SQL file of the project and the dataset that it makes."""

    file: SqlFile
    makes: DatasetKey
    is_tied: bool


def find_sql_files(root: Path, *, tied: Iterable[Path]) -> Iterator[Path]:
    """The files below `assets/`, sorted, save those that are `tied` to a class."""
    found = sorted((root / FOLDER).rglob("*.sql"))
    taken = {path.resolve() for path in tied}
    return (path for path in found if path.resolve() not in taken) if taken else iter(found)


def key_of_file(path: Path, root: Path) -> DatasetKey:
    """The dataset that the path of a file below `assets/` names.

    `assets/gold/orders.sql` is `gold.orders`, `assets/bronze/crm/users.sql` `bronze.crm.users`.

    Raises:
        DatasetNameError: it names none (FF-105).
    """
    shown = path.relative_to(root).as_posix()
    try:
        return DatasetKey.parse(".".join(path.relative_to(root / FOLDER).with_suffix("").parts))
    except ValueError as error:
        layers = ", ".join(f"`{FOLDER}/{layer}/`" for layer in LAYERS)
        message = f"`{shown}` names no dataset"
        hint = f"a file below {layers} in lower case names one: `{FOLDER}/gold/orders.sql`"
        raise DatasetNameError(message, place=Place(shown), hint=hint) from error


def tied_source(declared: DeclaredSql, shown: Callable[[Place], Place]) -> SqlSource:
    """The file that a class is tied to.

    Raises:
        SqlError: it cannot be read (FF-401 to FF-404), or says what the class says (FF-403).
        DeclarationError: the class is no dataset (FF-105).
    """
    makes = key_of(declared.makes)
    shown_as = shown(Place(str(declared.path))).file
    try:
        file = read_sql_file(declared.path, shown_as=shown_as)
    except SqlFileError as error:
        error.place = declared.place
        raise
    header, wrong = file.header, list[FlowForgeError]()
    for name in ("partition", "key", "columns", "rules", "owners"):
        if getattr(header, name):
            message = f"`{name}` stands in a header, but `{declared.makes.__name__}` says it"
            hint = f"move it to the class, which `{declared.place.text}` ties to this file"
            place = Place(shown_as, header.text.line((name,)))
            wrong.append(SqlHeaderKeyError(message, place=place, hint=hint))
    raise_all(wrong)
    return SqlSource(file, makes, is_tied=True)


def sql_asset_definition(
    source: SqlSource, sql: SqlAnalysis, known: Collection[DatasetKey]
) -> AssetDefinition:
    """The asset that the file declares; its inputs are the datasets in its FROM clauses.

    Raises:
        SqlError: the query cannot be read (FF-41x), or reads a dataset not `known` (FF-425).
    """
    file, header = source.file, source.file.header
    facts = sql.facts(file, known=known)
    raise_all(
        SqlInputMissingError(
            f"no dataset `{ref.name}`",
            place=file.place_at(ref.line, ref.column),
            hint=did_you_mean(ref.name, known) or "declare the dataset, or mend its name",
        )
        for ref in facts.tables
        if ref.name not in known
    )
    seconds = header.timeout_seconds
    return AssetDefinition(
        name=source.makes.name.replace(".", "_"),
        makes=(Output(source.makes, "frame"),),
        place=Place(file.shown_as, file.query_line),
        inputs=tuple(Input(ref.name, ref.name, "frame", Same()) for ref in facts.tables),
        sql_path=file.path,
        retries=Retries(header.retries or 0),
        timeout=None if seconds is None else timedelta(seconds=seconds),
        bad_rows=header.bad_rows or "stop",
        max_bad=1.0 if header.max_bad is None else header.max_bad,
        tags=header.tags,
        description=header.description,
    )


def sql_dataset(
    source: SqlSource, sql: SqlAnalysis, schemas: Mapping[DatasetKey, Schema]
) -> DatasetDefinition:
    """The dataset of a file that no class is tied to: the query's columns, and the header's rules.

    Raises:
        SqlError: the query does not fit its inputs (FF-42x), or the header names a column that
            the query does not give (FF-403).
    """
    file, header = source.file, source.file.header
    types = {
        part.column: Plain({"hour": "timestamp", "static": "string"}.get(part.kind, "date"))  # type: ignore[arg-type]  # one of the three
        for part in header.partition
    }
    found = sql.result_schema(file, schemas, parameters=types)
    said = {column.name: column for column in header.columns}
    for column in header.columns:
        if found.find(column.name) is None:
            message = f"the header describes `{column.name}`, which the query does not give"
            hint = did_you_mean(column.name, found.names)
            place = Place(file.shown_as, header.text.line(("columns", column.name)))
            raise SqlHeaderKeyError(message, place=place, hint=hint)
    for name in header.key:
        if found.find(name) is None:
            message = f"the header's key is `{name}`, which the query does not give"
            place = Place(file.shown_as, header.text.line(("key",)))
            hint = did_you_mean(name, found.names)
            raise SqlHeaderKeyError(message, place=place, hint=hint)
    required = {part.column for part in header.partition} | set(header.key)
    columns = tuple(_column(f, said.get(f.name), header.key, required) for f in found)
    rules: list[Rule] = [NotNull(c.field.name) for c in columns if not c.field.nullable]
    rules += [rule for c in header.columns for rule in c.rules if not isinstance(rule, NotNull)]
    rules += [Unique(header.key)] if header.key else []
    rules += [Holds(rule.name, rule.sql) for rule in header.rules]
    return DatasetDefinition(
        key=source.makes,
        columns=columns,
        schema=Schema(tuple(column.field for column in columns)),
        rules=tuple(rules),
        partitioning=_partitioning(header.partition, file, found),
        place=Place(file.shown_as, 1),
        is_inferred=all(column.type is None for column in header.columns),
        description=header.description,
        owners=header.owners,
        tags=header.tags,
    )


def _column(
    found: Field, said: HeaderColumn | None, key: tuple[str, ...], required: set[str]
) -> ColumnDefinition:
    is_required = found.name in required or (
        said is not None and any(isinstance(rule, NotNull) for rule in said.rules)
    )
    promised = said.type if said else None
    return ColumnDefinition(
        attribute=found.name,
        field=Field(found.name, promised or found.type, nullable=not is_required),
        is_key=found.name in key,
        unit=said.unit if said else "",
        doc=said.doc if said else "",
        tags=said.tags if said else (),
    )


def _partitioning(parts: tuple[HeaderPartition, ...], file: SqlFile, found: Schema) -> Partitioning:
    if not parts:
        return UNPARTITIONED
    dimensions: list[Dimension] = []
    extents: list[Extent] = []
    for part in parts:
        if found.find(part.column) is None:
            message = f"the partition column `{part.column}` is not in the query's result"
            hint = did_you_mean(part.column, found.names)
            raise PartitionColumnError(message, place=Place(file.shown_as, 1), hint=hint)
        dimensions.append(Dimension(part.column, part.kind, part.tz))
        is_static = part.kind == "static"
        extents.append(StaticExtent(part.values) if is_static else TimeExtent(part.start, part.end))
    return Partitioning(tuple(dimensions), tuple(extents))

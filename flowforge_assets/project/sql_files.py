"""SQL files as assets: those that classes are tied to, and those whose path names a dataset."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

from flowforge_assets.core.key import LAYERS, DatasetKey
from flowforge_assets.core.schema import Plain, Schema
from flowforge_assets.declare.definition import (
    AssetDefinition,
    DatasetDefinition,
    Input,
    Output,
)
from flowforge_assets.declare.describe import key_of
from flowforge_assets.declare.layout import NOT_SAID, TableLayout
from flowforge_assets.declare.mapping import Same
from flowforge_assets.declare.policy import Retries
from flowforge_assets.declare.sql_asset import DeclaredSql
from flowforge_assets.declare.sql_function import SqlFunction
from flowforge_assets.errors.base import Place, did_you_mean, raise_all
from flowforge_assets.errors.declaration import DatasetNameError, FormMismatchError
from flowforge_assets.errors.graph import ViewFormError
from flowforge_assets.errors.sql import (
    SqlFileError,
    SqlHeaderKeyError,
    SqlHeaderValueError,
    SqlInputMissingError,
)
from flowforge_assets.project.folder_defaults import FolderDefaults, with_defaults
from flowforge_assets.project.given_sql import GivenSql, given_sql
from flowforge_assets.project.header_dataset import (
    header_dataset,
    header_parameters,
    partitioning_of_header,
)
from flowforge_assets.sql.analysis import SqlAnalysis
from flowforge_assets.sql.entries import SqlFacts
from flowforge_assets.sql.file import SqlFile, read_sql_file
from flowforge_assets.sql.header import SqlHeader
from flowforge_assets.sql.header_read import DATASET_KEYS
from flowforge_assets.sql.step_parameters import NO_VARIABLES, Given

FOLDER: Final = "assets"


@dataclass(frozen=True, slots=True)
class SqlSource:
    """A SQL file of the project and the dataset that it makes.

    `in_warehouse` says that who tied it to a class wants it to run there. Of what a function gave
    `given` says so.
    """

    file: SqlFile
    makes: DatasetKey
    is_tied: bool
    in_warehouse: bool = False
    layout: TableLayout = NOT_SAID
    given: GivenSql | None = None


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
    folder, _, rest = shown.partition("/")
    try:
        return DatasetKey.parse(
            rest.rpartition(".")[0].replace("/", ".") if folder == FOLDER else ""
        )
    except ValueError as error:
        layers = ", ".join(f"`{FOLDER}/{layer}/`" for layer in LAYERS)
        message = f"`{shown}` names no dataset"
        hint = f"a file below {layers} in lower case names one: `{FOLDER}/gold/orders.sql`"
        raise DatasetNameError(message, place=Place(shown), hint=hint) from error


def tied_source(
    declared: DeclaredSql,
    shown: Callable[[Place], Place],
    root: Path,
    defaults: Collection[FolderDefaults],
) -> SqlSource:
    """The file that a class is tied to.

    Raises:
        SqlError: it cannot be read (FF-401 to FF-404), or says what the class says (FF-403).
        DeclarationError: the class is no dataset (FF-105).
    """
    makes = key_of(declared.makes)
    shown_as = shown(Place(str(declared.path))).file
    try:
        file = read_sql_file(declared.path, shown_as=shown_as, dialect=declared.dialect)
    except SqlFileError as error:
        error.place = declared.place
        raise
    refuse_said_twice(file.header, declared.makes, f"`{declared.place.text}` ties to this file")
    file = _with_defaults(file, root, defaults, is_tied=True)
    tied = SqlSource(file, makes, is_tied=True, in_warehouse=declared.warehouse)
    return replace(tied, layout=declared.layout)


def function_source(function: SqlFunction, shown: Callable[[Place], Place]) -> SqlSource:
    """What a function that returns a query gives when it is called.

    Raises:
        SqlError: it fails (FF-434), or gives no SQL (FF-435).
    """
    given, file = given_sql(function, shown)
    layout = function.options.layout
    return SqlSource(file, function.makes, is_tied=True, layout=layout, given=given)


def file_source(
    path: Path, root: Path, classes: Mapping[DatasetKey, type], defaults: Collection[FolderDefaults]
) -> SqlSource:
    """The file at `path` below `assets/`; `classes` may declare the dataset that the path names.

    Raises:
        DatasetNameError: the path names no dataset (FF-105).
        SqlError: it cannot be read (FF-401 to FF-404), or says what the class says (FF-403).
    """
    shown = path.relative_to(root).as_posix()
    file = read_sql_file(path, shown_as=shown)
    makes = key_of_file(path, root)
    cls = classes.get(makes)
    if cls is not None:
        refuse_said_twice(file.header, cls, f"declares `{makes}`, as the path of this file does")
    file = _with_defaults(file, root, defaults, is_tied=cls is not None)
    return SqlSource(file, makes, is_tied=cls is not None)


def _with_defaults(
    file: SqlFile, root: Path, defaults: Collection[FolderDefaults], *, is_tied: bool
) -> SqlFile:
    folder = root / FOLDER
    if not defaults or not file.path.is_relative_to(folder):
        return file
    path = file.path.relative_to(folder).with_suffix("").as_posix()
    header = with_defaults(file.header, path, defaults, is_tied=is_tied)
    if file.dialect == "duckdb" and header.dialect not in {None, file.header.dialect}:
        file = read_sql_file(file.path, shown_as=file.shown_as, dialect=header.dialect)
    return replace(file, header=header)


def refuse_said_twice(header: SqlHeader, cls: type, how: str) -> None:
    """Refuses a header that says of a dataset what its class says; `how` the two are tied.

    Raises:
        SqlHeaderKeyError: it does (FF-403); `Problems` for several keys.
    """
    raise_all(
        SqlHeaderKeyError(
            f"`{name}` stands in a header, but `{cls.__name__}` says it",
            place=header.text.place((name,)),
            hint=f"move it to the class, which {how}",
        )
        for name in DATASET_KEYS
        if name in header.said
    )


def _refuse_tables(
    source: SqlSource,
    facts: SqlFacts,
    known: Collection[DatasetKey],
    artifacts: Collection[DatasetKey],
) -> None:
    """Refuses a query that reads what is not `known`, or what is no table."""
    file = source.file
    raise_all(
        SqlInputMissingError(
            f"no dataset `{ref.name}`",
            place=file.place_at(ref.line, ref.column),
            hint=did_you_mean(ref.name, known) or "declare the dataset, or mend its name",
        )
        for ref in facts.tables
        if ref.name not in known
    )
    raise_all(
        FormMismatchError(
            f"`{source.makes}` reads `{ref.name}`, which is an artifact",
            place=file.place_at(ref.line, ref.column),
            hint="a query reads tables: read the file in Python, as `File[...]`",
        )
        for ref in facts.tables
        if ref.name in artifacts
    )


def sql_asset_definition(
    source: SqlSource,
    sql: SqlAnalysis,
    known: Collection[DatasetKey],
    *,
    artifacts: Collection[DatasetKey] = (),
    variables: Given = NO_VARIABLES,
) -> AssetDefinition:
    """The asset that the file declares; its inputs are the datasets in its FROM clauses.

    It keeps those of the project's `variables` that its query asks for.

    Raises:
        SqlError: the query cannot be read (FF-41x), or reads a dataset not `known` (FF-425).
        FormMismatchError: it reads one of the `artifacts` (FF-120).
        ViewFormError: it is a view that asks for the key of a step (FF-214).
    """
    file, header = source.file, source.file.header
    facts = sql.facts(file, known=known)
    _refuse_tables(source, facts, known, artifacts)
    if header.write == "view" and facts.parameters:
        message = (
            f"`{source.makes}` cannot be a view: its query asks for `${facts.parameters[0].name}`"
        )
        hint = "a view is worked out for all its readers at once: let the rows say their partition"
        raise ViewFormError(message, place=Place(file.shown_as, file.query_line), hint=hint)
    asset = AssetDefinition(
        name=source.makes.name.replace(".", "_"),
        makes=(Output(source.makes, "frame"),),
        place=Place(file.shown_as, file.query_line),
        inputs=tuple(Input(ref.name, ref.name, "frame", Same()) for ref in facts.tables),
        sql_path=file.path,
        dialect=None if file.dialect == "duckdb" else file.dialect,
        write=header.write or "overwrite",
        latest=header.latest,
        deletes=header.deletes,
        per=partitioning_of_header(header, "per") if header.per else None,
        schedule=header.schedule,
        retries=Retries(header.retries or 0),
        timeout=_timeout(header),
        bad_rows=header.bad_rows or "stop",
        max_bad=1.0 if header.max_bad is None else header.max_bad,
        isolated=header.isolated,
        warehouse=header.warehouse or source.in_warehouse,
        layout=_layout(source),
        variables={r.name: variables[r.name] for r in facts.parameters if r.name in variables},
        tags=header.tags,
        description=header.description,
    )
    return asset if source.given is None else source.given.named(asset)


def _layout(source: SqlSource) -> TableLayout:
    """What the declaration says, and what the header says where that is silent."""
    said, header = source.layout, source.file.header
    return TableLayout(
        said.cluster_by or header.cluster_by,
        said.partition_by or header.partition_by,
        said.distribute or header.distribute,
    )


def _timeout(header: SqlHeader) -> timedelta | None:
    seconds = header.timeout_seconds
    return None if seconds is None else timedelta(seconds=seconds)


def sql_dataset(
    source: SqlSource,
    sql: SqlAnalysis,
    schemas: Mapping[DatasetKey, Schema],
    *,
    variables: Given = NO_VARIABLES,
) -> DatasetDefinition:
    """The dataset of a file that no class is tied to: the query's columns, and the header's rules.

    Raises:
        SqlError: the query does not fit its inputs (FF-42x), or the header names a column that
            the query does not give (FF-403) or gives with another type (FF-404).
    """
    file, header = source.file, source.file.header
    found = sql.result_schema(file, schemas, parameters=header_parameters(header, variables))
    found = _stored(found, header)
    place = Place(file.shown_as, 1)
    return header_dataset(source.makes, header, found, place=place, source="the query")


def _stored(found: Schema, header: SqlHeader) -> Schema:
    """The query's columns but the mark of rows that are to be removed."""
    if header.deletes is None:
        return found
    mark, place = found.find(header.deletes), header.place(("deletes",))
    if mark is None:
        message = f"the header's `deletes` is `{header.deletes}`, which the query does not give"
        hint = did_you_mean(header.deletes, found.names) or "select it: true where a row is to go"
        raise SqlHeaderKeyError(message, place=place, hint=hint)
    if mark.type != Plain("bool"):
        message = f"the header's `deletes` is `{mark.name}`, which the query gives as {mark.type}"
        hint = f"make it a condition: `op = 'D' AS {mark.name}`"
        raise SqlHeaderValueError(message, place=place, hint=hint)
    return Schema(tuple(field for field in found if field.name != mark.name))

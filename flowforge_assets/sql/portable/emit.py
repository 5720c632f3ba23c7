"""One query, written once in DuckDB's SQL, as exact text of a target, or what stands against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final, TypeAlias

from sqlglot import exp

from flowforge_assets.errors.base import Place, did_you_mean
from flowforge_assets.errors.sql import (
    NoQueryError,
    NotAQueryError,
    SeveralQueriesError,
    SqlTargetError,
)
from flowforge_assets.errors.sql_language import SqlDialectError
from flowforge_assets.sql.dollars import with_dollars
from flowforge_assets.sql.file import SqlFile
from flowforge_assets.sql.header import SqlHeader
from flowforge_assets.sql.macros import macros_of, refuse_broken_macros
from flowforge_assets.sql.parse import ReadQuery, read_query
from flowforge_assets.sql.portable import (
    bind_aggregate,
    bind_cast,
    bind_text,
    bind_time_text,
    bind_unnamed,
)
from flowforge_assets.sql.portable.accept import Accepting, read_acceptances
from flowforge_assets.sql.portable.bind_parameter import given_values
from flowforge_assets.sql.portable.bind_query import bind_query
from flowforge_assets.sql.portable.constant import constant_query
from flowforge_assets.sql.portable.correlation import correlated_refusals
from flowforge_assets.sql.portable.dialects import read_as
from flowforge_assets.sql.portable.emitted import Emitted, Refusal
from flowforge_assets.sql.portable.expand import Expansion
from flowforge_assets.sql.portable.marks import Marks
from flowforge_assets.sql.portable.oracle import Frozen, frozen, result_types
from flowforge_assets.sql.portable.refusal import CLAUSE, NAME, TYPE, Refused
from flowforge_assets.sql.portable.scope import Names, Scope, Tables
from flowforge_assets.sql.portable.target import Target
from flowforge_assets.sql.portable.targets.bigquery import BIGQUERY
from flowforge_assets.sql.portable.targets.databricks import DATABRICKS
from flowforge_assets.sql.portable.targets.duckdb import DUCKDB
from flowforge_assets.sql.portable.targets.fabric import FABRIC
from flowforge_assets.sql.portable.targets.postgres import POSTGRES
from flowforge_assets.sql.portable.targets.redshift import REDSHIFT
from flowforge_assets.sql.portable.targets.snowflake import SNOWFLAKE
from flowforge_assets.sql.portable.targets.synapse import SYNAPSE
from flowforge_assets.sql.portable.tree import (
    At,
    Item,
    ParameterValue,
    Query,
    Select,
    SetOperation,
    With,
    output,
)
from flowforge_assets.sql.portable.types import OTHER, Kind, find_type
from flowforge_assets.sql.portable.write_query import QueryWriter
from flowforge_assets.sql.toml_text import TomlText
from flowforge_assets.sql.written import Written

TARGETS: Final = {
    target.name: target
    for target in (
        *(DUCKDB, SNOWFLAKE, BIGQUERY, REDSHIFT, SYNAPSE),
        *(POSTGRES, DATABRICKS, FABRIC),
    )
}
# importing them enters what they read
_READERS: Final = (bind_aggregate, bind_cast, bind_text, bind_time_text, bind_unnamed)
_SHOWN: Final = "query.sql"
_NO_VALUES: Final[Mapping[str, ParameterValue]] = {}
Adjust: TypeAlias = Callable[[Query, Names], Query]


def emit_query(
    sql: str,
    schema: Mapping[str, Mapping[str, str]],
    target: str,
    dialect: str = "duckdb",
    *,
    macros: str = "",
    parameters: Mapping[str, ParameterValue] = _NO_VALUES,
    adjust: Adjust | None = None,
) -> Emitted:
    """See `flowforge_assets.sql.emit`; `adjust` changes the query before it is written."""
    writes = _target(target)
    known = macros_of([Written("macros", macros)])
    refuse_broken_macros(known)
    header = SqlHeader(text=TomlText(shown_as=_SHOWN))
    digest = sha256(sql.encode()).hexdigest()
    said = read_as(dialect)
    query = with_dollars(sql) if said == "duckdb" else sql
    used = known.used_in(query) if said == "duckdb" else ()
    file = SqlFile(Path(_SHOWN), _SHOWN, header, query, 1, 1, digest, used, dialect=said)
    return emit_file(file, schema, writes.name, parameters=parameters, adjust=adjust)


def emit_file(
    file: SqlFile,
    schema: Mapping[str, Mapping[str, str]],
    target: str,
    *,
    parameters: Mapping[str, ParameterValue] = _NO_VALUES,
    adjust: Adjust | None = None,
) -> Emitted:
    """The query of a file; lines and columns are counted from where it starts, behind the header.

    What is refused inside a macro is told where that is called.

    Raises:
        SqlError: as `emit`.
    """
    writes = _target(target)
    try:
        read = read_query(file)
    except (NoQueryError, NotAQueryError, SeveralQueriesError, SqlDialectError) as error:
        found = Refusal(
            *_from_start(error.place, file), error.code, error.message, error.hint or ""
        )
        return Emitted(None, (found,), ())
    said, wrong = read_acceptances(file.written.text)
    accepting = Accepting(said, own=partial(_in_own_text, read.file))
    tables = frozen(schema)
    columns: tuple[tuple[str, str], ...] = ()
    try:
        values = given_values(read, parameters)
        columns = tuple(result_types(read.statement, tables, values))
        query, names = _bound(read, tables, values)
        query = _named(query, columns, writes)
        if adjust is not None:
            query = adjust(query, names)
    except Refused as refused:
        left = accepting.without_form([refused.refusal, *wrong])
        return Emitted(None, tuple(left), columns)
    return _emitted(query, names, writes, columns=columns, accepting=accepting, wrong=wrong)


def _from_start(place: Place | None, file: SqlFile) -> tuple[int, int]:
    """Line and column of a place in the file's query, counted from its start."""
    if place is None:
        return 1, 1
    line = place.line - file.query_line + 1
    return line, place.column - (file.query_column - 1 if line == 1 else 0)


def _in_own_text(file: SqlFile, refusal: Refusal) -> Refusal:
    """The refusal where the query itself says it, not the text with its macros written out."""
    if file.expansion is None:
        return refusal
    offset = Written("", file.query).offset(refusal.line, refusal.column)
    line, column = _from_start(file.own_place(offset), file)
    place = file.place(offset)
    is_inside = place.file != file.shown_as
    message = f"{refusal.message} (in {place.file}:{place.line})" if is_inside else refusal.message
    return replace(refusal, line=line, column=column, message=message)


def _emitted(
    query: Query,
    names: Names,
    target: Target,
    *,
    columns: tuple[tuple[str, str], ...],
    accepting: Accepting,
    wrong: list[Refusal],
) -> Emitted:
    correlated = [
        each
        for each in correlated_refusals(query, target.no_correlated)
        if not accepting.takes(each)
    ]
    query = Expansion(target, names).query(query)
    if target.marks:
        query = Marks(names, target.marks).query(query)
    writer = QueryWriter(target, accepting)
    text = writer.query(query)
    refusals = accepting.without_form([*correlated, *writer.refusals, *wrong])
    return Emitted(
        None if refusals else text,
        tuple(refusals),
        columns,
        settings=() if refusals else target.settings,
        accepted=accepting.accepted(),
        warnings=accepting.unused(refusals),
    )


def _target(name: str) -> Target:
    found = TARGETS.get(name)
    if found is None:
        hint = did_you_mean(name, TARGETS) or f"there are {', '.join(TARGETS)}"
        raise SqlTargetError(f"no target `{name}`", hint=hint)
    return found


def _bound(
    read: ReadQuery, schema: Frozen, values: Mapping[str, ParameterValue]
) -> tuple[Query, Names]:
    taken = {node.name for node in read.tree.find_all(exp.Identifier)}
    names = Names(taken | {table for table, _ in schema} | {c for _, cs in schema for c, _ in cs})
    tables = {
        table.lower(): (
            table,
            tuple((column, find_type(spelled) or OTHER) for column, spelled in columns),
        )
        for table, columns in schema
    }
    scope = Scope(Tables(tables, names, bind_query, values))
    try:
        return bind_query(read.tree, scope), names
    except Refused:
        constant = constant_query(read.tree, read.statement)
        if constant is None:
            raise
        return constant, names
    except RecursionError:
        hint = "cut it into WITH queries"
        raise Refused(CLAUSE, "the query is too deep", At(1, 1), hint) from None


def _named(query: Query, columns: tuple[tuple[str, str], ...], target: Target) -> Query:
    """The query with the names that DuckDB gives its columns, whose types must be those."""
    items = output(query)
    if len(items) != len(columns):
        raise Refused(CLAUSE, "the columns of the result are not known", query.at, "name them")
    lowered = [name.lower() for name, _ in columns]
    for item, (name, spelled) in zip(items, columns, strict=True):
        if lowered.count(name.lower()) > 1:
            hint = "give one of them another name with AS"
            raise Refused(NAME, f"two columns are named `{name}`", item.expr.at, hint)
        known = find_type(spelled)
        if known != item.expr.type and item.expr.type.kind is not Kind.NULL:
            message = f"`{name}` is `{spelled}`, which is not portable"
            raise Refused(TYPE, message, item.expr.at, "cast it to a type in the list")
    return renamed(query, [_fitting(name, target) for name, _ in columns])


def _fitting(name: str, target: Target) -> str:
    """A name that DuckDB made up, e.g. `count_star()`, as one that the target takes."""
    made_up = "(" in name or " " in name
    if made_up and target.name == "bigquery":
        return "".join(c if c.isalnum() else "_" for c in name).strip("_")
    return name


def renamed(query: Query, names: list[str]) -> Query:
    """The query with other names for its columns."""
    match query:
        case Select():
            items = zip(query.items, names, strict=True)
            return replace(query, items=tuple(Item(item.expr, name) for item, name in items))
        case SetOperation():
            left, right = renamed(query.left, names), renamed(query.right, names)
            return replace(query, left=left, right=right)
        case With():
            return replace(query, body=renamed(query.body, names))

"""Where a query is tried: tables of a fixture in an engine, and its rows and types there."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol, Self

import duckdb
import polars as pl

from flowforge_assets.core.arrow_types import arrow_schema
from flowforge_assets.core.polars_types import polars_schema
from flowforge_assets.core.schema import Field, Plain, Schema
from flowforge_assets.errors.sql_parity import ParityStatementError
from flowforge_assets.errors.storage import StorageError
from flowforge_assets.execute.parity_query import SCHEMA
from flowforge_assets.sdk.connectors import warehouse_connector
from flowforge_assets.sdk.warehouse import TableFacts, Tag, Warehouse
from flowforge_assets.sql.portable.statements.all import STATEMENTS
from flowforge_assets.warehouse.landing import Landing

if TYPE_CHECKING:
    from flowforge_assets.core.table_name import TableName
    from flowforge_assets.sql.portable.statements.statements import Statements
    from flowforge_assets.storage.store import TableSpec
    from flowforge_assets.warehouse.connection import WarehouseConfig

_TAG: Final = Tag(asset="parity")
_VERSIONS: Final = {
    "postgres": "version()",
    "redshift": "version()",
    "snowflake": "current_version()",
    "synapse": "@@VERSION",
}
_VERSION: Final = Schema((Field("v", Plain("string"), nullable=True),))


class ParityPlace(Protocol):
    """An engine that tables can be loaded into, and queries be asked of."""

    @property
    def engine(self) -> str:
        """What it is and which version, as far as it says."""
        ...

    def load(self, spec: TableSpec, name: TableName, rows: pl.DataFrame) -> None:
        """Makes a table of those rows."""
        ...

    def look(self, name: TableName, query: str) -> TableFacts | None:
        """Names and types of the columns of a query; a table `name` may be made of it."""
        ...

    def rows(self, query: str, schema: Schema) -> pl.DataFrame:
        """The rows of the query in their order, as that schema has them."""
        ...

    def clear(self) -> None:
        """Drops what was made there, as far as the engine lets it."""
        ...


@contextmanager
def warehouse_place(config: WarehouseConfig) -> Generator[ParityPlace]:
    """The warehouse of an environment; what is made there is dropped at the end.

    Raises:
        StorageError: it cannot be used (FF-675 to FF-689).
    """
    connector = warehouse_connector(config.kind)
    statements = STATEMENTS[connector.target]
    warehouse = connector.connect(config.settings, session=statements.target.settings)
    with closing(warehouse), _WarehousePlace(warehouse, statements) as place:
        warehouse.tables(f"{config.prefix}{SCHEMA}")  # so that one that is down says so at once
        yield place


@contextmanager
def duckdb_place() -> Generator[ParityPlace]:
    """DuckDB itself: what is emitted for it runs there as it does elsewhere."""
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        connection.execute("SET TimeZone='UTC'")
        yield _DuckdbPlace(connection, STATEMENTS["duckdb"])


class _WarehousePlace:
    """A warehouse by its connector, and what was made there."""

    def __init__(self, warehouse: Warehouse, statements: Statements) -> None:
        self._warehouse = warehouse
        self._statements = statements
        self._landing = Landing(warehouse, statements, "")
        self._made: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    def clear(self) -> None:
        """What cannot be dropped lies in a schema of its own, under a name that none has again."""
        with suppress(StorageError):
            while self._made:
                self._warehouse.execute(self._made.pop(), _TAG)

    @property
    def engine(self) -> str:
        """Its address, and its own word where it has one."""
        return self._said

    @cached_property
    def _said(self) -> str:
        function, said = _VERSIONS.get(self._warehouse.target), ""
        if function is not None:
            query = f"SELECT {function} AS {self._statements.name('v')}"
            with suppress(StorageError):
                found = str(self.rows(query, _VERSION).item() or "")
                said = re.split(r",| on |\n| \(", found)[0].strip()
        return f"{self._warehouse.uri} {said}".strip()

    def load(self, spec: TableSpec, name: TableName, rows: pl.DataFrame) -> None:
        self._made.append(self._statements.dropped(name))
        self._landing.load(spec, name, rows, _TAG)

    def look(self, name: TableName, query: str) -> TableFacts | None:
        """By a table that is made of the query: views of some engines do not know their columns."""
        statements, gone = self._statements, self._statements.dropped(name)
        made: Sequence[str] = (f"CREATE TABLE {statements.path(name)} AS\n{query}",)
        if statements.create_as:
            made = statements.filled(name, (), query)
        self._made.append(gone)
        for statement in made:
            self._warehouse.execute(statement, _TAG)
        return self._warehouse.look(name)

    def rows(self, query: str, schema: Schema) -> pl.DataFrame:
        types = polars_schema(schema)
        batches = self._warehouse.read(query, arrow_schema(schema), _TAG)
        found = [pl.DataFrame(batch).cast(types) for batch in batches]
        return pl.concat([pl.DataFrame(schema=types), *found])


class _DuckdbPlace:
    """A DuckDB in memory."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, statements: Statements) -> None:
        self._connection = connection
        self._statements = statements
        self._made: list[TableName] = []

    @property
    def engine(self) -> str:
        """`DuckDB 2.0.0`."""
        return f"DuckDB {duckdb.__version__}"

    def load(self, spec: TableSpec, name: TableName, rows: pl.DataFrame) -> None:
        del spec  # the frame has the types already
        given = f"given_{len(self._made)}"
        self._made.append(name)
        with _stopping():
            for statement in (*self._statements.prepared(name), self._statements.dropped(name)):
                self._connection.execute(statement)
            self._connection.register(given, rows)
            path = self._statements.path(name)
            self._connection.execute(f"CREATE TABLE {path} AS SELECT * FROM {given}")  # noqa: S608 - quoted
            self._connection.unregister(given)

    def look(self, name: TableName, query: str) -> TableFacts | None:
        del name  # a query need not be a view to be looked at
        with _stopping():
            relation = self._connection.sql(query)
            types = (str(each) for each in relation.types)
            return TableFacts(tuple(zip(relation.columns, types, strict=True)))

    def rows(self, query: str, schema: Schema) -> pl.DataFrame:
        with _stopping():
            found = pl.DataFrame(self._connection.sql(query).to_arrow_table())
        return found.cast(polars_schema(schema))

    def clear(self) -> None:
        while self._made:
            self._connection.execute(self._statements.dropped(self._made.pop()))


@contextmanager
def _stopping() -> Generator[None]:
    """DuckDB's errors as one of ours, without the values that they may quote."""
    try:
        yield
    except duckdb.Error as error:
        hint = "what is emitted for DuckDB is to run there"
        raise ParityStatementError(f"DuckDB stops: {type(error).__name__}", hint=hint) from error

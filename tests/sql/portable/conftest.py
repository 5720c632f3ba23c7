from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from tests.sql.portable.small_tables import ROWS, TABLES


@pytest.fixture(scope="session")
def reference() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(":memory:", config={"threads": 1})
    connection.execute("SET TimeZone='UTC'")
    for table, columns in TABLES.items():
        listed = ", ".join(f'"{name}" {type_}' for name, type_ in columns.items())
        connection.execute(f"CREATE TABLE {table} ({listed})")
        connection.execute(f"INSERT INTO {table} VALUES {ROWS[table]}")  # noqa: S608 - ours
    yield connection
    connection.close()

"""The small tables of tests/sql/portable as values; only columns that are portable."""

from __future__ import annotations

from typing import Final

from evidence_engines import TableRows, duckdb_reference
from flowforge_assets.sql.portable.types import find_type
from tests.sql.portable.small_tables import ROWS, TABLES


def _read() -> dict[str, TableRows]:
    tables: dict[str, TableRows] = {}
    with duckdb_reference() as engine:
        for name, columns in TABLES.items():
            listed = ", ".join(f'"{column}" {type_}' for column, type_ in columns.items())
            engine.connection.execute(f"CREATE TABLE {name} ({listed})")
            engine.connection.execute(f"INSERT INTO {name} VALUES {ROWS[name]}")
            kept = {column: type_ for column, type_ in columns.items() if find_type(type_)}
            shown = ", ".join(f'"{column}"' for column in kept)
            rows = engine.run(f"SELECT {shown} FROM {name}").rows
            tables[name] = TableRows(kept, rows)
    return tables


SMALL: Final = _read()

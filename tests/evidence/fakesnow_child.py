"""fakesnow, which stands for Snowflake, in a process of its own: see piped_values.

    python fakesnow_child.py FOLDER

FOLDER holds the packages of requirements-fakesnow.txt. DuckDB is underneath: it shows that the text
is read and what a reading of it gives, not how Snowflake itself rounds or sorts.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from piped_values import answer_forever, packed, unpacked

sys.path.insert(0, sys.argv[1])

import fakesnow  # type: ignore[import-not-found]

_TYPES = {"HUGEINT": "NUMBER(38, 0)", "TIMESTAMP": "TIMESTAMP_NTZ"}  # others have DuckDB's names
_CODES = {0: "decimal", 1: "double", 2: "text", 3: "date", 8: "timestamp", 13: "bool"}


def _acts(connection: Any) -> dict[str, Callable[..., object]]:
    cursor = connection.cursor()

    def table(name: str, columns: list[list[str]], rows: list[list[object]]) -> None:
        listed = ", ".join(f'"{column}" {_TYPES.get(type_, type_)}' for column, type_ in columns)
        path = ".".join(f'"{part}"' for part in name.split("."))
        cursor.execute(f"CREATE TABLE {path} ({listed})")
        places = ", ".join(["%s"] * len(columns))
        for row in rows:
            values = tuple(map(unpacked, row))
            cursor.execute(f"INSERT INTO {path} SELECT {places}", values)

    def query(sql: str) -> object:
        cursor.execute(sql)
        columns = [[each.name, _kind(each)] for each in cursor.description]
        return {"columns": columns, "rows": [list(map(packed, row)) for row in cursor.fetchall()]}

    def parquet(name: str, path: str) -> None:
        under = connection._duck_conn  # a large table goes past the stages that it stands for
        under.execute(f"CREATE TABLE \"{name}\" AS SELECT * FROM read_parquet('{path}')")

    return {"table": table, "query": query, "parquet": parquet}


def _kind(column: Any) -> str:
    kind = _CODES.get(column.type_code, str(column.type_code))
    return "integer" if kind == "decimal" and not column.scale else kind


if __name__ == "__main__":
    with fakesnow.patch():
        import snowflake.connector

        answer_forever(_acts(snowflake.connector.connect(database="db1", schema="public")))

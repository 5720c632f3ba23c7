"""Writes the tables of TPC-H and TPC-DS as Parquet, and the texts of their queries as JSON.

python tpc_data.py FOLDER SCALE
"""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path

import duckdb

_MAKES = {"tpch": "CALL dbgen(sf={})", "tpcds": "CALL dsdgen(sf={})"}


def main(folder: Path, scale: str) -> None:
    queries: dict[str, dict[str, str]] = {}
    for suite, make in _MAKES.items():
        with duckdb.connect() as connection:
            connection.execute(f"LOAD '{_extension(suite)}'")
            connection.execute(make.format(scale))
            place = folder / suite
            place.mkdir(parents=True)
            for (table,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall():
                connection.execute(f"COPY {table} TO '{place / table}.parquet'")
            told = f"SELECT query_nr, query FROM {suite}_queries()"  # noqa: S608 - one of two
            found = connection.execute(told).fetchall()
            queries[suite] = {str(number): text for number, text in found}
    (folder / "queries.json").write_text(json.dumps(queries))


def _extension(suite: str) -> Path:
    package = find_spec(f"duckdb_extension_{suite}")
    folders = package.submodule_search_locations if package else None
    return next(Path((folders or [""])[0]).rglob("*.duckdb_extension"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])

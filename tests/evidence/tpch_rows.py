"""The tables of projects/tpch as values, and its 22 reports as queries over them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from evidence_engines import DuckdbEngine, TableRows, duckdb_reference

_ASSETS: Final = Path(__file__).parents[2] / "projects" / "tpch" / "assets"


@contextmanager
def tpch_reference(folder: Path, scale: str) -> Iterator[DuckdbEngine]:
    """DuckDB with the typed tables at a scale factor: 1 is 6 million lines."""
    generator = Path(sys.executable).with_name("tpchgen-cli")
    command = [str(generator), "parquet", "-s", scale, "-o", str(folder)]
    subprocess.run(command, check=True, timeout=120)
    with duckdb_reference() as engine:
        engine.connection.execute("CREATE SCHEMA bronze")
        for path in sorted((_ASSETS / "silver").glob("*.sql")):
            name, file = path.stem, folder / f"{path.stem}.parquet"
            engine.connection.execute(f"CREATE VIEW bronze.{name} AS FROM '{file}'")
            engine.connection.execute(f"CREATE TABLE {name} AS {_query(path)}")
        yield engine


def tables_of(engine: DuckdbEngine) -> dict[str, TableRows]:
    """The typed tables as values."""
    tables: dict[str, TableRows] = {}
    for path in (_ASSETS / "silver").glob("*.sql"):
        told = engine.connection.execute(f"DESCRIBE {path.stem}").fetchall()
        columns = {str(column): str(type_) for column, type_, *_ in told}
        tables[path.stem] = TableRows(columns, engine.run(f"FROM {path.stem}").rows)
    return tables


def tpch_queries() -> Iterator[tuple[str, str]]:
    """Each report as q01 to q22, over the tables without a schema."""
    for path in sorted((_ASSETS / "gold").glob("*.sql")):
        yield path.stem[:3], _query(path).replace("silver.", "").strip()


def keys(tables: dict[str, TableRows]) -> dict[str, list[str]]:
    """The columns by which the tables are joined."""
    return {name: [c for c in table.columns if c.endswith("key")] for name, table in tables.items()}


def _query(path: Path) -> str:
    return path.read_text(encoding="utf-8").partition("*/")[2]

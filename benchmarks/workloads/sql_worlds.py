"""Queries with the tables that they read: our cases and idioms, hostile values, TPC, a corpus."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from harness.contest import BENCHMARKS

ROOT = BENCHMARKS.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "evidence")]

from evidence_engines import DuckdbEngine, PipedEngine, PostgresEngine, TableRows  # noqa: E402
from hostile_queries import hostile_queries  # noqa: E402 - beside the tests
from hostile_rows import HOSTILE  # noqa: E402
from idiom_rows import IDIOM_TABLES, idioms  # noqa: E402
from small_rows import SMALL  # noqa: E402
from tpch_rows import tables_of, tpch_reference  # noqa: E402

Schema = dict[str, dict[str, str]]
Filler = Callable[[DuckdbEngine | PipedEngine | PostgresEngine], None]


@dataclass(frozen=True, slots=True)
class World:
    """Tables and the queries over them; `enter` makes the tables on an engine.

    With `is_large`, engines that take rows one by one only say whether they take the text, and
    `keys` are the columns by which its tables are joined. `only` are the targets that it is for.
    """

    name: str
    schema: Schema
    queries: list[tuple[str, str]]
    enter: Filler
    is_large: bool = False
    keys: dict[str, list[str]] = field(default_factory=dict)
    only: frozenset[str] = frozenset()


def worlds(tpc: Path, corpus: Path | None, *, every: int) -> Iterator[World]:
    """All of them; of the hostile queries each `every`th."""
    cases = sorted((ROOT / "tests/sql/portable/cases").glob("*.sql"))
    own = [(case.stem, case.read_text(encoding="utf-8").strip()) for case in cases]
    yield _of_rows("cases", SMALL, own)
    hostile = list(hostile_queries())[::every]
    yield _of_rows("values", HOSTILE, [(sql, sql) for sql in hostile])
    yield _of_rows("idioms", IDIOM_TABLES, list(idioms()))
    queries: dict[str, dict[str, str]] = json.loads((tpc / "queries.json").read_text())
    for suite, texts in queries.items():
        yield _of_files(tpc / suite, [(f"{suite} {n}", text) for n, text in texts.items()])
    yield _small_tpch(queries["tpch"])
    if corpus is not None:
        yield _corpus(corpus)


def _of_rows(name: str, tables: dict[str, TableRows], queries: list[tuple[str, str]]) -> World:
    schema = {table: dict(rows.columns) for table, rows in tables.items()}
    return World(name, schema, queries, lambda engine: engine.enter(tables))


def _of_files(folder: Path, queries: list[tuple[str, str]]) -> World:
    import duckdb  # after the engines' modules

    files = {path.stem: path for path in sorted(folder.glob("*.parquet"))}
    with duckdb.connect() as connection:
        schema = {
            name: {
                str(row[0]): str(row[1])
                for row in connection.execute(f"DESCRIBE FROM '{path}'").fetchall()
            }
            for name, path in files.items()
        }

    def enter(engine: DuckdbEngine | PipedEngine | PostgresEngine) -> None:
        for name, path in files.items():
            match engine:
                case DuckdbEngine():
                    engine.connection.execute(f"CREATE TABLE \"{name}\" AS FROM '{path}'")
                case PipedEngine():
                    engine.enter_parquet(name, path)
                case PostgresEngine():  # then `settle` makes it quick
                    csv = path.with_suffix(".csv")
                    with duckdb.connect() as connection:
                        connection.execute(f"COPY (FROM '{path}') TO '{csv}' (HEADER false)")
                    engine.enter_csv(name, schema[name], csv)
                    csv.unlink()

    keys = {
        name: [column for column in columns if column.endswith(("key", "_sk"))]
        for name, columns in schema.items()
    }
    return World(folder.name, schema, queries, enter, is_large=True, keys=keys)


def _small_tpch(texts: dict[str, str]) -> World:
    """TPC-H with so few rows that GoogleSQL's evaluator can run it, but for its slowest queries."""
    with tempfile.TemporaryDirectory() as folder, tpch_reference(Path(folder), "0.001") as engine:
        tables = tables_of(engine)
    queries = [(f"tpch {n}", text) for n, text in texts.items() if n not in {"18", "19"}]
    world = _of_rows("small tpch", tables, queries)
    return replace(world, only=frozenset({"bigquery"}))


def _corpus(folder: Path) -> World:
    """A folder of JSON cases with a `fixture.py` that has their tables; TPC is run above."""
    spec = spec_from_file_location("corpus_fixture", folder / "fixture.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(folder / "fixture.py")
    fixture = module_from_spec(spec)
    spec.loader.exec_module(fixture)
    tables = {
        name: TableRows({c: {"INT": "INTEGER"}.get(t, t) for c, t in columns}, fixture.ROWS[name])
        for name, columns in fixture.COLS.items()
    }
    cases = (json.loads(path.read_text()) for path in sorted(folder.glob("*.json")))
    own = [(case["id"], case["sql"]) for case in cases if not case["suite"].startswith("tpc")]
    return _of_rows("corpus", tables, own)

"""Scripts of a warehouse make the rows that FlowForge makes, in every way of writing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, Final

import duckdb
import psycopg
import pytest

from flowforge_assets import Project
from flowforge_assets.compile.project_sql import ProjectSql
from flowforge_assets.compile.warehouse_sql import warehouse_script
from flowforge_assets.compile.warehouse_step import WarehouseStep
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.warehouse_script import WarehouseScript, read_state_text
from script_cases import CASES, COLUMNS, FIRST, SECOND, Case, Row, moment, write_feed, write_project

_MADE: Final = DatasetKey("gold.made")
_prefixes = (f"s{number}_" for number in count())


class Engine:
    """A connection that commits each statement by itself, and how its target is called."""

    def __init__(self, target: str, connection: Any) -> None:
        self.target = target
        self.connection = connection

    def run(self, statements: Sequence[str]) -> None:
        for statement in statements:
            self.connection.execute(statement)

    def rows(self, query: str) -> list[Row]:
        return [tuple(row) for row in self.connection.execute(query).fetchall()]

    def number(self, query: str) -> int:
        return int(str(self.rows(query)[0][0]))

    def undo(self) -> None:
        """Ends a transaction that a failure has left open."""
        self.connection.execute("ROLLBACK")


@pytest.fixture(scope="module")
def engines(postgres_dsn: str) -> Iterator[tuple[Engine, ...]]:
    with (
        closing(duckdb.connect(":memory:", config={"threads": 1})) as own,
        psycopg.connect(postgres_dsn, autocommit=True) as server,
    ):
        own.execute("SET TimeZone='UTC'")
        yield Engine("duckdb", own), Engine("postgres", server)


class Written:
    """A project, and the same tables on engines."""

    def __init__(self, folder: Path, case: Case) -> None:
        self.folder, self.case = folder, case
        self.prefix = next(_prefixes)
        write_project(folder, case)
        self.project = self.loaded(0)

    def loaded(self, number: int) -> Project:
        """The project with the rows of that round."""
        write_feed(self.folder, self.case.rounds[number])
        self.project = Project.load(self.folder, clock=lambda: moment(number))
        return self.project

    def feed(self, engine: Engine, rows: Sequence[Row]) -> None:
        """The rows that the query reads, on an engine."""
        table = f'"{self.prefix}bronze"."feed"'
        types = ", ".join(f'"{name}" {spelled}' for name, spelled in COLUMNS.items())
        engine.run([f'CREATE SCHEMA IF NOT EXISTS "{self.prefix}bronze"'])
        engine.run([f"CREATE TABLE IF NOT EXISTS {table} ({types})", f"DELETE FROM {table}"])
        for row in rows:
            values = ", ".join("NULL" if v is None else f"'{_quoted(v)}'" for v in row)
            engine.run([f"INSERT INTO {table} VALUES ({values})"])

    def step(self, engine: Engine, number: int, *, state: str = "") -> WarehouseStep:
        graph = self.project.graph
        sql = ProjectSql(
            graph, engine.target, moment(number),
            prefix=self.prefix, partitions=self.case.partitions,
        )  # fmt: skip
        (step,) = sql.steps(graph.assets[_MADE], sql.tables([_MADE]))
        return replace(step, step_id=f"step {number}", state=state)

    def there(self, engine: Engine) -> list[Row]:
        """The rows on the engine."""
        names = ", ".join(f'"{name}"' for name in self.names)
        return _sorted(engine.rows(f'SELECT {names} FROM "{self.prefix}gold"."made"'))

    def here(self) -> list[Row]:
        """The rows that FlowForge made."""
        return _sorted(self.project.read("gold.made").select(self.names).rows())

    @property
    def names(self) -> tuple[str, ...]:
        return self.project.graph.datasets[_MADE].schema.names


def staged(engine: Engine, script: WarehouseScript) -> dict[str, int]:
    """Stages the rows, and gives what each test counts."""
    engine.run(script.settings)
    engine.run(script.stage)
    return {test.name: engine.number(test.text) for test in script.tests}


def _quoted(value: object) -> str:
    return str(value).replace("'", "''")


def _sorted(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: [(value is None, str(value)) for value in row])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_scripts_make_the_rows_that_a_run_makes(
    case: Case, engines: tuple[Engine, ...], tmp_path: Path
) -> None:
    written = Written(tmp_path, case)
    for number, rows in enumerate(case.rounds):
        state = f'{{"round": {number}}}'
        result = written.loaded(number).run(partitions=case.partitions, force=True)
        assert [str(error) for error in result.errors] == []
        for engine in engines:
            written.feed(engine, rows)
            step = written.step(engine, number, state=state)
            script = warehouse_script(step)
            counted = staged(engine, script)
            assert counted == dict.fromkeys(counted, 0)
            assert engine.number(script.count) >= len(rows) - 2
            engine.run([*script.publish, *script.clean])
            assert written.there(engine) == written.here() != []
            query = step.statements.comment_query(step.table)
            (comment,) = (row[0] for row in engine.rows(query) if row[0] is not None)
            assert read_state_text(str(comment)) == state


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.name in {"overwrite", "merge", "scd2"}], ids=lambda c: c.name
)
def test_a_publication_that_stops_anywhere_leaves_the_old_rows_and_can_be_begun_anew(
    case: Case, engines: tuple[Engine, ...], tmp_path: Path
) -> None:
    written = Written(tmp_path, case)
    for engine in engines:
        written.feed(engine, case.rounds[0])
        first = warehouse_script(written.step(engine, 0))
        staged(engine, first)
        engine.run([*first.publish, *first.clean])
        old = written.there(engine)
        written.feed(engine, SECOND)
        script = warehouse_script(written.step(engine, 1))
        for stop in range(1, len(script.publish)):
            staged(engine, script)
            engine.run(script.publish[:stop])
            engine.undo()
            assert written.there(engine) == old
        engine.run(script.publish)
        assert written.there(engine) != old


def test_tests_count_the_rows_that_break_each_promise(
    engines: tuple[Engine, ...], tmp_path: Path
) -> None:
    header = (
        'key = ["id"]\nmin_rows = 9\n'
        'columns.city = { not_null = true, in = ["Bern", "bern"], max_length = 4 }\n'
        'columns.n = { ge = 1, lt = 7 }\ncolumns.id = { ref = "bronze.feed.n" }\n'
        'rules.cheap = "price < 2"\n'
    )
    query = "SELECT id, city, n, price FROM bronze.feed UNION ALL SELECT 1, NULL, 8, 3.5"
    written = Written(tmp_path, Case("broken", header, query))
    expected = {
        "id is not null": 0,
        "city is not null": 1,
        "city in (Bern, bern)": 2,
        "city has length 0..4": 2,
        "n >= 1": 1,
        "n < 7": 2,
        "id is in bronze.feed.n": 5,
        "id is unique": 1,
        "cheap: price < 2": 2,
        "at least 9 rows": 4,
    }
    for engine in engines:
        written.feed(engine, FIRST)
        assert staged(engine, warehouse_script(written.step(engine, 0))) == expected

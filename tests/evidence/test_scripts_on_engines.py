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
from script_cases import CASES, COLUMNS, SECOND, Case, Row, moment, write_feed, write_project

_MADE: Final = DatasetKey("gold.made")
_prefixes = (f"s{number}_" for number in count())


class Engine:
    """A connection that commits each statement by itself, and how its target is called."""

    def __init__(self, target: str, connection: Any) -> None:  # noqa: ANN401 - of several drivers
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


@pytest.fixture(params=["duckdb", "postgres"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "duckdb":
        with closing(duckdb.connect(":memory:", config={"threads": 1})) as connection:
            connection.execute("SET TimeZone='UTC'")
            yield Engine("duckdb", connection)
        return
    dsn = request.getfixturevalue("postgres_dsn")
    with psycopg.connect(dsn, autocommit=True) as opened:
        yield Engine("postgres", opened)


class Written:
    """A project, and the same tables on an engine."""

    def __init__(self, folder: Path, case: Case, engine: Engine) -> None:
        self.folder, self.case, self.engine = folder, case, engine
        self.prefix = next(_prefixes)
        write_project(folder, case)

    def project(self, number: int) -> Project:
        return Project.load(self.folder, clock=lambda: moment(number))

    def feed(self, rows: Sequence[Row]) -> None:
        """The rows that the query reads, here and there."""
        write_feed(self.folder, rows)
        table = f'"{self.prefix}bronze"."feed"'
        types = ", ".join(f'"{name}" {spelled}' for name, spelled in COLUMNS.items())
        self.engine.run(
            [f'CREATE SCHEMA IF NOT EXISTS "{self.prefix}bronze"', f"DROP TABLE IF EXISTS {table}"]
            if self.case.header.find("view") < 0
            else [f'CREATE SCHEMA IF NOT EXISTS "{self.prefix}bronze"']
        )
        self.engine.run([f"CREATE TABLE IF NOT EXISTS {table} ({types})", f"DELETE FROM {table}"])
        for row in rows:
            values = ", ".join("NULL" if v is None else f"'{_quoted(v)}'" for v in row)
            self.engine.run([f"INSERT INTO {table} VALUES ({values})"])

    def step(self, number: int, *, state: str = "") -> WarehouseStep:
        project, target = self.project(number), self.engine.target
        sql = ProjectSql(
            project.graph, target, moment(number),
            prefix=self.prefix, partitions=self.case.partitions,
        )  # fmt: skip
        (step,) = sql.steps(project.graph.assets[_MADE], sql.tables([_MADE]))
        return replace(step, step_id=f"step {number}", state=state)

    def staged(self, script: WarehouseScript) -> dict[str, int]:
        """Stages the rows, and gives what each test counts."""
        self.engine.run(script.settings)
        self.engine.run(script.stage)
        return {test.name: self.engine.number(test.text) for test in script.tests}

    def there(self, number: int) -> list[Row]:
        """The rows on the engine."""
        names = ", ".join(f'"{c.name}"' for c in self.step(number).columns)
        return _sorted(self.engine.rows(f'SELECT {names} FROM "{self.prefix}gold"."made"'))

    def here(self, number: int) -> list[Row]:
        """The rows that FlowForge made."""
        rows = self.project(number).read("gold.made")
        names = [column.name for column in self.step(number).columns]
        return _sorted(rows.select(names).rows())


def _quoted(value: object) -> str:
    return str(value).replace("'", "''")


def _sorted(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: [(value is None, str(value)) for value in row])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_scripts_make_the_rows_that_a_run_makes(case: Case, engine: Engine, tmp_path: Path) -> None:
    written = Written(tmp_path, case, engine)
    for number, rows in enumerate(case.rounds):
        written.feed(rows)
        project = written.project(number)
        result = project.run(partitions=case.partitions, force=True)
        assert [str(error) for error in result.errors] == []
        script = warehouse_script(written.step(number, state=f'{{"round": {number}}}'))
        counted = written.staged(script)
        assert counted == dict.fromkeys(counted, 0)
        engine.run(script.publish)
        engine.run(script.clean)
        assert written.there(number) == written.here(number)
        query = written.step(number).statements.comment_query(written.step(number).table)
        (comment,) = (row[0] for row in engine.rows(query) if row[0] is not None)
        assert read_state_text(str(comment)) == f'{{"round": {number}}}'
    assert written.there(len(case.rounds) - 1)


@pytest.mark.parametrize("case", [c for c in CASES if c.name in {"overwrite", "merge", "scd2"}],
                         ids=lambda case: case.name)  # fmt: skip
def test_a_publication_that_stops_anywhere_leaves_the_old_rows_and_can_be_begun_anew(
    case: Case, engine: Engine, tmp_path: Path
) -> None:
    written = Written(tmp_path, case, engine)
    written.feed(case.rounds[0])
    first = warehouse_script(written.step(0))
    written.staged(first)
    engine.run([*first.publish, *first.clean])
    old = written.there(0)
    written.feed(SECOND)
    script = warehouse_script(written.step(1))
    for stop in range(1, len(script.publish)):
        written.staged(script)
        engine.run(script.publish[:stop])
        engine.undo()
        assert written.there(1) == old
    engine.run(script.publish)
    assert written.there(1) != old

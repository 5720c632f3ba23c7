"""Queries that write in other ways than by replacing: as a user of SQL alone would run them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import polars as pl
import pytest

from flowforge_assets import Project

Write: TypeAlias = Callable[[Mapping[str, str]], Path]
Day: TypeAlias = Callable[[str], Project]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
USERS = "assets/bronze/users.csv"
QUERY = "SELECT id, city FROM bronze.users"


@pytest.fixture
def crm(write_project: Write) -> Callable[..., Day]:
    """A project with a seed of users and a query; each call gives the users of the next day."""

    def made(header: str, **others: str) -> Day:
        root = write_project(
            {
                "flowforge.toml": '[project]\nname = "crm"\n',
                "assets/silver/users.sql": f"/*\n{header}\n*/\n{QUERY}",
                **{f"assets/gold/{name}.sql": query for name, query in others.items()},
            }
        )
        days = iter(range(100))

        def next_day(rows: str) -> Project:
            (root / USERS).parent.mkdir(exist_ok=True)
            (root / USERS).write_text(f"id,city\n{rows}", encoding="utf-8")
            now = NOON + timedelta(days=next(days))
            project = Project.load(root, clock=lambda: now)
            result = project.run()
            assert result.errors == ()
            assert not Project.load(root, clock=lambda: now).plan().steps
            return project

        return next_day

    return made


def rows(project: Project, dataset: str = "silver.users") -> list[tuple[object, ...]]:
    frame = project.read(dataset)
    stamps = [name for name, kind in frame.schema.items() if kind == pl.Datetime("us", "UTC")]
    return sorted(frame.with_columns(pl.col(stamps).dt.strftime("%m-%d")).rows(), key=str)


def test_scd2_keeps_what_was(crm: Callable[..., Day]) -> None:
    day = crm(
        'write = "scd2"\nkey = ["id"]\ncolumns.since = { writer = "valid_from" }\n'
        'columns.until = { writer = "valid_to" }\ncolumns.is_now = { writer = "current" }'
    )
    day("1,Bern\n2,Basel\n")
    assert rows(day("1,Thun\n2,Basel\n3,Chur\n")) == [
        (1, "Bern", "03-01", "03-02", False),
        (1, "Thun", "03-02", None, True),
        (2, "Basel", "03-01", None, True),
        (3, "Chur", "03-02", None, True),
    ]


def test_snapshots_stand_beside_one_another(crm: Callable[..., Day]) -> None:
    day = crm('write = "snapshot"\ncolumns.at = { writer = "valid_from" }')
    day("1,Bern\n")
    assert rows(day("1,Thun\n")) == [(1, "Bern", "03-01"), (1, "Thun", "03-02")]


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        ("merge", [(1, "Thun"), (2, "Basel"), (3, "Chur")]),
        ("insert", [(1, "Bern"), (2, "Basel"), (3, "Chur")]),
        ("append", [(1, "Bern"), (1, "Thun"), (2, "Basel"), (3, "Chur")]),
        ("overwrite", [(1, "Thun"), (3, "Chur")]),
    ],
)
def test_rows_are_merged_inserted_added_or_replaced(
    crm: Callable[..., Day], write: str, expected: list[tuple[object, ...]]
) -> None:
    day = crm(f'write = "{write}"' + ("" if write == "append" else '\nkey = ["id"]'))
    day("1,Bern\n2,Basel\n")
    assert rows(day("1,Thun\n3,Chur\n")) == expected


def test_a_query_that_reads_a_view_reads_what_its_query_gives(crm: Callable[..., Day]) -> None:
    day = crm(
        'write = "view"', names="SELECT string_agg(city, ' ' ORDER BY id) AS all FROM silver.users"
    )
    assert rows(day("1,Bern\n2,Basel\n"), "gold.names") == [("Bern Basel",)]
    assert rows(day("1,Thun\n"), "gold.names") == [("Thun",)]


def test_steps_may_be_cut_otherwise_than_rows(write_project: Write) -> None:
    root = write_project(
        {
            "flowforge.toml": '[project]\nname = "crm"\n',
            "assets/bronze/visits.sql": (
                '/*\nwrite = "merge"\nkey = ["id", "day"]\n'
                'partition = { daily = "2026-03-01", end = "2026-03-02", column = "day" }\n'
                'per = { hourly = "2026-03-01T22", end = "2026-03-02T01", column = "hour" }\n*/\n'
                "SELECT hour($hour)::BIGINT AS id, $hour::DATE AS day"
            ),
            "assets/gold/days.sql": (
                '/*\npartition = { daily = "2026-03-01", end = "2026-03-02", column = "day" }\n*/\n'
                "SELECT day, count(*) AS visits FROM bronze.visits GROUP BY day"
            ),
        }
    )
    project = Project.load(root, clock=lambda: NOON + timedelta(days=9))
    assert project.check().errors == ()
    assert project.run().errors == ()
    assert [values[1] for values in rows(project, "gold.days")] == [2, 2]

"""Readers of changes whose source has lost columns since they read it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from column_changes import ChangingLog, changing_log
from flowforge_assets import Project
from flowforge_assets.errors.incremental import ChangesLostError

STORES = ("memory", "delta", "parquet")
READERS = """

from flowforge_assets import Changes


class Seen(Silver):
    number: Col[int] = col()


class Merged(Silver):
    number: Col[int] = key()


@asset(write="append")
def seen(log: Changes[Log]) -> Frame[Seen]:
    return log.select("number")


@asset(write="merge")
def merged(log: Changes[Log]) -> Frame[Merged]:
    return log.select("number")
"""
OLD = ("n: Col[int] = col(); name: Col[str] = col()", '"n": [7], "name": ["a"]')
DROPPED = ("n: Col[int] = col()", '"n": [7]')
OTHER = ("n: Col[str] = col()", '"n": ["7"]')


@pytest.fixture(params=STORES)
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ChangingLog]:
    """The log of two days, merged; nothing is made yet."""
    with changing_log(tmp_path, store=request.param, write="merge") as found:
        yield found


def declared(log: ChangingLog, columns: str, values: str, *, last: str) -> Project:
    """The project with these columns of its log, and with readers of its changes."""
    log.declared(columns, values, last=last)
    with (log.root / f"{log.module}.py").open("a") as file:
        file.write(READERS)
    return Project.load(log.root)


def numbers(project: Project, dataset: str) -> list[int]:
    return sorted(project.read(dataset)["number"])


def test_a_reader_that_missed_the_loss_of_a_column_goes_on(log: ChangingLog) -> None:
    assert declared(log, *OLD, last="2026-01-02").run().errors == ()
    assert declared(log, *DROPPED, last="2026-01-03").run("log", allow_breaking=True).errors == ()
    project = declared(log, *DROPPED, last="2026-01-04")
    assert project.run().errors == ()
    assert numbers(project, "silver.seen") == [1, 2, 3, 4]
    assert numbers(project, "silver.merged") == [1, 2, 3, 4]


def test_a_reader_that_cannot_compare_is_told_to_rebuild(log: ChangingLog) -> None:
    assert declared(log, *OLD, last="2026-01-02").run().errors == ()
    assert declared(log, *OTHER, last="2026-01-03").run("log", allow_breaking=True).errors == ()
    project = declared(log, *OTHER, last="2026-01-03")
    (error,) = project.run().errors
    assert isinstance(error, ChangesLostError)
    assert "`flowforge run --rebuild -s silver.seen`" in (error.hint or "")
    assert numbers(project, "silver.merged") == [1, 2, 3]
    assert project.run("silver.seen", rebuild=True).errors == ()
    assert numbers(project, "silver.seen") == [1, 2, 3]


@pytest.mark.slow  # each child imports polars
def test_a_process_of_its_own_is_given_rows_without_what_was_dropped(tmp_path: Path) -> None:
    with changing_log(tmp_path, store="delta", write="merge") as log:
        log.options = "isolated=True"
        assert declared(log, *OLD, last="2026-01-02").run().errors == ()
        project = isolated(log, declared(log, *DROPPED, last="2026-01-03"))
        assert project.run(allow_breaking=True).errors == ()
        assert numbers(project, "silver.seen") == [1, 2, 3]
        assert "name" not in project.read("bronze.log").columns


def isolated(log: ChangingLog, project: Project) -> Project:
    """The project whose readers of changes are called in processes of their own."""
    module = log.root / f"{log.module}.py"
    module.write_text(
        module.read_text().replace('write="append")', 'write="append", isolated=True)')
    )
    return type(project).load(log.root)

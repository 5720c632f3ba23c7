"""A kill between any two statements leaves the table as it was, or has the new rows whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flowforge_assets.api import Project
from flowforge_assets.core.table_name import TableName
from flowforge_assets.sdk.warehouse import JobStats, Tag
from flowforge_connectors.postgres import Postgres
from warehouse_places import WarehousePlace, left_over
from warehouse_project import project_files

if TYPE_CHECKING:
    import pyarrow as pa

WriteProject = Callable[[Mapping[str, str]], Path]
OLD = {"ann": 2.75, "bob": -1.0, None: 4.0}
NEW = {"ann": 5.5, "bob": -2.0, None: 8.0}


class Killed(BaseException):
    """What no code of ours catches."""


class Fuse:
    """Burns down with each statement; at its end it kills before the statement, or right after.

    Who is killed sends no statement any more, not to clean up either.
    """

    def __init__(self, left: int, *, is_after: bool) -> None:
        self.left = left
        self.is_after = is_after

    def around(self, statement: Callable[[], JobStats]) -> JobStats:
        is_last = self.left == 0
        self.left -= 1
        if self.left < -1 or (is_last and not self.is_after):
            raise Killed
        done = statement()
        if is_last:
            raise Killed
        return done


@contextmanager
def burning(left: int, *, is_after: bool) -> Iterator[None]:
    """While in it, connectors of PostgreSQL kill before, or right after, a statement."""
    fuse = Fuse(left, is_after=is_after)
    execute, publish, load = Postgres.execute, Postgres.publish, Postgres.load

    def executing(self: Postgres, statement: str, tag: Tag) -> JobStats:
        return fuse.around(lambda: execute(self, statement, tag))

    def publishing(
        self: Postgres,
        table: TableName,
        statements: Sequence[str],
        tag: Tag,
        *,
        expected: str | None,
    ) -> JobStats:
        return fuse.around(lambda: publish(self, table, statements, tag, expected=expected))

    def loading(
        self: Postgres,
        table: TableName,
        schema: pa.Schema,
        batches: Iterable[pa.RecordBatch],
        tag: Tag,
    ) -> JobStats:
        return fuse.around(lambda: load(self, table, schema, batches, tag))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Postgres, "execute", executing)
        patched.setattr(Postgres, "publish", publishing)
        patched.setattr(Postgres, "load", loading)
        yield


def totals(project: Project) -> dict[str | None, float]:
    return dict(project.read("gold.totals").select("customer", "total").iter_rows())


@pytest.mark.parametrize(
    ("longest", "is_after"),
    [(None, False), (None, True), (200, True)],
    ids=["before", "after", "after, with a state in rows"],
)
def test_a_kill_at_any_statement_leaves_the_old_rows_or_the_new(
    *,
    longest: int | None,
    is_after: bool,
    postgres: WarehousePlace,
    write_project: WriteProject,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Postgres, "longest_comment", longest)
    root = write_project(project_files(postgres))
    assert Project.load(root).run().status == "succeeded"
    query = root / "assets/gold/totals.sql"
    query.write_text(query.read_text().replace("sum(amount)", "2 * sum(amount)"))
    seen: list[dict[str | None, float]] = []
    for left in range(40):
        try:
            with burning(left, is_after=is_after):
                result = Project.load(root).run("gold.totals")
        except Killed:
            seen.append(totals(Project.load(root)))
        else:
            assert result.status == "succeeded", [str(error) for error in result.errors]
            break
    assert 5 < len(seen) < 40, "a kill at each statement, and an end"
    assert all(rows in (OLD, NEW) for rows in seen)
    assert OLD in seen
    assert totals(Project.load(root)) == NEW
    assert list(Project.load(root).plan("gold.totals").steps) == []


def test_what_was_published_by_a_killed_run_is_not_made_again(
    postgres: WarehousePlace, write_project: WriteProject
) -> None:
    root = write_project(project_files(postgres))
    publish = Postgres.publish

    def killed(
        self: Postgres,
        table: TableName,
        statements: Sequence[str],
        tag: Tag,
        *,
        expected: str | None,
    ) -> JobStats:
        publish(self, table, statements, tag, expected=expected)
        raise Killed

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Postgres, "publish", killed)
        with pytest.raises(Killed):
            Project.load(root).run()
    project = Project.load(root)
    assert totals(project) == OLD
    result = project.run()
    assert result.status == "succeeded"
    assert result.made == 1, "the report alone: the totals are there"


def test_the_run_after_a_kill_drops_what_that_has_left(
    postgres: WarehousePlace, write_project: WriteProject
) -> None:
    root = write_project(project_files(postgres))
    with burning(6, is_after=False), pytest.raises(Killed):
        Project.load(root).run()
    warehouse = postgres.warehouse()
    schemas = [f"{postgres.prefix}{layer}" for layer in ("bronze", "gold")]
    assert any(left_over(warehouse, schema) for schema in schemas)
    assert Project.load(root).run().status == "succeeded"
    assert [left_over(warehouse, schema) for schema in schemas] == [[], []]

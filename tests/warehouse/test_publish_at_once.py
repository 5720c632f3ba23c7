"""Two who publish the same table at once: one is refused, whatever the moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import SimpleNamespace

import pytest

from flowforge_assets.core.table_name import TableName
from flowforge_assets.errors.storage import BaseMovedError
from flowforge_assets.sdk.warehouse import NOBODY, JobStats, Tag, Warehouse
from flowforge_assets.sql.portable.statements.all import STATEMENTS
from flowforge_assets.sql.portable.statements.statements import TableColumn
from flowforge_assets.sql.portable.types import BIGINT
from flowforge_connectors import bigquery as bigquery_connector
from flowforge_connectors.bigquery import BigQuery
from flowforge_connectors.snowflake import Snowflake
from warehouse_places import WarehousePlace

pytestmark = pytest.mark.slow


def staged(warehouse: Warehouse, table: TableName, number: int) -> list[str]:
    """The statements that put a table of that one number, and comment, in the place of `table`."""
    says, new = STATEMENTS[warehouse.target], table.beside(f"{table.table}_{number}")
    columns = [TableColumn("n", BIGINT)]
    for statement in (
        *says.prepared(new),
        says.created(new, columns),
        says.inserted(new, columns, f"SELECT {number} AS n"),
    ):
        warehouse.execute(statement, NOBODY)
    said = () if "{text}" in says.replace else says.commented(new, f"state {number}")
    return [*said, says.replaced(table, new, f"state {number}")]


def rows(warehouse: Warehouse, table: TableName) -> int:
    path = STATEMENTS[warehouse.target].path(table)
    return warehouse.number(f"SELECT n FROM {path}", NOBODY)  # noqa: S608 - quoted


def comment(warehouse: Warehouse, table: TableName) -> str | None:
    facts = warehouse.look(table)
    return None if facts is None else facts.comment


def test_of_two_who_submit_to_bigquery_at_once_one_is_refused(bigquery: WarehousePlace) -> None:
    warehouse, table = bigquery.warehouse(), bigquery.table("gold", "totals")
    warehouse.publish(table, staged(warehouse, table, 1), NOBODY, expected=None)
    both = [staged(warehouse, table, number) for number in (2, 3)]
    start = Barrier(2)

    def publish(statements: Sequence[str]) -> bool:
        own = bigquery.warehouse()
        facts = own.look(table)
        assert facts is not None
        start.wait(timeout=60)
        try:
            own.publish(table, statements, NOBODY, expected=facts.comment)
        except BaseMovedError:
            return False
        finally:
            own.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        won = list(pool.map(publish, both))
    assert sorted(won) == [False, True]
    expected = 2 + won.index(True)
    assert rows(warehouse, table) == expected
    assert comment(warehouse, table) == f"state {expected}"
    warehouse.close()


def test_who_looked_before_another_published_cannot_submit_to_bigquery(
    bigquery: WarehousePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse, table = bigquery.warehouse(), bigquery.table("gold", "totals")
    warehouse.publish(table, staged(warehouse, table, 1), NOBODY, expected=None)
    mine, theirs = staged(warehouse, table, 2), staged(warehouse, table, 3)
    looks: list[None] = []
    facts_of = bigquery_connector._facts

    def meanwhile(client: object, name: TableName) -> object:
        found = facts_of(client, name)
        looks.append(None)
        if len(looks) == 1:  # I have looked; they publish before I submit
            other = bigquery.warehouse()
            other.publish(table, theirs, NOBODY, expected="state 1")
            other.close()
        return found

    monkeypatch.setattr(bigquery_connector, "_facts", meanwhile)
    with pytest.raises(BaseMovedError):
        warehouse.publish(table, mine, NOBODY, expected="state 1")
    assert rows(warehouse, table) == 3
    warehouse.close()


def test_a_publish_that_failed_does_not_keep_the_next_from_it(bigquery: WarehousePlace) -> None:
    warehouse, table = bigquery.warehouse(), bigquery.table("gold", "totals")
    warehouse.publish(table, staged(warehouse, table, 1), NOBODY, expected=None)
    with pytest.raises(Exception, match="FF-680"):
        warehouse.publish(table, ["SELECT no FROM nothing"], NOBODY, expected="state 1")
    warehouse.publish(table, staged(warehouse, table, 2), NOBODY, expected="state 1")
    assert rows(warehouse, table) == 2
    warehouse.close()


def test_a_publish_whose_answer_was_lost_is_known_as_done(bigquery: WarehousePlace) -> None:
    warehouse, table = bigquery.warehouse(), bigquery.table("gold", "totals")
    warehouse.publish(table, staged(warehouse, table, 1), NOBODY, expected=None)
    statements = staged(warehouse, table, 2)
    ran = BigQuery._ran
    lost: list[str] = []

    def losing(
        self: BigQuery, client: object, statement: str, tag: Tag, *, job_id: str | None = None
    ) -> object:
        job = ran(self, client, statement, tag, job_id=job_id)
        if job_id is not None and not lost:
            lost.append(job_id)  # the client sends it again, as its library does
            return ran(self, client, statement, tag, job_id=job_id)
        return job

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(BigQuery, "_ran", losing)
        warehouse.publish(table, statements, NOBODY, expected="state 1")
    assert len(lost) == 1
    assert rows(warehouse, table) == 2
    warehouse.close()


def test_what_a_job_was_billed_is_told() -> None:
    job = SimpleNamespace(
        job_id="j",
        num_dml_affected_rows=3,
        total_bytes_billed=10_485_760,
        slot_millis=120,
        started=None,
        ended=None,
    )
    assert bigquery_connector.stats_of(job) == JobStats("j", 3, 10_485_760, 120)


def test_who_publishes_to_snowflake_meanwhile_is_seen_right_before_the_last_statement(
    snowflake: WarehousePlace,
) -> None:
    warehouse, table = snowflake.warehouse(), snowflake.table("gold", "totals")
    warehouse.publish(table, staged(warehouse, table, 1), NOBODY, expected=None)
    mine, theirs = staged(warehouse, table, 2), staged(warehouse, table, 3)
    run: Callable[..., JobStats] = Snowflake._run
    sent: list[str] = []

    def meanwhile(
        self: Snowflake, connection: object, statement: str, tag: Tag, **more: bool
    ) -> JobStats:
        done = run(self, connection, statement, tag, **more)
        sent.append(statement)
        if len(sent) == 1:  # my first statement has ended, the last has not begun
            other = snowflake.warehouse()
            other.publish(table, theirs, NOBODY, expected="state 1")
            other.close()
        return done

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Snowflake, "_run", meanwhile)
        with pytest.raises(BaseMovedError):
            warehouse.publish(table, mine, NOBODY, expected="state 1")
    assert rows(warehouse, table) == 3
    warehouse.close()

"""A kill between any two statements where each commits by itself: the old rows or the new, whole.

The state is kept in rows beside the table here, so that the kills fall between those, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import polars as pl
import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint, Made, TableVersion
from flowforge_assets.core.partition import WHOLE
from flowforge_assets.core.schema import Field, Plain, Schema
from flowforge_assets.sdk.warehouse import JobStats, Tag
from flowforge_assets.storage.store import TableSpec
from flowforge_assets.warehouse.store import WarehouseStore
from flowforge_assets.warehouse.table import WarehouseTable
from flowforge_connectors.snowflake import Snowflake
from warehouse_places import WarehousePlace

pytestmark = pytest.mark.slow

SPEC = TableSpec(DatasetKey("gold.totals"), Schema((Field("n", Plain("int64")),)))


class Killed(BaseException):
    """What no code of ours catches."""


def made(number: int) -> Made:
    return Made(
        SPEC.key,
        WHOLE,
        asset="totals",
        run_id="20260101T120000-4f3a09c2",
        step_id=f"20260101T120000-4f3a09c2/gold.totals {number}",
        fingerprint=Fingerprint(1, "c", "s", "o", "e"),
        inputs={},
        at=datetime(2026, 1, 1, tzinfo=UTC),
        rows=1,
        table=TableVersion("", 0),
    )


def publish(table: WarehouseTable, number: int) -> None:
    staged = table.stage(pl.DataFrame({"n": [number]}))
    table.commit(staged, replace=WHOLE, made=made(number))


@contextmanager
def opened(place: WarehousePlace) -> Iterator[WarehouseTable]:
    """The table, by connections of its own, which are closed at the end."""
    store = WarehouseStore(place.warehouse(), prefix=place.prefix)
    try:
        yield store.table(SPEC)
    finally:
        store.warehouse.close()


def test_a_kill_after_any_statement_leaves_rows_and_state_that_belong_together(
    snowflake: WarehousePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Snowflake, "longest_comment", 200)
    with opened(snowflake) as table:
        publish(table, 0)
    run: Callable[..., JobStats] = Snowflake._run
    left = 0

    def running(
        self: Snowflake, connection: object, statement: str, tag: Tag, **more: bool
    ) -> JobStats:
        nonlocal left
        left -= 1
        if left < -1:
            raise Killed
        done = run(self, connection, statement, tag, **more)
        if left == -1:
            raise Killed
        return done

    kills, count = 0, 1
    for kill_at in range(30):
        left = kill_at
        with pytest.MonkeyPatch.context() as patched, opened(snowflake) as table:
            patched.setattr(Snowflake, "_run", running)
            try:
                publish(table, kill_at + 1)
            except Killed:
                kills += 1
        with opened(snowflake) as table:
            version = table.version()
            assert version is not None
            rows = table.scan().collect()["n"].to_list()
            newest = table.made()[-1].step_id.rpartition(" ")[2]
        assert rows == [int(newest)]
        count = version.version
        if left >= 0:
            break
    assert 5 < kills < 30, "a kill at each statement, and an end"
    assert count >= 1

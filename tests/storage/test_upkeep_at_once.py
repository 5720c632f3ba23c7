"""One maintenance does all that there is to do, and no more than it was asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest

from flowforge_assets.core.partition import WHOLE, PartitionSet
from flowforge_assets.storage.location import open_store
from flowforge_assets.storage.upkeep import Upkeep
from storage_values import ORDERS, numbers, record, values

if TYPE_CHECKING:
    from flowforge_assets.storage.store import Store, Table

FUTURE = datetime.now(UTC) + timedelta(hours=1)
ALL = Upkeep(FUTURE, FUTURE, FUTURE)
"""Keeps the newest version alone."""
_LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@pytest.fixture
def delta(lake: Path) -> Store:
    return open_store(str(lake), format="delta")


def folder_of(table: Table) -> Path:
    return Path(unquote(urlsplit(table.uri).path))


def appended(table: Table, rows: int, *, at: datetime = _LONG_AGO) -> None:
    nothing = PartitionSet.none(())
    made = replace(record(nothing), at=at)
    table.commit(table.stage(numbers(*range(rows))), replace=nothing, made=made)


def test_a_second_maintenance_does_nothing_where_what_was_put_together_is_small(
    disk_store: Store,
) -> None:
    table = disk_store.table(ORDERS)
    for _ in range(8):
        appended(table, 1)
    (size, *_) = (path.stat().st_size for path in folder_of(table).glob("part-*"))
    upkeep = replace(ALL, target_bytes=size * 5 // 2)
    assert table.maintain(upkeep)
    version = table.version()
    assert not table.maintain(upkeep)
    assert table.version() == version
    assert len(list(folder_of(table).glob("part-*"))) == 1


def test_small_files_are_put_together_with_a_large_one_between(lake: Path) -> None:
    table = open_store(str(lake), format="parquet").table(ORDERS)
    for rows in (1, 5000, 1):
        appended(table, rows)
    small, _, large = sorted(path.stat().st_size for path in folder_of(table).glob("part-*"))
    upkeep = replace(ALL, target_bytes=large + small // 2)
    assert table.maintain(upkeep).compacted == 2
    assert not table.maintain(upkeep)


def test_commits_stay_in_the_log_though_their_files_are_gone(delta: Store) -> None:
    table = delta.table(ORDERS)
    for hour in range(5):
        made = replace(record(), at=_LONG_AGO + timedelta(hours=hour))
        table.commit(table.stage(numbers(hour)), replace=WHOLE, made=made)
    upkeep = Upkeep(FUTURE, _LONG_AGO + timedelta(hours=2), FUTURE)
    assert table.maintain(upkeep).vacuumed == 4
    assert not table.maintain(upkeep)
    told = sorted(path.name for path in (folder_of(table) / "_delta_log").glob("*.json"))
    assert int(told[0][:20]) <= 2


def test_a_state_is_said_to_be_written_once(lake: Path) -> None:
    table = open_store(str(lake), format="parquet").table(ORDERS)
    for hour in range(4):
        made = replace(record(), at=_LONG_AGO + timedelta(hours=hour))
        table.commit(table.stage(numbers(hour)), replace=WHOLE, made=made)
    dry = (True, False)
    first, second = (_LONG_AGO + timedelta(hours=hour) for hour in (1, 2))
    assert [table.maintain(Upkeep(first, first, first, is_dry=d)).state for d in dry] == [3, 3]
    done = [table.maintain(Upkeep(second, second, second, is_dry=d)) for d in dry]
    assert [(each.state, each.cleaned) for each in done] == [(None, 1), (None, 1)]


def test_a_version_is_not_old_since_the_clock_of_its_writer_is_slow(store: Store) -> None:
    table = store.table(ORDERS)
    hours = (0, 4, 2, 5)
    for hour in hours:
        made = replace(record(), at=_LONG_AGO + timedelta(hours=hour))
        table.commit(table.stage(numbers(hour)), replace=WHOLE, made=made)
    since = _LONG_AGO + timedelta(hours=3)
    table.maintain(Upkeep(since, since, FUTURE))
    for version, hour in enumerate(hours):
        assert values(table.scan(version=version)) == [hour]

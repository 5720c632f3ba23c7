"""A Delta table that is cut into other folders, while others write it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import deltalake
import polars as pl
import pytest

from flowforge_assets.core.made import Fingerprint, TableVersion
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.schema import Field, Plain
from flowforge_assets.errors.storage import BaseMovedError
from flowforge_assets.storage import delta, delta_commit
from flowforge_assets.storage.data_files import DataFile, Layout, write_files
from flowforge_assets.storage.location import open_store
from flowforge_assets.storage.store import Everything
from flowforge_assets.storage.upkeep import Upkeep
from storage_values import (
    BY_COUNTRY,
    DAILY,
    DAY,
    INT,
    WEEK,
    WEEKLY,
    day_rows,
    day_values,
    days,
    put,
    record,
    spec,
    values,
)
from store_kinds import StoreKind, opened, parameters

if TYPE_CHECKING:
    from flowforge_assets.storage.store import Store, Table

DELTA = parameters(StoreKind("delta", "delta"), StoreKind("delta-s3", "delta", "moto_s3"))
_SOON = datetime.now(UTC) + timedelta(hours=1)
NOTHING = PartitionSet.none((WEEK,))
FLAT = spec(INT, Field("country", Plain("string")))


@pytest.fixture(params=DELTA)
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return opened(request, tmp_path)


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Lets another writer commit after the next commit was decided, and before it is made."""

    def arrange(act: Callable[[], object]) -> None:
        write = delta_commit.write

        def after_act(*given: Any) -> Any:  # noqa: ANN401 - as `write` has it
            monkeypatch.setattr(delta_commit, "write", write)
            act()
            return write(*given)

        monkeypatch.setattr(delta_commit, "write", after_act)

    return arrange


def overwrite(table: Table, frame: pl.DataFrame) -> TableVersion:
    made = record(PartitionSet.none(table.spec.dimensions))
    return table.commit(table.stage(frame), replace=Everything(), made=made).table


def append(table: Table, frame: pl.DataFrame) -> None:
    table.commit(table.stage(frame), replace=NOTHING, made=record(NOTHING))


def test_what_others_append_meanwhile_is_kept_beside_the_days_that_are_written(
    lake: Store, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    other, mine = lake.table(WEEKLY), lake.table(DAILY)
    append(other, day_rows(0, 1))
    staged = mine.stage(day_rows(0, 1, n=1))
    meanwhile(lambda: append(other, day_rows(5, n=5)))
    made = mine.commit(staged, replace=days(0, 1), made=record(days(0, 1)))
    assert day_values(mine.scan()) == {0: 1, 1: 1, 5: 5}
    assert made.table == mine.version()
    assert made.table.version == 2


def test_another_layout_over_a_version_that_was_not_looked_at_is_refused(
    lake: Store, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    other, mine = lake.table(WEEKLY), lake.table(DAILY)
    base = overwrite(other, day_rows(0, 1))
    staged = mine.stage(day_rows(2, n=1))
    meanwhile(lambda: append(other, day_rows(5, n=5)))
    with pytest.raises(BaseMovedError, match="it was at version 0, now it is at version 1"):
        mine.commit(staged, replace=Everything(), made=record(days(2)), base=base)
    mine.discard(staged)
    assert day_values(other.scan()) == {0: 0, 1: 0, 5: 5}


def test_a_table_that_is_cut_otherwise_stays_the_same_one(lake: Store) -> None:
    first = overwrite(lake.table(WEEKLY), day_rows(0, 1))
    mine = lake.table(DAILY)
    second = overwrite(mine, day_rows(2))
    assert second == TableVersion(first.table_id, 1)
    assert second == mine.version()
    assert day_values(mine.scan()) == {2: 0}
    assert put(mine, day_rows(2, 3, n=4), days(2, 3)).version == 2
    assert day_values(mine.scan()) == {2: 4, 3: 4}


def test_other_programs_read_a_table_that_was_cut_otherwise(tmp_path: Path) -> None:
    store = open_store(str(tmp_path), format="delta")
    odd = ["a b", "ü/%25", "it's", "+&=?#"]
    rows = pl.DataFrame({"n": [1, 2, 3, 4], "country": odd})
    put(store.table(FLAT), rows.head(1))
    table = store.table(BY_COUNTRY)
    overwrite(table, rows)
    folder = unquote(urlsplit(table.uri).path)
    library = deltalake.DeltaTable(folder)
    assert library.metadata().partition_columns == ["country"]
    assert library.history(1)[0]["operation"] == "WRITE"
    assert values(pl.scan_delta(folder), "country") == sorted(odd)
    overwrite(table, rows.with_columns(n=pl.lit(9, pl.Int64)))
    assert values(pl.scan_delta(folder)) == [9, 9, 9, 9]
    assert len(deltalake.DeltaTable(folder).file_uris()) == 4
    overwrite(store.table(FLAT), rows.head(2))
    assert values(pl.scan_delta(folder)) == [1, 2]


def test_a_restore_into_other_folders_decides_anew_after_another_came_first(
    lake: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    overwrite(lake.table(WEEKLY), day_rows(0, 1, n=1))
    mine, other = lake.table(DAILY), lake.table(replace(DAILY, description="elsewhere"))
    overwrite(mine, day_rows(2))
    write = write_files

    def after_another(frame: pl.LazyFrame, layout: Layout) -> list[DataFile]:
        monkeypatch.setattr(delta, "write_files", write)
        put(other, day_rows(3), days(3))
        return write(frame, layout)

    monkeypatch.setattr(delta, "write_files", after_another)
    nobody = Fingerprint(0, "", "", "", "")
    by = replace(record(PartitionSet.none((DAY,))), inputs={}, fingerprint=nobody)
    restored = mine.restore(0, by)
    assert restored.table == mine.version()
    assert restored.changed == days(0, 1, 2, 3)
    assert day_values(mine.scan()) == {0: 1, 1: 1}
    done = mine.maintain(Upkeep(_SOON, _SOON, _SOON))
    assert (done.vacuumed, done.swept) == (3, 0)


def test_a_table_gets_wall_clock_times_in_the_place_of_others(lake: Store) -> None:
    put(lake.table(spec(INT)), pl.DataFrame({"n": [1]}))
    table = lake.table(spec(INT, Field("wall", Plain("timestamp_ntz"), nullable=True)))
    rows = pl.DataFrame({"n": [2], "wall": [None]}, schema={"n": pl.Int64, "wall": pl.Datetime})
    assert overwrite(table, rows).version == 1
    assert values(table.scan()) == [2]

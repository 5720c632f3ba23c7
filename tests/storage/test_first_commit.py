"""The commit that makes a Delta table, as other programs read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import deltalake
import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import WHOLE
from flowforge_assets.core.schema import Field, ListType, Plain
from flowforge_assets.errors.storage import NoTableError
from flowforge_assets.storage.delta_schema import delta_schema, physical_columns
from flowforge_assets.storage.folder_local import LocalFolder
from flowforge_assets.storage.location import open_store
from flowforge_assets.storage.store import Everything, Store, Table, TableSpec
from storage_values import (
    BY_BOTH,
    DAILY,
    INT,
    ORDERS,
    WEEKLY,
    day_rows,
    days,
    every_type,
    numbers,
    put,
    record,
    spec,
    values,
)

LOCAL = Field("at", Plain("timestamp_ntz"), nullable=True)
SPECS = {
    "plain": ORDERS,
    "days": DAILY,
    "weeks": WEEKLY,
    "two": BY_BOTH,
    "every type": every_type()[0],
    "wall clock": spec(INT, LOCAL),
    "nested wall clock": spec(INT, Field("all", ListType(Plain("timestamp_ntz"), True))),
    "said": replace(ORDERS, description='what "they" ü said', comments={"n": "how\nmany"}),
    "empty words": replace(ORDERS, comments={"n": ""}),
}


def folder_of(table: Table) -> str:
    return unquote(urlsplit(table.uri).path)


def by_the_library(folder: Path, of: TableSpec) -> deltalake.DeltaTable:
    """The table of `of` as the library itself would have made it."""
    return deltalake.DeltaTable.create(
        str(folder),
        delta_schema(of.schema, of.comments),
        partition_by=list(physical_columns(of)),
        name=str(of.key),
        description=of.description or None,
    )


@pytest.mark.parametrize("of", [pytest.param(of, id=name) for name, of in SPECS.items()])
def test_a_new_table_is_what_the_library_would_have_made(tmp_path: Path, of: TableSpec) -> None:
    table = open_store(str(tmp_path / "lake"), format="delta").table(of)
    table.record(record(WHOLE))
    ours, theirs = deltalake.DeltaTable(folder_of(table)), by_the_library(tmp_path / "their", of)
    assert ours.schema() == theirs.schema()
    assert ours.protocol() == theirs.protocol()
    assert ours.version() == theirs.version() == 0
    found, wanted = ours.metadata(), theirs.metadata()
    assert (found.name, found.description) == (wanted.name, wanted.description)
    assert found.partition_columns == wanted.partition_columns


@pytest.mark.parametrize("of", [pytest.param(of, id=name) for name, of in SPECS.items()])
def test_who_made_a_table_knows_it_as_who_opens_it(tmp_path: Path, of: TableSpec) -> None:
    maker = open_store(str(tmp_path), format="delta").table(of)
    maker.record(record(WHOLE))
    reader = open_store(str(tmp_path), format="delta").table(of)
    assert maker.version() == reader.version()
    assert maker.columns() == reader.columns()


def test_the_rows_of_who_made_a_table_are_those_of_who_opens_it(tmp_path: Path) -> None:
    maker = open_store(str(tmp_path), format="delta").table(DAILY)
    put(maker, day_rows(0, 1, 2), days(0, 1, 2))
    reader = open_store(str(tmp_path), format="delta").table(DAILY)
    for wanted in (None, days(1), days(1, 7), days(7)):
        assert (
            maker.scan(wanted)
            .collect()
            .sort("day")
            .equals(reader.scan(wanted).collect().sort("day"))
        )


def test_a_table_that_was_just_made_is_written_again(tmp_path: Path) -> None:
    table = open_store(str(tmp_path), format="delta").table(DAILY)
    put(table, day_rows(0, 1), days(0, 1))
    put(table, day_rows(1, 2, n=5), days(1, 2))
    assert values(table.scan()) == [0, 5, 5]
    assert deltalake.DeltaTable(folder_of(table)).version() == 1


def test_of_two_that_make_a_table_one_decides_anew(tmp_path: Path) -> None:
    mine = open_store(str(tmp_path), format="delta").table(ORDERS)
    other = open_store(str(tmp_path), format="delta").table(ORDERS)
    staged = mine.stage(numbers(1))
    nothing = replace(record(WHOLE), partitions=WHOLE)
    put(other, numbers(2))
    assert mine.commit(staged, replace=Everything(), made=nothing).table.version == 1
    assert values(other.scan()) == [1]


def test_a_table_that_is_gone_as_it_is_made_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store: Store = open_store(str(tmp_path), format="delta")
    create: Callable[[LocalFolder, str, bytes], bool] = LocalFolder.create

    def and_gone(folder: LocalFolder, path: str, content: bytes) -> bool:
        is_new = create(folder, path, content)
        folder.remove([path])
        return is_new

    monkeypatch.setattr(LocalFolder, "create", and_gone)
    table = store.table(replace(ORDERS, key=DatasetKey("silver.gone")))
    staged = table.stage(numbers(1))
    with pytest.raises(NoTableError, match=r"`silver.gone` was removed while it was written"):
        table.commit(staged, replace=WHOLE, made=record())

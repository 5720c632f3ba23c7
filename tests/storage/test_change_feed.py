"""Changes of tables that someone else writes."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake

from flowforge_assets.storage.changes import COUNT, changes_of
from flowforge_assets.storage.external import ExternalTable, external_table
from flowforge_assets.storage.external_files import external_files
from storage_values import DAILY, ORDERS, day_rows, days, numbers

FEEDS = pytest.mark.parametrize("has_feed", [True, False])


def written(folder: Path, *, has_feed: bool) -> ExternalTable:
    """A table of 1 and 2 that someone else has written, who then made 1 a 5 and added 7."""
    settings: dict[str, str | None] = {"delta.enableChangeDataFeed": str(has_feed).lower()}
    write_deltalake(folder / "orders", numbers(1, 2), configuration=settings)
    DeltaTable(folder / "orders").update(predicate="n = 1", updates={"n": "5"})
    write_deltalake(folder / "orders", numbers(7), mode="append")
    return external_table(ORDERS, external_files("orders", root=folder), at="orders")


def found(table: ExternalTable, since: int, until: int) -> list[tuple[int, int]]:
    return sorted(changes_of(table, since, until, None).collect().select("n", COUNT).rows())


@FEEDS
def test_changes_are_those_of_any_two_versions(tmp_path: Path, *, has_feed: bool) -> None:
    table = written(tmp_path, has_feed=has_feed)
    assert found(table, 0, 1) == [(1, -1), (5, 1)]
    assert found(table, 0, 2) == [(1, -1), (5, 1), (7, 1)]
    assert found(table, 1, 2) == [(7, 1)]


def test_a_feed_that_was_turned_on_later_is_made_up_for(tmp_path: Path) -> None:
    write_deltalake(tmp_path / "orders", numbers(1))
    write_deltalake(tmp_path / "orders", numbers(2), mode="append")
    table = DeltaTable(tmp_path / "orders")
    table.alter.set_table_properties({"delta.enableChangeDataFeed": "true"})
    write_deltalake(tmp_path / "orders", numbers(3), mode="append")
    external = external_table(ORDERS, external_files("orders", root=tmp_path), at="orders")
    assert found(external, 0, 3) == [(2, 1), (3, 1)]


@FEEDS
def test_changes_of_some_partitions_are_theirs_alone(tmp_path: Path, *, has_feed: bool) -> None:
    settings: dict[str, str | None] = {"delta.enableChangeDataFeed": str(has_feed).lower()}
    place = tmp_path / "daily"
    write_deltalake(place, day_rows(0), configuration=settings, partition_by=["day"])
    write_deltalake(place, day_rows(0, 1, n=5), mode="append")
    table = external_table(DAILY, external_files("daily", root=tmp_path), at="daily")
    rows = changes_of(table, 0, 1, days(1)).collect()
    assert rows.select("n", COUNT).rows() == [(5, 1)]


def test_a_version_that_a_function_tells_is_none_of_the_table(tmp_path: Path) -> None:
    write_deltalake(tmp_path / "orders", numbers(1))
    write_deltalake(tmp_path / "orders", numbers(2), mode="append")
    files = external_files("orders", root=tmp_path)
    table = external_table(ORDERS, files, at="orders", told="monday")
    version = table.version()
    assert version is not None
    assert sorted(table.scan(version=version.version).collect()["n"]) == [1, 2]
    assert isinstance(table.scan(), pl.LazyFrame)

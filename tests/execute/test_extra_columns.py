from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets import Bronze, Col, Daily, Frame, Silver, Table, asset, col
from flowforge_assets.errors.check import UndeclaredColumnError
from flowforge_assets.errors.storage import SchemaChangeError
from pipelines import Pipeline, pipeline

STORES = ["memory", "delta", "parquet"]
DAY = Daily(start="2026-01-01", end="2026-01-03")
EXTRA: dict[int, dict[str, object]] = {}


@pytest.fixture(autouse=True)
def _no_extra() -> None:
    EXTRA.clear()


class Kept(Bronze, partition=DAY.on("day"), extra="keep"):
    day: Col[date] = col()


class Dropped(Bronze, partition=DAY.on("day"), extra="drop"):
    day: Col[date] = col()


class Refused(Bronze, partition=DAY.on("day")):
    day: Col[date] = col()


class Seen(Silver, partition=DAY.on("day")):
    day: Col[date] = col()


class Whole(Bronze, extra="keep"):
    n: Col[int] = col()


def _rows(day: date) -> pl.DataFrame:
    return pl.DataFrame({"day": [day]}).with_columns(
        pl.lit(value).alias(name) for name, value in EXTRA.get(day.day, {}).items()
    )


@asset
def kept(day: date) -> Table[Kept]:
    return _rows(day)


@asset
def seen(rows: Frame[Kept]) -> Frame[Seen]:
    return rows


def _stored(found: Pipeline) -> dict[int, dict[str, object]]:
    """What each day has beyond the declared columns, as the table holds it."""
    rows = found.table(Kept).scan().collect().sort("day").to_dicts()
    return {row.pop("day").day: row for row in rows}


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("workers", [1, 2])
def test_an_extra_column_is_kept_and_hidden_from_readers(
    tmp_path: Path, store: str, workers: int
) -> None:
    EXTRA[2] = {"note": "late"}
    found = pipeline(tmp_path, kept, seen, store=store, workers=workers)
    assert found.run().errors == ()
    assert _stored(found) == {1: {"note": None}, 2: {"note": "late"}, 3: {"note": None}}
    assert len(found.rows(Seen)) == 3


@pytest.mark.parametrize("store", STORES)
def test_a_kept_column_stays_when_it_no_longer_comes(tmp_path: Path, store: str) -> None:
    EXTRA[1] = {"note": "first"}
    found = pipeline(tmp_path, kept, seen, store=store)
    assert found.run(partitions="2026-01-01").errors == ()
    assert found.run(partitions="2026-01-02").errors == ()
    EXTRA[3] = {"size": 3}
    assert found.run().errors == ()
    assert _stored(found) == {
        1: {"note": "first", "size": None},
        2: {"note": None, "size": None},
        3: {"note": None, "size": 3},
    }
    found.store = found.environment.open_store() if store != "memory" else found.store
    assert found.run(force=True).errors == ()
    assert len(found.rows(Seen)) == 3


@pytest.mark.parametrize("store", STORES)
def test_a_kept_column_of_another_type_is_refused(tmp_path: Path, store: str) -> None:
    EXTRA[1] = {"note": "first"}
    found = pipeline(tmp_path, kept, store=store)
    found.run(partitions="2026-01-01")
    EXTRA[2] = {"note": 2}
    (error,) = found.run(partitions="2026-01-02").errors
    assert isinstance(error, SchemaChangeError)
    assert "note" in error.message
    assert _stored(found) == {1: {"note": "first"}}


def test_calls_of_one_batch_may_not_disagree_on_a_kept_column(tmp_path: Path) -> None:
    EXTRA.update({1: {"note": "first"}, 2: {"note": 2}})
    found = pipeline(tmp_path, kept)
    assert {type(error) for error in found.run().errors} == {SchemaChangeError}


def test_an_extra_column_is_dropped_where_the_dataset_says_so(tmp_path: Path) -> None:
    @asset
    def dropped(day: date) -> Table[Dropped]:
        return pl.DataFrame({"day": [day], "note": ["x"]})

    found = pipeline(tmp_path, dropped)
    assert found.run().errors == ()
    columns = found.table(Dropped).columns()
    assert columns is not None
    assert columns.names() == ["day"]


def test_an_extra_column_is_refused_by_default(tmp_path: Path) -> None:
    @asset
    def refused(day: date) -> Table[Refused]:
        return pl.DataFrame({"day": [day], "note": ["x"]})

    errors = pipeline(tmp_path, refused).run().errors
    assert {type(error) for error in errors} == {UndeclaredColumnError}


@pytest.mark.parametrize("store", STORES)
def test_an_unpartitioned_dataset_keeps_its_columns_as_well(tmp_path: Path, store: str) -> None:
    @asset
    def whole() -> Table[Whole]:
        rows = pl.DataFrame({"n": [1]})
        return rows.with_columns(note=pl.lit("x")) if EXTRA else rows

    found = pipeline(tmp_path, whole, store=store)
    EXTRA[1] = {}
    assert found.run().errors == ()
    EXTRA.clear()
    assert found.run(force=True).errors == ()
    assert found.rows(Whole, "n") == [1]

"""Columns that come with another type than they have, where bad rows go to quarantine."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flowforge_assets import Bronze, Col, Daily, Table, asset, col
from flowforge_assets.errors.check import ColumnTypeError
from flowforge_assets.errors.run import TooManyBadRowsError
from flowforge_assets.errors.storage import SchemaChangeError
from flowforge_assets.execute.bad_rows import bad_spec
from pipelines import Pipeline, pipeline

STORES = ["memory", "delta", "parquet"]
DAY = Daily(start="2026-01-01", end="2026-01-02")
GIVEN: dict[str, pl.DataFrame] = {}


class Meters(Bronze):
    id: Col[int] = col()
    value: Col[float | None] = col(ge=0)


class Open(Bronze, extra="keep"):
    id: Col[int] = col()


class Days(Bronze, partition=DAY.on("day")):
    day: Col[date] = col()
    value: Col[float | None] = col()


@asset(bad_rows="quarantine")
def meters() -> Table[Meters]:
    return GIVEN["rows"]


@asset(name="meters_few", bad_rows="quarantine", max_bad=0.25)
def meters_few() -> Table[Meters]:
    return GIVEN["rows"]


@asset(name="meters_stop")
def meters_stop() -> Table[Meters]:
    return GIVEN["rows"]


@asset(name="open_", bad_rows="quarantine")
def open_() -> Table[Open]:
    return GIVEN["rows"]


@asset(name="open_stop")
def open_stop() -> Table[Open]:
    return GIVEN["rows"]


@asset(bad_rows="quarantine")
def days(day: date) -> Table[Days]:
    value: float | str = 1.0 if day.day == 1 else "high"
    return pl.DataFrame({"day": [day], "value": [value]})


def set_aside(found: Pipeline, dataset: type, *columns: str) -> list[Any]:
    definition = next(d for d in found.graph.datasets.values() if d.cls is dataset)
    return found.store.table(bad_spec(definition)).scan().collect().select(columns).rows()


@pytest.mark.parametrize("store", STORES)
def test_rows_with_a_value_of_another_type_are_set_aside(tmp_path: Path, store: str) -> None:
    GIVEN["rows"] = pl.DataFrame({"id": [1, 2], "value": ["high", None]})
    found = pipeline(tmp_path, meters, store=store)
    assert found.run().errors == ()
    assert found.rows(Meters) == [(2, None)]
    assert set_aside(found, Meters, "id", "value", "_broken_rules", "_changed") == [
        (1, None, ["type of value: float64 came as string"], '{"value":"high"}')
    ]


def test_all_rows_are_set_aside_where_the_column_must_not_be_null(tmp_path: Path) -> None:
    GIVEN["rows"] = pl.DataFrame({"id": ["1", None], "value": [1.0, 2.0]})
    found = pipeline(tmp_path, meters, store="memory")
    assert found.run().errors == ()
    assert found.rows(Meters) == []
    assert set_aside(found, Meters, "id", "value", "_changed") == [
        (None, 1.0, '{"id":"1"}'),
        (None, 2.0, '{"id":null}'),
    ]


def test_rows_that_break_a_rule_lie_beside_those_of_another_type(tmp_path: Path) -> None:
    GIVEN["rows"] = pl.DataFrame({"id": [1, 2, 3], "value": [1.0, -1.0, 2.0]})
    found = pipeline(tmp_path, meters, store="memory")
    found.run()
    GIVEN["rows"] = pl.DataFrame({"id": ["1"], "value": [-1.0]})
    found.run(force=True)
    ((rules,),) = set_aside(found, Meters, "_broken_rules")
    assert rules == ["type of id: int64 came as string"]


def test_no_more_are_set_aside_than_max_bad_allows(tmp_path: Path) -> None:
    GIVEN["rows"] = pl.DataFrame({"id": [1, 2, 3], "value": ["high", None, None]})
    (error,) = pipeline(tmp_path, meters_few, store="memory").run().errors
    assert isinstance(error, TooManyBadRowsError)
    assert "1 of 3 rows" in error.message


def test_without_a_quarantine_another_type_is_an_error(tmp_path: Path) -> None:
    GIVEN["rows"] = pl.DataFrame({"id": [1], "value": ["high"]})
    (error,) = pipeline(tmp_path, meters_stop, store="memory").run().errors
    assert isinstance(error, ColumnTypeError)


@pytest.mark.parametrize("store", STORES)
def test_a_kept_column_that_comes_with_another_type_is_set_aside(
    tmp_path: Path, store: str
) -> None:
    GIVEN["rows"] = pl.DataFrame({"id": [1], "note": [7]})
    found = pipeline(tmp_path, open_, store=store)
    found.run()
    GIVEN["rows"] = pl.DataFrame({"id": [1, 2], "note": [None, "late"]})
    assert found.run(force=True).errors == ()
    assert found.rows(Open) == [(1, None)]
    assert set_aside(found, Open, "id", "_broken_rules", "_changed") == [
        (2, ["type of note: int64 came as string"], '{"note":"late"}')
    ]


def test_a_kept_column_of_another_type_stops_the_write_without_a_quarantine(
    tmp_path: Path,
) -> None:
    GIVEN["rows"] = pl.DataFrame({"id": [1], "note": [7]})
    found = pipeline(tmp_path, open_stop, store="memory")
    found.run()
    GIVEN["rows"] = pl.DataFrame({"id": [1], "note": ["late"]})
    (error,) = found.run(force=True).errors
    assert isinstance(error, SchemaChangeError)


def test_a_new_extra_column_is_told_the_first_time(tmp_path: Path) -> None:
    GIVEN["rows"] = pl.DataFrame({"id": [1], "note": [7]})
    found = pipeline(tmp_path, open_stop, store="memory")
    found.run()
    told = [event.message for event in found.events if event.event == "step_finished"]
    assert told == ["the new column `note` is kept"]
    found.run(force=True)
    assert [e.message for e in found.events if e.event == "step_finished"] == [None]


@pytest.mark.parametrize("store", STORES)
def test_only_the_partition_of_another_type_is_set_aside(tmp_path: Path, store: str) -> None:
    found = pipeline(tmp_path, days, store=store)
    assert found.run().errors == ()
    assert found.rows(Days) == [(date(2026, 1, 1), 1.0)]
    assert set_aside(found, Days, "day", "_changed") == [(date(2026, 1, 2), '{"value":"high"}')]

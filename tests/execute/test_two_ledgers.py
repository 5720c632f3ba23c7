"""Two people with a ledger each, or CI and a person, who write to one store."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets import Before, Bronze, Col, Daily, Frame, Gold, Silver, asset, col, key
from flowforge_assets.project.environment import Environment
from flowforge_assets.project.stores import StoreConfig
from pipelines import Function, Pipeline, pipeline

DAY = Daily(start="2026-01-01", end="2026-01-03")
STORES = pytest.mark.parametrize("store", ["memory", "delta", "parquet"])


class Raw(Bronze, partition=DAY.on("day")):
    id: Col[int] = col()
    day: Col[date] = col()


class Log(Silver):
    id: Col[int] = col()
    day: Col[date] = col()


class Seen(Silver):
    id: Col[int] = key()
    day: Col[date] = col()


class States(Silver):
    id: Col[int] = key()
    day: Col[date] = col()
    since: Col[datetime] = col(valid_from=True)
    until: Col[datetime | None] = col(valid_to=True)


class Counter(Gold):
    runs: Col[int] = col()


@asset
def raw(day: date) -> Frame[Raw]:
    return pl.LazyFrame({"id": [1, day.day + 10]}).with_columns(day=pl.lit(day))


@asset(write="append", per=DAY)
def log(raw: Frame[Raw]) -> Frame[Log]:
    return raw


@asset(write="insert", per=DAY)
def seen(raw: Frame[Raw]) -> Frame[Seen]:
    return raw


@asset(write="scd2", per=DAY)
def states(raw: Frame[Raw]) -> Frame[States]:
    return raw


@asset(write="merge", per=DAY, name="seen")
def merged(raw: Frame[Raw]) -> Frame[Seen]:
    return raw


@asset(name="whole_log")
def whole(raw: Frame[Raw]) -> Frame[Log]:
    return raw


@asset
def counter(raw: Frame[Raw], before: Before[Counter]) -> Frame[Counter]:
    return before.select(pl.col("runs").max().fill_null(0) + 1)


@asset(write="insert", name="next_seen")
def next_seen(raw: Frame[Raw], before: Before[Seen]) -> Frame[Seen]:
    return after(before)


@asset(write="scd2", name="next_state")
def next_state(raw: Frame[Raw], before: Before[States]) -> Frame[States]:
    return after(before)


def after(before: pl.LazyFrame) -> pl.LazyFrame:
    """A row whose key is one more than the last there is."""
    number = pl.col("id").max().fill_null(0) + 1
    return before.select(number, day=pl.lit(date(2026, 1, 1)))


def two(tmp_path: Path, *functions: Function, store: str) -> tuple[Pipeline, Pipeline]:
    """The same pipeline twice, over one store; neither ledger knows of the other's runs."""
    mine = pipeline(tmp_path / "mine", *functions, store=store)
    place = mine.environment.location
    config = replace(mine.environment.config, store=StoreConfig(place))
    environment = Environment("dev", config, tmp_path / "theirs")
    theirs = replace(mine, folder=tmp_path / "theirs", environment=environment, events=[])
    for each in (mine, theirs):  # a ledger that is not there yet would be read from the store
        assert each.run(["bronze.raw"]).status == "succeeded"
    return mine, theirs


@STORES
def test_what_two_append_is_there_once(store: str, tmp_path: Path) -> None:
    mine, theirs = two(tmp_path, raw, log, store=store)
    assert mine.run(partitions="2026-01-01..2026-01-02").status == "succeeded"
    result = theirs.run()
    assert {error.code for error in result.errors} == {"FF-621"}
    assert "was made by run" in result.errors[0].message
    assert theirs.run().errors == ()
    assert mine.rows(Log) == mine.rows(Raw)
    assert not theirs.plan().steps
    assert [error.code for error in mine.run().errors] == ["FF-621"]
    assert not mine.plan().steps
    assert mine.rows(Log) == mine.rows(Raw)


@STORES
@pytest.mark.parametrize("made", [seen, merged, whole], ids=lambda made: made.__name__)
def test_what_is_not_added_twice_both_may_write(made: Function, store: str, tmp_path: Path) -> None:
    mine, theirs = two(tmp_path, raw, made, store=store)
    assert mine.run().errors == ()
    target = next(d.cls for d in mine.graph.datasets.values() if d.key != "bronze.raw")
    assert target is not None
    before = mine.rows(target)
    assert theirs.run().errors == ()
    assert mine.rows(target) == before
    assert mine.run().errors == ()
    assert mine.rows(target) == before


@STORES
def test_states_that_another_has_told_are_not_told_again(store: str, tmp_path: Path) -> None:
    mine, theirs = two(tmp_path, raw, states, store=store)
    assert mine.run().errors == ()
    before = mine.rows(States)
    (error,) = theirs.run().errors
    assert error.code == "FF-621"
    assert "was made by run" in error.message
    assert mine.rows(States) == before
    assert not theirs.plan().steps
    assert theirs.run().errors == ()


@STORES
def test_what_is_appended_whole_is_there_once(store: str, tmp_path: Path) -> None:
    @asset(write="append")
    def log(raw: Frame[Raw]) -> Frame[Log]:
        return raw.filter(pl.col("id") == 1)

    mine, theirs = two(tmp_path, raw, log, store=store)
    assert mine.run().errors == ()
    assert [error.code for error in theirs.run().errors] == ["FF-621"]
    assert len(mine.rows(Log)) == 3
    assert not theirs.plan(["silver.log"]).steps


@STORES
def test_what_was_worked_out_from_before_is_not_written_over_what_came_since(
    store: str, tmp_path: Path
) -> None:
    mine, theirs = two(tmp_path, raw, counter, store=store)
    assert mine.run().errors == ()
    assert [error.code for error in theirs.run().errors] == ["FF-621"]
    assert theirs.run(["gold.counter"], force=True).errors == ()
    assert mine.rows(Counter) == [(2,)]


@STORES
@pytest.mark.parametrize("made", [next_seen, next_state], ids=["insert", "scd2"])
def test_what_was_worked_out_from_before_is_not_added_to_what_came_since(
    made: Function, store: str, tmp_path: Path
) -> None:
    mine, theirs = two(tmp_path, raw, made, store=store)
    target = Seen if made is next_seen else States
    assert mine.run().errors == ()
    assert mine.rows(target, "id") == [1]
    (error,) = theirs.run().errors
    assert error.code == "FF-621"
    assert mine.rows(target, "id") == [1]
    theirs.now += timedelta(hours=1)
    assert theirs.run([f"silver.{target.__name__.lower()}"], force=True).errors == ()
    assert mine.rows(target, "id") == [1, 2]


@STORES
@pytest.mark.parametrize("made", [log, seen, states], ids=lambda made: made.__name__)
def test_two_that_write_at_the_same_time_leave_each_row_once(
    made: Function, store: str, tmp_path: Path
) -> None:
    mine, theirs = two(tmp_path, raw, made, store=store)
    # two threads of one program would share one object of a store
    if store != "memory":
        theirs = replace(theirs, store=theirs.environment.open_store())
    with ThreadPoolExecutor(2) as both:
        ended = [both.submit(each.run) for each in (mine, theirs)]
    said = {error.code for each in ended for error in each.result().errors}
    assert said <= {"FF-621", "FF-740"}
    for each in (mine, theirs):
        each.run()
        assert not each.plan().steps
    target = next(d.cls for d in mine.graph.datasets.values() if d.key != "bronze.raw")
    assert target is not None
    found = mine.rows(target, "id")
    assert sorted(found) == ([1, 1, 1, 11, 12, 13] if target is not Seen else [1, 11, 12, 13])
    if target is States:
        open_states = mine.table(States).scan().filter(pl.col("until").is_null()).collect()
        assert sorted(open_states["id"].to_list()) == [1, 11, 12, 13]

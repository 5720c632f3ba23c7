from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets import (
    Bronze,
    Col,
    Daily,
    Frame,
    Gold,
    Out,
    Ref,
    Retries,
    Silver,
    Table,
    Written,
    asset,
    col,
)
from flowforge_assets.core.event import Event, OnEvent
from flowforge_assets.errors.job import (
    JobCancelledError,
    JobFailedError,
    JobNotStartedError,
)
from flowforge_assets.errors.run import StepTimeoutError
from flowforge_assets.execute.jobs import JobPlaces
from flowforge_assets.record.jobs import JobLog
from flowforge_assets.sdk.fake import FakeJobs
from flowforge_assets.sdk.job import JobRef, JobState
from pipelines import Pipeline, pipeline

DAY = Daily(start="2026-01-01", end="2026-01-03")
AT_ONCE = Retries(1, delay_seconds=0)


class Orders(Bronze, partition=DAY.on("day")):
    day: Col[date] = col()
    n: Col[int] = col()


class Wide(Silver, partition=DAY.on("day")):
    day: Col[date] = col()
    n: Col[int] = col(ge=0)


class Days(Gold):
    n: Col[int] = col()


@asset
def orders(day: date) -> Table[Orders]:
    return pl.DataFrame({"day": [day], "n": [day.day]})


@asset(retries=AT_ONCE)
def wide(day: date, src: Ref[Orders], out: Out[Wide], jobs: FakeJobs) -> Written[Wide]:
    jobs.run("wide", src=src.url, version=str(src.version), out=out.url, day=str(day))
    return out.written(by="wide", on=day)


@asset
def days(rows: Frame[Wide]) -> Frame[Days]:
    return rows.select(n=pl.len().cast(pl.Int64))


def write_wide(src: str, version: str, out: str, day: str) -> None:
    rows = pl.scan_delta(src, version=int(version)).filter(pl.col("day") == date.fromisoformat(day))
    rows.with_columns(n=pl.col("n") * 10).collect().write_delta(out)


@pytest.fixture
def jobs() -> FakeJobs:
    return FakeJobs(wide=write_wide)


@pytest.fixture
def lake(tmp_path: Path, jobs: FakeJobs) -> Pipeline:
    made = pipeline(tmp_path, orders, wide, days, store="delta", workers=2)
    made.given = (jobs,)
    return made


def staged(lake: Pipeline) -> list[str]:
    """What is left in the folders in which jobs write."""
    root = lake.environment.folder / "lake" / "_staging"
    return sorted(path.name for path in root.glob("*/*/*"))


def remembered(lake: Pipeline) -> list[str]:
    log = JobLog(lake.environment.ledger_path)
    try:
        return sorted(log.places())
    finally:
        log.close()


def test_a_job_writes_beside_the_table_and_its_rows_are_committed(
    lake: Pipeline, jobs: FakeJobs
) -> None:
    assert lake.run().status == "succeeded"
    assert lake.rows(Wide, "n") == [10, 20, 30]
    assert lake.rows(Days, "n") == [3]
    assert len(jobs.submitted) == 3
    assert lake.plan().steps == ()


def test_what_an_asset_says_of_a_job_is_kept_with_the_commit(lake: Pipeline) -> None:
    lake.run(partitions="2026-01-01")
    (made,) = lake.table(Wide).made()
    assert made.meta == {"by": "wide", "on": "2026-01-01"}


def test_nothing_is_left_of_a_job_when_its_rows_are_committed(lake: Pipeline) -> None:
    lake.run()
    assert staged(lake) == []
    assert remembered(lake) == []


@pytest.mark.parametrize("store", ["memory", "parquet"])
def test_a_job_reads_a_copy_of_what_only_we_can_read(tmp_path: Path, store: str) -> None:
    lake = pipeline(tmp_path, orders, wide, days, store=store)
    lake.given = (jobs := FakeJobs(wide=write_wide),)
    assert lake.run().status == "succeeded"
    assert lake.rows(Wide, "n") == [10, 20, 30]
    assert {request.arguments["version"] for request in jobs.submitted} == {"0"}
    assert list(lake.environment.folder.rglob("read/*")) == []


def test_a_job_is_given_places_versions_and_partitions(lake: Pipeline, jobs: FakeJobs) -> None:
    lake.run(partitions="2026-01-02")
    (request,) = jobs.submitted
    table = lake.table(Orders)
    version = table.version()
    assert version is not None
    assert request.arguments["src"] == table.uri
    assert request.arguments["version"] == str(version.version)
    assert request.arguments["out"].startswith(f"{lake.store.uri}/_staging/silver/wide/")


def test_each_submission_has_a_token_of_its_own(lake: Pipeline, jobs: FakeJobs) -> None:
    lake.run()
    tokens = {request.token for request in jobs.submitted}
    assert len(tokens) == 3
    assert "" not in tokens


def test_two_partitions_are_written_at_the_same_time(tmp_path: Path) -> None:
    both = threading.Barrier(2, timeout=30)

    def meet(**arguments: str) -> None:
        both.wait()
        write_wide(**arguments)

    lake = pipeline(tmp_path, orders, wide, store="delta", workers=2)
    lake.given = (FakeJobs(wide=meet),)
    assert lake.run(partitions="2026-01-01..2026-01-02").status == "succeeded"
    assert lake.rows(Wide, "n") == [10, 20]


def test_a_failed_job_is_submitted_anew_by_the_next_try(lake: Pipeline, jobs: FakeJobs) -> None:
    jobs.fail("wide", "out of memory")
    assert lake.run(partitions="2026-01-01").status == "succeeded"
    first, second = (request.arguments["out"] for request in jobs.submitted)
    assert first != second


def test_a_job_that_fails_each_time_fails_its_step_with_its_own_words(tmp_path: Path) -> None:
    def fails(**_: str) -> None:
        msg = "no cluster"
        raise RuntimeError(msg)

    lake = pipeline(tmp_path, orders, wide, days, store="delta")
    lake.given = (jobs := FakeJobs(wide=fails),)
    result = lake.run(partitions="2026-01-01")
    assert result.status == "failed"
    (error,) = result.errors
    assert isinstance(error, JobFailedError)
    assert error.message == "the job `wide` failed: RuntimeError: no cluster"
    assert len(jobs.submitted) == 2
    assert lake.table(Wide).version() is None
    assert staged(lake) == remembered(lake) == []


def test_a_lost_job_is_submitted_anew_by_the_next_try(lake: Pipeline, jobs: FakeJobs) -> None:
    jobs.lose("wide")
    assert lake.run(partitions="2026-01-01").status == "succeeded"
    assert len(jobs.submitted) == 2


class Shaky(FakeJobs):
    """Cannot be reached the first time that a job is looked at."""

    def __init__(self, wide: Callable[..., object]) -> None:
        super().__init__(wide=wide)
        self.is_reached = False

    def poll(self, ref: JobRef) -> JobState:
        if not self.is_reached:
            self.is_reached = True
            msg = "no network"
            raise ConnectionError(msg)
        return super().poll(ref)


def test_a_job_whose_runner_cannot_be_reached_is_taken_up_by_the_next_try(lake: Pipeline) -> None:
    lake.given = (jobs := Shaky(wide=write_wide),)
    assert lake.run(partitions="2026-01-01").status == "succeeded"
    assert len(jobs.submitted) == 1
    assert staged(lake) == remembered(lake) == []


def test_a_job_that_nobody_knows_is_not_tried_again(tmp_path: Path) -> None:
    lake = pipeline(tmp_path, orders, wide, store="delta")
    lake.given = (FakeJobs(),)
    (error,) = lake.run(partitions="2026-01-01").errors
    assert isinstance(error, JobNotStartedError)


def test_a_stopped_run_cancels_its_jobs(lake: Pipeline, jobs: FakeJobs) -> None:
    jobs.hold("wide")
    lake.on_event = _when_a_step_begins("wide", lake.stop.set)
    result = lake.run(partitions="2026-01-01")
    assert result.status == "cancelled"
    assert [type(error) for error in result.errors] == [JobCancelledError]
    assert len(jobs.cancelled) == 1
    lake.stop.clear()
    lake.on_event = None
    assert lake.run(partitions="2026-01-01").status == "succeeded"
    assert len(jobs.submitted) == 2
    assert staged(lake) == remembered(lake) == []


def _when_a_step_begins(asset: str, act: Callable[[], object]) -> OnEvent:
    def hear(event: Event) -> None:
        if event.event == "step_started" and event.asset == asset:
            act()

    return hear


class Slow(Silver):
    n: Col[int] = col()


@asset(timeout=1, retries=AT_ONCE)
def slow(out: Out[Slow], jobs: FakeJobs) -> Written[Slow]:
    jobs.run("slow", out=out.url)
    return out.written()


class Endless(Silver):
    n: Col[int] = col()


@asset(timeout=0.05, retries=AT_ONCE)
def endless(out: Out[Endless], jobs: FakeJobs) -> Written[Endless]:
    jobs.run("endless", out=out.url)
    return out.written()


def write_one(out: str) -> None:
    pl.DataFrame({"n": [1]}).write_delta(out)


def test_a_job_that_takes_too_long_is_cancelled_before_another_is_submitted(
    tmp_path: Path,
) -> None:
    lake = pipeline(tmp_path, slow, store="delta")
    lake.given = (jobs := FakeJobs(slow=write_one),)
    jobs.hold("slow")
    result = lake.run()
    assert len(jobs.submitted) == 2
    assert len(jobs.cancelled) == 1
    assert result.status == "succeeded"
    assert lake.rows(Slow, "n") == [1]


def test_a_step_whose_jobs_take_too_long_fails_as_such(tmp_path: Path) -> None:
    lake = pipeline(tmp_path, endless, store="delta")
    lake.given = (jobs := FakeJobs(endless=lambda **_: never.wait()),)
    never = threading.Event()
    try:
        (error,) = lake.run().errors
    finally:
        never.set()
    assert isinstance(error, StepTimeoutError)
    assert len(jobs.cancelled) == 1
    assert len(jobs.submitted) == 1  # the first goes on, so that no other may begin


class One(Silver):
    n: Col[int] = col()


class Two(Silver):
    n: Col[int] = col()


@asset
def both(one: Out[One], two: Out[Two]) -> tuple[Written[One], Written[Two]]:
    pl.DataFrame({"n": [1]}).write_delta(one.url)
    pl.DataFrame({"n": [2]}).write_delta(two.url)
    return one.written(), two.written()


def test_one_call_writes_two_datasets_without_a_runner(tmp_path: Path) -> None:
    lake = pipeline(tmp_path, both, store="delta")
    assert lake.run().status == "succeeded"
    assert (lake.rows(One, "n"), lake.rows(Two, "n")) == ([1], [2])
    assert staged(lake) == []


def test_a_store_in_memory_has_places_on_disk(tmp_path: Path) -> None:
    lake = pipeline(tmp_path, both, store="memory")
    assert lake.run().status == "succeeded"
    assert (lake.rows(One, "n"), lake.rows(Two, "n")) == ([1], [2])


def test_a_store_of_parquet_files_takes_what_jobs_write(tmp_path: Path) -> None:
    lake = pipeline(tmp_path, both, store="parquet")
    assert lake.run().status == "succeeded"
    assert lake.rows(Two, "n") == [2]


def test_old_places_that_no_job_knows_are_swept(lake: Pipeline) -> None:
    lake.run(partitions="2026-01-01")
    root = lake.environment.folder / "lake" / "_staging"
    orphan = root / "silver" / "wide" / ("0" * 32)
    orphan.mkdir(parents=True)
    (root / "silver" / "wide" / "mine").mkdir()
    log = JobLog(lake.environment.ledger_path)
    places = JobPlaces(log, lake.folder, lake.clock, lake.stop)
    try:
        uri = lake.store.uri
        assert places.sweep(uri, timedelta(days=3650)) == []
        assert places.sweep(uri, timedelta(days=-3650)) == [orphan]
        assert not orphan.exists()
    finally:
        places.close()


@pytest.fixture(autouse=True)
def _threads_end() -> Iterator[None]:
    yield
    for thread in threading.enumerate():
        if thread.name.startswith("fake job"):
            thread.join(10)

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import WHOLE
from flowforge_assets.declare.definition import AssetDefinition, Output
from flowforge_assets.errors.base import Place
from flowforge_assets.errors.job import JobCancelledError, JobLostError
from flowforge_assets.errors.run import StepTimeoutError
from flowforge_assets.execute.jobs import JobPlaces, JobStep
from flowforge_assets.record.jobs import JobLog, JobRecordState
from flowforge_assets.sdk.job import JobRef, JobRequest, JobState

WIDE = DatasetKey("silver.wide")
ASSET = AssetDefinition("wide", (Output(WIDE, "written"),), Place("lake.py", 1))
EXTRACT, LOAD = JobRequest("extract", {"day": "1"}), JobRequest("load")
ONE, TWO = JobRef("local", "1"), JobRef("local", "2")


@pytest.fixture
def places(tmp_path: Path) -> Iterator[JobPlaces]:
    log = JobLog(tmp_path / "ledger.db")
    yield JobPlaces(log, tmp_path / "kept", lambda: datetime(2026, 1, 1, tzinfo=UTC), Event())
    log.close()


def a_try(
    places: JobPlaces,
    *,
    made_from: str = "same",
    asset: AssetDefinition = ASSET,
    anew: bool = False,
) -> JobStep:
    return JobStep(places, asset, WHOLE, store_uri="memory://", made_from=made_from, anew=anew)


def submitted(step: JobStep, request: JobRequest, ref: JobRef) -> None:
    assert step.find(ref.runner, request) is None
    step.submitted(request, ref)


def test_a_try_takes_up_the_place_and_the_jobs_of_one_that_was_killed(places: JobPlaces) -> None:
    killed = a_try(places)
    folder = killed.folder(WIDE)
    submitted(killed, EXTRACT, ONE)
    step = a_try(places)
    assert step.is_taken_up
    assert step.folder(WIDE) == folder
    assert step.find("local", EXTRACT) == ONE


def test_a_chain_of_jobs_goes_on_where_it_was_killed(places: JobPlaces) -> None:
    killed = a_try(places)
    submitted(killed, EXTRACT, ONE)
    killed.ended(ONE, JobState("succeeded"))
    submitted(killed, LOAD, TWO)
    step = a_try(places)
    assert step.find("local", EXTRACT) == ONE
    assert step.find("local", LOAD) == TWO
    assert step.former("local") == []


def test_the_same_asked_twice_is_two_jobs(places: JobPlaces) -> None:
    killed = a_try(places)
    submitted(killed, LOAD, ONE)
    token = killed.token(LOAD)
    submitted(killed, LOAD, TWO)
    assert killed.token(LOAD) != token
    step = a_try(places)
    assert [step.find("local", LOAD) for _ in range(3)] == [ONE, TWO, None]


def test_another_runner_has_other_jobs(places: JobPlaces) -> None:
    submitted(a_try(places), LOAD, ONE)
    step = a_try(places)
    assert step.find("cluster", LOAD) is None


def test_a_step_made_from_something_else_takes_nothing_up(places: JobPlaces) -> None:
    killed = a_try(places)
    submitted(killed, LOAD, ONE)
    step = a_try(places, made_from="other")
    assert not step.is_taken_up
    assert step.place != killed.place
    assert step.find("local", LOAD) is None
    assert step.former("local") == [ONE]
    assert step.former("cluster") == []


@pytest.mark.parametrize("status", ["failed", "lost"])
def test_a_job_that_has_failed_is_not_taken_up(places: JobPlaces, status: JobRecordState) -> None:
    killed = a_try(places)
    folder = killed.folder(WIDE)
    submitted(killed, LOAD, ONE)
    places.log.set_state(ONE.to_json(), status)
    step = a_try(places)
    assert not step.is_taken_up
    assert step.former("local") == []
    assert not folder.exists()


def test_a_cancelled_job_is_waited_for_and_keeps_its_place_until_it_has_ended(
    places: JobPlaces,
) -> None:
    killed = a_try(places)
    folder = killed.folder(WIDE)
    submitted(killed, LOAD, ONE)
    killed.cancelled(ONE)
    killed.spend()
    step = a_try(places)
    assert step.former("local") == [ONE]
    assert folder.exists()
    step.ended(ONE, JobState("failed", "cancelled"))
    assert step.former("local") == []
    assert not folder.exists()


def test_other_jobs_than_those_taken_up_begin_the_step_anew(places: JobPlaces) -> None:
    submitted(a_try(places), LOAD, ONE)
    step = a_try(places)
    assert step.find("local", replace(LOAD, arguments={"n": "2"})) is None
    with pytest.raises(JobLostError, match="other jobs than those that a killed run left"):
        step.former("local")
    again = a_try(places, anew=True)
    assert again.former("local") == [ONE]


def test_a_spent_try_leaves_nothing(places: JobPlaces) -> None:
    step = a_try(places)
    folder = step.folder(WIDE)
    submitted(step, LOAD, ONE)
    step.ended(ONE, JobState("succeeded"))
    step.spend()
    assert not folder.exists()
    assert places.log.places() == set()


def test_a_job_that_may_go_on_keeps_its_place(places: JobPlaces) -> None:
    step = a_try(places)
    folder = step.folder(WIDE)
    submitted(step, LOAD, ONE)
    step.spend()
    assert folder.exists()
    assert a_try(places).place == step.place


def test_a_stopped_run_ends_a_pause(places: JobPlaces) -> None:
    step = a_try(places)
    step.pause(0)
    places.stop.set()
    with pytest.raises(JobCancelledError):
        step.pause(60)


def test_a_time_limit_ends_a_pause(places: JobPlaces) -> None:
    step = a_try(places, asset=replace(ASSET, timeout=timedelta(0)))
    with pytest.raises(StepTimeoutError, match="`wide` took longer than"):
        step.pause(60)


def test_tries_of_one_step_go_one_after_the_other(places: JobPlaces) -> None:
    assert places.alone(WIDE, "") is places.alone(WIDE, "")
    assert places.alone(WIDE, "") is not places.alone(WIDE, "2026-01-01")

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.record import LedgerBroken
from flowforge_assets.record.jobs import JobLog, JobRecord
from flowforge_assets.record.ledger import Ledger

WIDE = DatasetKey("silver.wide")
JOB = JobRecord(
    asset=WIDE,
    unit="2026-01-01",
    made_from="abc",
    request="def-1",
    runner="local",
    ref='{"runner": "local", "id": "1"}',
    place="p1",
    state="running",
    at=datetime(2026, 1, 1, 12, tzinfo=UTC),
)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[JobLog]:
    log = JobLog(tmp_path / "ledger.db")
    yield log
    log.close()


def test_nothing_is_opened_before_a_job_is_asked_for(tmp_path: Path) -> None:
    JobLog(tmp_path / "ledger.db").close()
    assert list(tmp_path.iterdir()) == []


def test_a_job_is_found_by_its_step_after_the_file_was_closed(log: JobLog) -> None:
    log.add(JOB)
    log.add(replace(JOB, unit="2026-01-02", ref="2"))
    log.add(replace(JOB, asset=DatasetKey("silver.tall"), ref="3"))
    log.close()
    assert log.of(WIDE, "2026-01-01") == [JOB]


def test_jobs_of_a_step_come_in_the_order_of_their_submission(log: JobLog) -> None:
    jobs = [replace(JOB, ref=str(number)) for number in (3, 1, 2)]
    for job in jobs:
        log.add(job)
    assert log.of(WIDE, JOB.unit) == jobs


def test_the_state_of_a_job_changes_and_its_moment_does_not(log: JobLog) -> None:
    moment = datetime(2026, 1, 1, 13, tzinfo=timezone(timedelta(hours=1)))
    log.add(replace(JOB, at=moment))
    log.set_state(JOB.ref, "cancelled")
    (found,) = log.of(WIDE, JOB.unit)
    assert (found.state, found.at) == ("cancelled", moment)


def test_a_forgotten_job_leaves_no_place(log: JobLog) -> None:
    log.add(JOB)
    log.add(replace(JOB, ref="2", place="p2"))
    assert log.places() == {"p1", "p2"}
    log.forget([JOB.ref])
    assert log.places() == {"p2"}


def test_the_ledger_and_its_jobs_are_used_side_by_side(log: JobLog, tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        log.add(JOB)
        ledger.forget(WIDE)
        assert log.of(WIDE, JOB.unit) == [JOB]


def test_a_file_that_is_no_ledger_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_text("no ledger" * 1000)
    with pytest.raises(LedgerBroken):
        JobLog(path).places()

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import WHOLE
from flowforge_assets.errors.record import RecordError
from flowforge_assets.record.ended import EndedSteps
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.record.run import RunRecord, StepEnd, StepRecord, StepStatus

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.db") as opened:
        opened.begin_run(RunRecord("r", NOON, "dev", "", "", 1, "host"))
        yield opened


def end(
    name: str,
    *,
    seconds: float | None = 0.0,
    status: StepStatus = "made",
    work: dict[str, object] | None = None,
) -> StepEnd:
    makes = (DatasetKey(f"silver.{name}"),)
    return StepEnd(
        StepRecord(
            "r", name, name, makes, WHOLE, "never made", status,
            started_at=NOON, seconds=seconds, work=work,
        )
    )  # fmt: skip


def written(ledger: Ledger) -> list[str]:
    return [each.asset for each in ledger.steps_of("r")]


def test_what_took_no_time_waits_until_it_is_written(ledger: Ledger) -> None:
    ends = EndedSteps(ledger, clock=lambda: 0.0)
    ends.add(end("a"))
    ends.add(end("b", seconds=None, status="skipped"))
    assert written(ledger) == []
    ends.write()
    assert written(ledger) == ["a", "b"]


@pytest.mark.parametrize(
    "last", [end("b", seconds=0.06), end("b", status="failed"), end("b", work={"jobs": ["x"]})]
)
def test_what_took_long_or_failed_or_cost_something_is_written_with_all_before(
    ledger: Ledger, last: StepEnd
) -> None:
    ends = EndedSteps(ledger, clock=lambda: 0.0)
    ends.add(end("a"))
    ends.add(last)
    assert written(ledger) == ["a", "b"]


def test_none_waits_longer_than_a_moment_where_more_steps_end(ledger: Ledger) -> None:
    times = iter((0.0, 0.05, 0.11, 0.12))
    ends = EndedSteps(ledger, clock=lambda: next(times))
    for name in "abc":
        ends.add(end(name))
    assert written(ledger) == ["a", "b", "c"]
    ends.add(end("d"))
    assert written(ledger) == ["a", "b", "c"]


def test_not_more_than_64_wait(ledger: Ledger) -> None:
    ends = EndedSteps(ledger, clock=lambda: 0.0)
    for number in range(70):
        ends.add(end(f"n{number}"))
    assert len(written(ledger)) == 64


def test_what_could_not_be_written_waits_on(tmp_path: Path) -> None:
    closed = Ledger.open(tmp_path / "other.db")
    ends = EndedSteps(closed, clock=lambda: 0.0)
    ends.add(end("a"))
    closed.close()
    for _ in range(2):
        with pytest.raises(RecordError):
            ends.write()

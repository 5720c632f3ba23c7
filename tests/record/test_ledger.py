"""One ledger, many writers: threads, processes, and processes that die."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made
from flowforge_assets.core.partition import Dimension, PartitionSet, Span
from flowforge_assets.record.history import History
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.record.run import RunRecord, StepRecord

FLIGHTS = DatasetKey("silver.flights")
DAY = (Dimension("day", "day"),)

# Makes days of `silver.flights`, from `first` to before `last`, and says each when it is recorded.
WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint, Made, TableVersion
from flowforge_assets.core.partition import Dimension, PartitionSet, Span
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.record.run import RunRecord, StepRecord

path, run_id, first, last = sys.argv[1:]
key, now = DatasetKey("silver.flights"), datetime(2026, 1, 1, tzinfo=UTC)
with Ledger.open(Path(path)) as ledger:
    ledger.begin_run(RunRecord(run_id, now, "dev", "", "", 1, "desk"))
    for at in range(int(first), int(last)):
        day = PartitionSet((Dimension("day", "day"),), ((Span.of(at, at + 1),),))
        step = StepRecord(run_id, f"day-{at}", "clean", (key,), day, "never made", "made", now)
        made = Made(
            key, day, "clean", run_id, f"day-{at}", Fingerprint(1, "", "", "", ""), {}, now, 1,
            TableVersion("t", at),
        )
        ledger.record_made(step, [made])
        print(at, flush=True)
"""


def write(path: Path, run_id: str, first: int, last: int) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", WRITER, str(path), run_id, str(first), str(last)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


def test_two_processes_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with write(path, "a", 0, 100) as one, write(path, "b", 100, 200) as other:
        one.communicate()
        other.communicate()
    assert (one.returncode, other.returncode) == (0, 0)
    with Ledger.open(path) as ledger:
        versions = [made.table.version for made in ledger.current(FLIGHTS, DAY)]
        assert versions == list(range(199, -1, -1))
        assert len(ledger.steps_of("a")) == len(ledger.steps_of("b")) == 100


@pytest.mark.parametrize("written", [0, 7, 60])
def test_a_killed_process_loses_nothing_that_it_recorded(tmp_path: Path, written: int) -> None:
    path = tmp_path / "ledger.db"
    with write(path, "a", 0, 1_000_000) as writer:
        assert writer.stdout is not None
        while int(writer.stdout.readline()) < written:
            pass
        writer.kill()
        said = [written, *map(int, writer.stdout)]
    with Ledger.open(path) as ledger:
        ledger.verify()
        versions = [made.table.version for made in ledger.current(FLIGHTS, DAY)]
        # At most one was recorded and not yet said.
        assert versions[0] - said[-1] in {0, 1}
        assert versions == list(range(versions[0], -1, -1))
        assert len(ledger.steps_of("a")) == len(versions)
        assert [run.run_id for run in ledger.unfinished_runs()] == ["a"]


def test_threads_share_one_ledger(
    ledger: Ledger,
    run: Callable[..., RunRecord],
    step: Callable[..., StepRecord],
    commit: Callable[..., Made],
) -> None:
    def make(at: int) -> None:
        day = PartitionSet(DAY, ((Span.of(at, at + 2),),))
        ledger.record_made(step(f"day-{at}"), [commit(at, day)])
        ledger.steps_of(run().run_id)

    ledger.begin_run(run())
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make, range(100)))
    days = [PartitionSet(DAY, ((Span.of(at, at + 2),),)) for at in range(100)]
    expected = History.of(commit(at, day) for at, day in enumerate(days))
    assert ledger.current(FLIGHTS, DAY) == list(expected.lookup(FLIGHTS))
    assert len(ledger.steps_of(run().run_id)) == 100


def test_the_state_is_what_the_planner_takes(ledger: Ledger, commit: Callable[..., Made]) -> None:
    ledger.replace_all(FLIGHTS, [commit(1), commit(2)])
    assert ledger.current_all({FLIGHTS: ()}) == History.of([commit(1), commit(2)])

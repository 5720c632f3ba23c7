"""Runs rivals in turn, each in its own process, and says what every run cost."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent
_MIB = 1024  # ru_maxrss counts KiB on Linux


@dataclass(frozen=True, slots=True)
class Rival:
    """A command that does the work of a bench.

    Before every run `prepare` is done, after it the command `proof` must end well; neither is
    measured. `rounds` caps how often a slow one takes part.
    """

    name: str
    command: tuple[str, ...]
    folder: Path = BENCHMARKS
    environment: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], object] | None = None
    proof: Rival | None = None
    is_ours: bool = False
    rounds: int | None = None
    warm_up: bool = True
    timeout_seconds: float = 300


@dataclass(frozen=True, slots=True)
class Run:
    """What one process cost.

    CPU and peak memory are those of the process and of the children it waited for. `said` is the
    JSON object that its last line of output holds, if any: what the script measured inside itself.
    """

    cpu_seconds: float
    wall_seconds: float
    peak_mib: float
    said: Mapping[str, float]


@dataclass(slots=True)
class Score:
    """All runs of one rival, or why it could not finish."""

    name: str
    runs: list[Run] = field(default_factory=list)
    failure: str | None = None

    def values(self, read: Callable[[Run], float]) -> list[float]:
        """What `read` finds in each run; nothing for a rival that failed."""
        return [] if self.failure else [read(run) for run in self.runs]

    def median(self, read: Callable[[Run], float]) -> float | None:
        """The middle of `values`."""
        values = self.values(read)
        return statistics.median(values) if values else None


class RivalFailed(Exception):
    """A rival ended badly; the message says how, in one line."""


def compete(rivals: Iterable[Rival], *, rounds: int) -> dict[str, Score]:
    """Each rival's score after `rounds` interleaved rounds, by name.

    Interleaved, so that a busy minute of the machine falls on all of them. An unmeasured round
    comes first: it fills the page cache and writes the bytecode. A rival that fails leaves.
    """
    field_of_play = list(rivals)
    scores = {rival.name: Score(rival.name) for rival in field_of_play}
    for number in range(rounds + 1):
        for rival in field_of_play:
            score = scores[rival.name]
            is_warm_up = number == 0
            if score.failure or (is_warm_up and not rival.warm_up):
                continue
            if number > min(rounds, rival.rounds or rounds):
                continue
            try:
                run = measure(rival)
            except RivalFailed as failed:
                score.failure = str(failed)
                _tell(f"{rival.name}: {failed}")
                continue
            _tell(
                f"{rival.name}: {'warm-up' if is_warm_up else f'round {number}'}"
                f" cpu {run.cpu_seconds:.2f} s, wall {run.wall_seconds:.2f} s,"
                f" peak {run.peak_mib:.0f} MiB {json.dumps(run.said) if run.said else ''}"
            )
            if not is_warm_up:
                score.runs.append(run)
    return scores


def measure(rival: Rival) -> Run:
    """The cost of one run of `rival`.

    Raises:
        RivalFailed: it or its proof ended with another code than 0, or not in time.
    """
    if rival.prepare is not None:
        rival.prepare()
    run = _timed(rival)
    if rival.proof is not None:
        _timed(rival.proof)
    return run


def _timed(rival: Rival) -> Run:
    # a machine may say that no bytecode is kept: only what is installed would have any then
    ours = {"PYTHONPATH": str(BENCHMARKS), "PYTHONDONTWRITEBYTECODE": ""}
    environment = {**os.environ, **ours, **rival.environment}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.perf_counter()
        process = subprocess.Popen(
            rival.command,
            cwd=rival.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        out_of_time = threading.Event()

        def end() -> None:
            out_of_time.set()
            os.killpg(process.pid, signal.SIGKILL)

        alarm = threading.Timer(rival.timeout_seconds, end)
        alarm.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            alarm.cancel()
        wall_seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        text = out.read().decode(errors="replace")
        if out_of_time.is_set():
            raise RivalFailed(f"did not end within {rival.timeout_seconds:.0f} s")
        if process.returncode != 0:
            raise RivalFailed(_last_line(err.read().decode(errors="replace") or text))
    return Run(
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        wall_seconds=wall_seconds,
        peak_mib=usage.ru_maxrss / _MIB,
        said=_numbers(text),
    )


def _numbers(text: str) -> Mapping[str, float]:
    line = text.rstrip().rpartition("\n")[2].strip()
    if not line.startswith("{"):
        return {}
    try:
        found = json.loads(line)
    except ValueError:  # a command's own last line that only looks like ours
        return {}
    return {k: v for k, v in found.items() if isinstance(v, int | float)}


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "ended without a word"


def _tell(line: str) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)

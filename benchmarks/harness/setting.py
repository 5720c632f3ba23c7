"""What every bench is given: interpreters, a scratch folder, and how thoroughly to measure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from harness.contest import BENCHMARKS, Rival, Score, compete
from harness.environments import peer_python

SMALLEST = 10


@dataclass(frozen=True, slots=True)
class Setting:
    """`scale` below 1 makes a trial of the benches themselves: its figures mean nothing."""

    our_python: Path
    scratch: Path
    most_rounds: int | None = None
    scale: float = 1
    with_ours: bool = True

    def size(self, full: int) -> int:
        """How many rows or assets to use where the figure is for `full`."""
        return max(int(full * self.scale), min(full, SMALLEST))

    def ours(self, name: str, script: str, *arguments: object) -> Rival:
        """Our side: a script of `ours/`."""
        rival = self._script(name, self.our_python, f"ours/{script}.py", arguments)
        return replace(rival, is_ours=True)

    def ours_command(self, name: str, *arguments: object) -> Rival:
        """Our side: a command beside our interpreter, e.g. `flowforge --help`."""
        command, *rest = map(str, arguments)
        path = str(self.our_python.parent / command)
        return Rival(name, (path, *rest), is_ours=True)

    def hand(self, name: str, script: str, *arguments: object) -> Rival:
        """By hand, with no framework: a script of `peers/` under our interpreter and libraries."""
        return self._script(name, self.our_python, f"peers/{script}.py", arguments)

    def peer(self, group: str, name: str, script: str, *arguments: object) -> Rival:
        """A peer: a script of `peers/` in its own environment."""
        return self._script(name, peer_python(group), f"peers/{script}.py", arguments)

    def peer_command(self, group: str, name: str, *arguments: object) -> Rival:
        """A peer's own command."""
        command, *rest = map(str, arguments)
        return Rival(name, (str(peer_python(group).parent / command), *rest))

    def compete(self, *rivals: Rival, rounds: int) -> dict[str, Score]:
        """The scores of the rivals that take part; the others' say that they did not."""
        rounds = min(rounds, self.most_rounds or rounds)
        taking_part = [r for r in rivals if self.with_ours or not r.is_ours]
        scores = compete(taking_part, rounds=rounds)
        for rival in rivals:
            scores.setdefault(rival.name, Score(rival.name, failure="not run"))
        return scores

    def folder(self, name: str) -> Path:
        """A scratch folder of that name; not made yet."""
        return self.scratch / name

    def _script(self, name: str, python: Path, script: str, arguments: tuple[object, ...]) -> Rival:
        path = str(BENCHMARKS / script)
        return Rival(name, (str(python), path, *map(str, arguments)))


def before_each(rival: Rival, act: Callable[[], object]) -> Rival:
    """The rival with `act` done, unmeasured, before each of its runs."""
    return replace(rival, prepare=act)


def slow(rival: Rival, *, rounds: int = 1, timeout_seconds: float = 900) -> Rival:
    """The rival with few rounds, no warm-up, and time to finish."""
    return replace(rival, rounds=rounds, warm_up=False, timeout_seconds=timeout_seconds)

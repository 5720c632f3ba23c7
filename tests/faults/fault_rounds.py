"""How many rounds of faults a test does, from which seed, and where it says what came of them.

`FLOWFORGE_FAULTS` is the number of rounds a store (CI does few), `FLOWFORGE_FAULTS_SEED` repeats a
run, and `FLOWFORGE_FAULTS_REPORT` is a file that gets a line of JSON from each test.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from flowforge_assets.storage.location import Format
from write_ways import ALONE, PLAIN, UPKEEP, Way
from writers import Target

if TYPE_CHECKING:
    import pytest


@dataclass(slots=True)
class Rounds:
    """The rounds of one test; a failure names the seed that brings it again."""

    what: str
    store: str
    seed: int
    rounds: int
    counts: dict[str, int] = field(default_factory=dict[str, int])
    seconds: float = 0.0

    def dice(self, number: int) -> random.Random:
        """What a round draws from, whatever the others drew."""
        return random.Random(f"{self.seed}/{self.what}/{self.store}/{number}")  # noqa: S311

    def count(self, name: str, by: int = 1) -> None:
        """Counts what happened."""
        self.counts[name] = self.counts.get(name, 0) + by


def rounds_asked(few: int) -> int:
    """The rounds a store."""
    return int(os.environ.get("FLOWFORGE_FAULTS") or few)


def moments_of(number: int, few: int = 3) -> list[int]:
    """The moments from 1 to `number`; without `FLOWFORGE_FAULTS` a `few` of them."""
    if os.environ.get("FLOWFORGE_FAULTS") or number <= few:
        return list(range(1, number + 1))
    return sorted({1 + place * (number - 1) // (few - 1) for place in range(few)})


def seed_of_now() -> int:
    """The seed that is given, or another each time."""
    return int(os.environ.get("FLOWFORGE_FAULTS_SEED") or time.time_ns() % 1_000_000)


@contextmanager
def counted(
    what: str, store: str, rounds: int, capsys: pytest.CaptureFixture[str]
) -> Generator[Rounds]:
    """Prints the seed first, and the figures at the end; nothing was lost when it comes to that."""
    found = Rounds(what, store, seed_of_now(), rounds)
    said = f"{what}, {store}: FLOWFORGE_FAULTS_SEED={found.seed} FLOWFORGE_FAULTS={rounds}"
    with capsys.disabled():
        print(f"\n{said}")  # noqa: T201 - to repeat a failure
    begin = time.perf_counter()
    try:
        yield found
    except BaseException as error:
        error.add_note(said)
        raise
    found.seconds = round(time.perf_counter() - begin, 1)
    figures = {**asdict(found), "lost": 0, "doubled": 0, "half_visible": 0}
    if report := os.environ.get("FLOWFORGE_FAULTS_REPORT"):
        with Path(report).open("a") as file:
            file.write(json.dumps(figures) + "\n")


def ways_of(dice: random.Random, number: int) -> list[Way]:
    """The ways of one round, which share a table: mostly all that can, sometimes one alone."""
    alone = ALONE[number // 3 % len(ALONE)]
    return [alone] if number % 3 == 2 else dice.sample((*PLAIN, *UPKEEP), len(PLAIN) + len(UPKEEP))


def target_of(request: pytest.FixtureRequest, kind: str, folder: Path) -> Target:
    """An empty place of the kind `FORMAT-PLACE`; `folder` is one of this machine."""
    name, _, place = kind.partition("-")
    form: Format = "delta" if name == "delta" else "parquet"
    if place == "local":
        return Target(str(folder), form)
    found = request.getfixturevalue(place)
    return Target(found.url, form, found.options)

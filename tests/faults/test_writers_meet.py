"""Several processes that write into one table at once, in all pairs of ways of writing.

Each commit that was acknowledged is there once, and the table is at each version what its commits
give one after another, in the order in which it has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations_with_replacement
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fault_rounds import counted, rounds_asked, target_of
from write_model import assert_serial
from write_ways import ALONE, PLAIN, UPKEEP, Op, Way
from writers import Writers, writers

if TYPE_CHECKING:
    from random import Random

pytestmark = pytest.mark.slow
STORES = [
    "delta-local",
    "parquet-local",
    *(
        pytest.param(f"{form}-{place}", marks=pytest.mark.emulator)
        for place in ("moto_s3", "azurite")
        for form in ("delta", "parquet")
    ),
]
PAIRS: list[tuple[Way, Way]] = [
    *combinations_with_replacement((*PLAIN, *UPKEEP), 2),
    *((way, way) for way in ALONE),
]
_OUT_OF_DATE = ("FF-609", "FF-621", "FF-740")
"""Others were first each time, or what they wrote leaves no place for it."""
_CLEANED = ("FF-603", "FF-607")
"""Another has cleaned away what upkeep that keeps nothing was reading."""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Writers]:
    with writers(tmp_path_factory.mktemp("writers")) as found:
        yield found


@pytest.mark.parametrize("kind", STORES)
def test_what_is_acknowledged_is_there_once(
    kind: str,
    started: Writers,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
) -> None:
    whole = target_of(request, kind, tmp_path / "lake")
    with counted("writers at once", kind, rounds_asked(3), capsys) as rounds:
        for number in range(rounds.rounds):
            dice = rounds.dice(number)
            # all pairs come, one after another, if there are rounds enough
            pair = PAIRS[(number * 7 + rounds.seed) % len(PAIRS)]
            lists = _writes(pair, dice)
            asked = [op.step_id for ops in lists for op in ops]
            target = replace(whole, url=f"{whole.url}/{number}")
            if dice.random() < 0.5:  # else they make the table at once, too
                first = Op(pair[0], 0)
                assert started.told(target, [first]).done == [first.step_id]
                asked.append(first.step_id)
            at_work = [started.start(target, ops) for ops in lists]
            done = [step for step in asked if step.endswith("-0")]
            refused: set[str] = set()
            for writer in at_work:
                assert writer.ended()
                assert not writer.told.broken, writer.told.broken
                for step, said in writer.told.refused.items():
                    is_upkeep = Op.of_step(step).way in UPKEEP
                    allowed = (*_OUT_OF_DATE, *(_CLEANED if is_upkeep else ()))
                    assert said.startswith(allowed), f"{step}: {said}"
                    refused.add(step)
                done += writer.told.done
            assert sorted([*done, *refused]) == sorted(asked)
            found = assert_serial(target.store(tmp_path), pair[0], done=done, asked=asked)
            assert not refused & set(found.steps)
            rounds.count("writers", len(lists))
            rounds.count("writes acknowledged", len(done))
            rounds.count("writes refused with a code", len(refused))


def _writes(pair: tuple[Way, Way], dice: Random) -> list[list[Op]]:
    """What two to four writers write: two or three times, in the one way or the other."""
    numbers = iter(range(1, 100))
    return [
        [Op(pair[place % 2], next(numbers)) for _ in range(dice.choice([2, 2, 3]))]
        for place in range(dice.choice([2, 2, 3, 4]))
    ]

"""kill -9 of a process that writes, in every way of writing, here and in an object store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fault_rounds import Rounds, counted, moments_of, rounds_asked, target_of, ways_of
from flowforge_assets.storage.location import Format
from write_model import assert_serial
from write_ways import ALONE, UPKEEP, WAYS, Op, Way
from writers import Target, Writers, writers

pytestmark = pytest.mark.slow
STORES = [
    "delta-local",
    "parquet-local",
    pytest.param("delta-moto_s3", marks=pytest.mark.emulator),
    pytest.param("parquet-moto_s3", marks=pytest.mark.emulator),
]
_OPS = 6
_KILLS_A_ROUND = 3


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Writers]:
    with writers(tmp_path_factory.mktemp("writers")) as found:
        yield found


@pytest.mark.parametrize("kind", STORES)
def test_a_kill_at_a_random_moment_loses_and_doubles_nothing(
    kind: str,
    started: Writers,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
) -> None:
    whole = target_of(request, kind, tmp_path / "whole")
    with counted("kill -9", kind, rounds_asked(2), capsys) as rounds:
        for number in range(rounds.rounds):
            target = Target(f"{whole.url}/{number}", whole.format, whole.options)
            _kill_and_complete(started, target, rounds, number, copies=tmp_path)


def _kill_and_complete(
    started: Writers, target: Target, rounds: Rounds, number: int, *, copies: Path
) -> None:
    """Kills writers of one table again and again; the last one is left to complete it."""
    dice = rounds.dice(number)
    ways = ways_of(dice, number)
    ops = [Op(ways[place % len(ways)], dice.randrange(5) + 5 * place) for place in range(_OPS)]
    asked = [op.step_id for op in ops]
    done: list[str] = []
    seconds = 0.5 if target.options is None else 4.0
    for _ in range(_KILLS_A_ROUND):
        writer = started.start(target, ops[len(done) :])
        if not writer.ended(within=dice.uniform(0, seconds)):
            writer.kill()
            rounds.count("kills")
            writer.ended()
        assert not writer.told.broken
        assert not writer.told.refused
        done += writer.told.done
        is_far = target.options is not None
        assert_serial(target.store(copies), ways[0], done=done, asked=asked, newest_only=is_far)
    last = started.told(target, ops[len(done) :])
    assert done + last.done == asked, last
    found = assert_serial(target.store(copies), ways[0], done=asked, asked=asked)
    assert list(found.steps) == [op.step_id for op in ops if op.way not in UPKEEP]


@pytest.mark.parametrize("form", ["delta", "parquet"])
@pytest.mark.parametrize("way", WAYS)
def test_a_kill_before_any_touch_of_the_file_system_leaves_the_old_table_or_the_new_one(
    form: Format, way: Way, started: Writers, tmp_path: Path
) -> None:
    kept, last = Op(way if way in ALONE else "overwrite", 1), Op(way, 6)
    asked = [kept.step_id, last.step_id]
    events = _moments(started, Target(str(tmp_path / "whole"), form), kept, last)
    for moment in moments_of(events):
        target = Target(str(tmp_path / f"{moment}"), form)
        assert started.told(target, [kept]).done == [kept.step_id]
        writer = started.start(target, [last], kill_at=moment)
        writer.ended()
        told = writer.told
        assert not told.broken
        assert not told.refused
        assert_serial(target.store(tmp_path), way, done=[kept.step_id, *told.done], asked=asked)
        assert started.told(target, [last]).done == [last.step_id]
        assert_serial(target.store(tmp_path), way, done=asked, asked=asked)
        assert not told.is_whole


def _moments(started: Writers, target: Target, kept: Op, last: Op) -> int:
    """How often the write `last` after `kept` touches the file system."""
    assert started.told(target, [kept]).done == [kept.step_id]
    writer = started.start(target, [last], kill_at=0)
    assert writer.ended()
    assert writer.told.events is not None
    return writer.told.events

"""Networks that drop, delay and refuse, and answers that are lost, in every way of writing.

A write that was acknowledged is there exactly once; one that failed said so with a code, and may be
there or not; who runs again has both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Literal, TypeAlias

import pytest

from fault_proxy import FaultProxy, Kind
from fault_rounds import counted, rounds_asked, ways_of
from flowforge_assets.storage.location import Format
from store_place import StorePlace
from write_model import assert_serial
from write_ways import ALONE, WAYS, Op
from writers import Target, Told, Writers, writers

pytestmark = [pytest.mark.slow, pytest.mark.emulator]
STORES = ["delta-moto_s3", "parquet-moto_s3", "delta-azurite", "parquet-azurite"]
_OPS = 4
_IMPATIENT = {"max_retries": 1, "timeout_seconds": 10, "connect_timeout_seconds": 5}
Fault: TypeAlias = Kind | Literal["late"]
_SUDDEN: tuple[Fault, ...] = ("drop_before", "drop_after", "error_after", "cut_short", "late")
_REQUESTS = 24  # a write does about so many
Proxied: TypeAlias = tuple[FaultProxy, Target, Target]
"""A proxy, a place by way of it, and the same place without."""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Writers]:
    with writers(tmp_path_factory.mktemp("writers")) as found:
        yield found


@pytest.fixture
def proxied(
    request: pytest.FixtureRequest,
    fault_proxy: Callable[[StorePlace], FaultProxy],
    monkeypatch: pytest.MonkeyPatch,
) -> Proxied:
    kind: str = request.param
    name, _, emulator = kind.partition("-")
    form: Format = "delta" if name == "delta" else "parquet"
    place: StorePlace = request.getfixturevalue(emulator)
    proxy = fault_proxy(place)
    far = place.through(proxy.url).with_options(**_IMPATIENT)
    # who reads the options of Azurite anew sets it; a writer gets what its own options say
    monkeypatch.delenv("AZURITE_BLOB_STORAGE_URL", raising=False)
    return (
        proxy,
        Target(place.url, form, far.options),
        Target(place.url, form, place.options),
    )


@pytest.mark.parametrize("proxied", STORES, indirect=True)
def test_a_bad_network_loses_and_doubles_nothing(
    proxied: Proxied,
    started: Writers,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
) -> None:
    proxy, far, near = proxied
    kind = request.node.callspec.id
    with counted("network", kind, rounds_asked(2), capsys) as rounds:
        for number in range(rounds.rounds):
            dice = rounds.dice(number)
            ways = ways_of(dice, number)
            ops = [Op(ways[at % len(ways)], dice.randrange(5) + 5 * at) for at in range(_OPS)]
            asked = [op.step_id for op in ops]
            here = replace(near, url=f"{near.url}/{number}")
            before = len(proxy.faults)
            proxy.plan(dice.randrange(10**6), dice.choice([0.05, 0.2, 0.5]))
            told = _told(started, replace(far, url=here.url), ops)
            proxy.calm()
            rounds.count("faults", len(proxy.faults) - before)
            rounds.count("writes acknowledged", len(told.done))
            rounds.count("writes refused with a code", len(told.refused))
            assert_serial(here.store(tmp_path), ways[0], done=told.done, asked=asked)
            rest = [op for op in ops if op.step_id not in told.done]
            again = started.told(here, rest)
            late = {s for s, said in again.refused.items() if said.startswith("FF-740")}
            assert len(again.done) + len(late) == len(rest), again
            done = [*told.done, *again.done]
            assert_serial(here.store(tmp_path), ways[0], done=done, asked=asked)


@pytest.mark.parametrize("proxied", STORES, indirect=True)
def test_any_request_may_fail_and_the_network_with_it(
    proxied: Proxied,
    started: Writers,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What was on its way may still be carried out after the writer has given up."""
    proxy, far, near = proxied
    kind = request.node.callspec.id
    with counted("one request", kind, rounds_asked(3), capsys) as rounds:
        for number in range(rounds.rounds):
            dice = rounds.dice(number)
            way, fault = dice.choice(WAYS), dice.choice(_SUDDEN)
            then: Fault | None = dice.choice([None, "drop_before"])
            ops = [Op(way if way in ALONE else "overwrite", 1), Op(way, 6)]
            asked = [op.step_id for op in ops]
            here = replace(near, url=f"{near.url}/{number}")
            assert started.told(here, ops[:1]).done == asked[:1]
            proxy.watch(_at(dice.randrange(1, _REQUESTS), fault, then=then))
            told = _told(started, replace(far, url=here.url), ops[1:])
            proxy.calm()
            proxy.release()
            rounds.count("writes acknowledged", len(told.done))
            rounds.count("writes refused with a code", len(told.refused))
            done = [*asked[:1], *told.done]
            assert_serial(here.store(tmp_path), way, done=done, asked=asked)
            assert started.told(here, ops[1:]).done == asked[1:]
            assert_serial(here.store(tmp_path), way, done=asked, asked=asked)


def _told(started: Writers, target: Target, ops: list[Op]) -> Told:
    """What a writer says: it ends before its deadline, and what fails has a code."""
    writer = started.start(target, ops)
    assert writer.ended()
    assert not writer.told.broken, writer.told.broken
    return writer.told


def _at(moment: int, fault: Fault, *, then: Fault | None) -> Callable[[str, str], Fault | None]:
    """Gives the `moment`th request a fault, and those that come after it another."""
    asked = 0
    counting = Lock()

    def watch(_method: str, _path: str) -> Fault | None:
        nonlocal asked
        with counting:
            asked += 1
            return None if asked < moment else fault if asked == moment else then

    return watch

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterable

import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.declare.mapping import Lag
from flowforge_assets.execute.schedule import Schedule, Work
from flowforge_assets.plan.step import Step
from planned_lake import DAYS, HOURS, Lake, dataset, graph, key, maker, read

WORKERS = [1, 2, 8]


def nothing() -> None:
    """Does nothing meanwhile."""


def scheduled(lake: Lake, work: Work, *, workers: int, stop: threading.Event | None = None) -> None:
    """Does `work` for the whole plan of the lake."""
    schedule(lake, [], stop=stop).run(work, workers=workers, meanwhile=nothing)


def schedule(
    lake: Lake, ended: list[DatasetKey], *, stop: threading.Event | None = None
) -> Schedule:
    return Schedule(
        lake.plan(), lake.graph.parents, stop=stop or threading.Event(), ended=ended.append
    )


@pytest.fixture
def diamond() -> Lake:
    return Lake(
        graph(
            [dataset(name, HOURS) for name in "abcd"],
            [
                maker("a"),
                maker("b", reads=[read("a")]),
                maker("c", reads=[read("a")]),
                maker("d", reads=[read("b"), read("c")]),
            ],
        )
    )


@pytest.mark.parametrize("workers", WORKERS)
def test_an_asset_starts_when_all_that_it_needs_has_ended(diamond: Lake, workers: int) -> None:
    done: list[str] = []

    def work(step: Step, batch: PartitionSet) -> None:
        done.append(f"{step.asset} {batch.count()}")

    scheduled(diamond, work, workers=workers)
    assert sorted(done) == sorted(f"make_{name} {size}" for name in "abcd" for size in (50, 50, 20))
    assert all(said.startswith("make_a") for said in done[:3])
    assert all(said.startswith("make_d") for said in done[-3:])


@pytest.mark.parametrize("workers", WORKERS)
def test_each_asset_is_said_to_have_ended_once(diamond: Lake, workers: int) -> None:
    ended: list[DatasetKey] = []
    schedule(diamond, ended).run(lambda _s, _b: None, workers=workers, meanwhile=nothing)
    assert sorted(ended) == [key(name) for name in "abcd"]
    assert (ended[0], ended[-1]) == (key("a"), key("d"))


def test_two_workers_work_at_once(diamond: Lake) -> None:
    both = threading.Barrier(2, timeout=10)
    calls = iter(range(2))  # the last of the three batches would wait alone

    def work(step: Step, _batch: PartitionSet) -> None:
        if step.asset == "make_d" and next(calls, None) is not None:
            both.wait()

    scheduled(diamond, work, workers=2)
    assert not both.broken


@pytest.mark.parametrize("workers", WORKERS)
def test_the_partitions_of_an_ordered_step_go_in_order(workers: int) -> None:
    lake = Lake(graph([dataset("a", DAYS)], [maker("a", reads=[read("a", Lag(1))])]))
    lake.remake("a", "2026-01-02..2026-01-03")
    assert len(lake.plan().steps) > 1
    order: list[str] = []
    at_once = threading.Semaphore()

    def work(_step: Step, batch: PartitionSet) -> None:
        assert at_once.acquire(blocking=False)
        order.append(batch.render())
        at_once.release()

    scheduled(lake, work, workers=workers)
    assert order == [f"2026-01-0{day}" for day in range(1, 6)]


@pytest.mark.parametrize("workers", WORKERS)
def test_an_exception_ends_the_work_and_is_raised(diamond: Lake, workers: int) -> None:
    def work(step: Step, _batch: PartitionSet) -> None:
        if step.asset == "make_b":
            msg = "a bug"
            raise RuntimeError(msg)

    with pytest.raises(RuntimeError, match="a bug"):
        scheduled(diamond, work, workers=workers)


@pytest.mark.parametrize("workers", WORKERS)
def test_a_stop_ends_the_work_between_batches(diamond: Lake, workers: int) -> None:
    stop = threading.Event()
    done: list[str] = []

    def work(step: Step, _batch: PartitionSet) -> None:
        done.append(step.asset)
        stop.set()

    running = schedule(diamond, [], stop=stop)
    running.run(work, workers=workers, meanwhile=nothing)
    assert set(done) == {"make_a"}
    assert running.is_cut_short


def test_a_chain_of_many_assets_is_no_deeper_than_one() -> None:
    names = [f"n{number}" for number in range(3_000)]
    reads: Iterable[str | None] = [None, *names]
    lake = Lake(
        graph(
            [dataset(name) for name in names],
            [maker(n, reads=[read(up)] if up else []) for n, up in zip(names, reads, strict=False)],
        )
    )
    done: list[str] = []
    scheduled(lake, lambda step, _batch: done.append(step.asset), workers=2)
    assert done == [f"make_{name}" for name in names]


def test_meanwhile_something_else_is_done(diamond: Lake) -> None:
    was_called = threading.Event()

    def work(_step: Step, _batch: PartitionSet) -> None:
        assert was_called.wait(10)

    schedule(diamond, []).run(work, workers=2, meanwhile=was_called.set)


def test_what_fails_meanwhile_ends_the_work_and_is_raised(diamond: Lake) -> None:
    done: list[str] = []
    stop = threading.Event()

    def fail() -> None:
        msg = "no ledger"
        raise RuntimeError(msg)

    def work(step: Step, _batch: PartitionSet) -> None:
        done.append(step.asset)
        assert stop.wait(10)

    with pytest.raises(RuntimeError, match="no ledger"):
        schedule(diamond, [], stop=stop).run(work, workers=1, meanwhile=fail)
    assert done == ["make_a"]


@pytest.mark.parametrize("workers", WORKERS)
def test_who_cannot_be_told_of_an_end_ends_the_work(diamond: Lake, workers: int) -> None:
    def fail(_: DatasetKey) -> None:
        msg = "no ledger"
        raise RuntimeError(msg)

    done: list[str] = []
    steps = Schedule(diamond.plan(), diamond.graph.parents, stop=threading.Event(), ended=fail)
    with pytest.raises(RuntimeError, match="no ledger"):
        steps.run(lambda step, _: done.append(step.asset), workers=workers, meanwhile=nothing)
    assert set(done) == {"make_a"}


def test_what_takes_no_time_is_done_by_one_thread_and_what_takes_longer_by_more() -> None:
    names = [f"n{number}" for number in range(400)]
    lake = Lake(graph([dataset(name) for name in names], [maker(name) for name in names]))
    both = threading.Barrier(2, timeout=10)
    quick: list[int] = []
    count = itertools.count()

    def work(_step: Step, _batch: PartitionSet) -> None:
        number = next(count)
        if number < 300:
            quick.append(threading.get_ident())
        elif number < 302:
            both.wait()

    scheduled(lake, work, workers=4)
    assert len(set(quick[200:])) == 1
    assert not both.broken


def test_a_step_that_takes_long_holds_up_none_that_take_no_time() -> None:
    names = [f"n{number}" for number in range(1000)]
    lake = Lake(graph([dataset(name) for name in names], [maker(name) for name in names]))
    count = itertools.count()
    is_over = threading.Event()
    began = time.monotonic()

    def work(_step: Step, _batch: PartitionSet) -> None:
        number = next(count)
        if number == 100:
            assert is_over.wait(60)
        elif number == 999:
            is_over.set()

    scheduled(lake, work, workers=4)
    # with a wait of a tenth of a second for every few it would take more than ten
    assert time.monotonic() - began < 5

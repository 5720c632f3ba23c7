from __future__ import annotations

import threading
from collections.abc import Iterable

import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.declare.mapping import Lag
from flowforge_assets.execute.schedule import Schedule, Work
from flowforge_assets.plan.step import Step
from planned_lake import DAYS, HOURS, Lake, dataset, graph, key, maker, read

WORKERS = [1, 2, 8]


def scheduled(lake: Lake, work: Work, *, workers: int, stop: threading.Event | None = None) -> None:
    """Does `work` for the whole plan of the lake."""
    schedule(lake, [], stop=stop).run(work, workers=workers)


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
    schedule(diamond, ended).run(lambda _step, _batch: None, workers=workers)
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
    running.run(work, workers=workers)
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

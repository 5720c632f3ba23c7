"""Runs the batches of a plan's steps on threads, each as soon as what it needs is made."""

from __future__ import annotations

import heapq
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Final

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import PartitionSet, Point
from flowforge_assets.plan.plan import Plan
from flowforge_assets.plan.step import Step

Work = Callable[[Step, PartitionSet], None]

_LOOK_UP_SECONDS: Final = 0.1
_QUICK_SECONDS: Final = 0.005
_INERTIA: Final = 0.8  # of the pace: how much of it stays with each batch


@dataclass(slots=True)
class _Asset:
    """What is left of an asset: the next batch (None: all are taken), and how many are going on."""

    upcoming: tuple[Step, PartitionSet] | None
    rest: Iterator[tuple[Step, PartitionSet]]
    is_ordered: bool = False
    waits_for: int = 0
    going_on: int = 0
    children: list[DatasetKey] = field(default_factory=list[DatasetKey])

    @classmethod
    def of(cls, steps: list[Step]) -> _Asset:
        is_ordered = steps[0].is_ordered
        each = [_batches(step) for step in steps]
        batches = heapq.merge(*each, key=_first_point) if is_ordered else chain.from_iterable(each)
        return cls(next(batches, None), batches, is_ordered)


def _batches(step: Step) -> Iterator[tuple[Step, PartitionSet]]:
    return ((step, batch) for batch in step.batches())


def _first_point(batch: tuple[Step, PartitionSet]) -> Point:
    return next(batch[1].points())


class Schedule:
    """The order of a run: an asset's batches start when all the assets that it needs have ended.

    Assets are taken newest first, so that what was just made is read next. An asset that has
    failed ends too: whoever does the work decides what to skip.

    While batches take no time, one thread does them all: several would wait for one another in
    the interpreter, at a cost. When one takes longer, the others join in within a tenth of a
    second.
    """

    def __init__(
        self,
        plan: Plan,
        parents: Mapping[DatasetKey, tuple[DatasetKey, ...]],
        *,
        stop: threading.Event,
        ended: Callable[[DatasetKey], None],
    ) -> None:
        """Over the plan's steps; `ended` is told of each asset whose batches have all been done."""
        steps: dict[DatasetKey, list[Step]] = {}
        for step in plan.steps:
            steps.setdefault(step.asset_id, []).append(step)
        self._assets = {id_: _Asset.of(found) for id_, found in steps.items()}
        for id_, asset in self._assets.items():
            for parent in parents[id_]:
                if parent in self._assets:
                    asset.waits_for += 1
                    self._assets[parent].children.append(id_)
        self._ready = deque(reversed([i for i, a in self._assets.items() if not a.waits_for]))
        self._left = len(self._assets)
        self._stop = stop
        self._working = 0
        self._began: dict[int, float] = {}  # when, by the threads that are at a batch
        self._done_batches = 0
        self._pace_seconds = 1.0  # a moving mean of what a batch takes, once one is done
        self._idle = threading.Event()
        self._ended = ended
        self._changed = threading.Condition()
        self._error: BaseException | None = None

    @property
    def is_cut_short(self) -> bool:
        """Whether `stop` left some of the work undone."""
        return self._left > 0

    def run(self, work: Work, *, workers: int, meanwhile: Callable[[], None]) -> None:
        """Does all the work on `workers` threads; ends early, between batches, when `stop` is set.

        `meanwhile` is called ten times a second by this thread, until what goes on has ended.
        They raise nothing that they expect: an exception ends the run and is raised here.
        A KeyboardInterrupt sets `stop`, waits for the batches that are going on, and is raised.
        """
        threads = [
            threading.Thread(target=self._worker, args=(work,), name=f"flowforge-{i}", daemon=True)
            for i in range(max(1, min(workers, self._left)))
        ]
        self._working = len(threads)
        try:
            for thread in threads:
                thread.start()
            self._wait(meanwhile)
        except KeyboardInterrupt:
            self._stop.set()
            with self._changed:
                self._working -= sum(thread.ident is None for thread in threads)  # not started yet
                if not self._working:
                    self._idle.set()
                self._changed.notify_all()
            self._wait(meanwhile)
            raise
        if self._error is not None:
            raise self._error

    def _wait(self, meanwhile: Callable[[], None]) -> None:
        """Until no thread works any more.

        Not by `Thread.join`, which takes a thread for ended when Ctrl-C interrupts it; and not in
        one wait, which the signal handler of polars would let go on.
        """
        done = 0
        while not self._idle.wait(_LOOK_UP_SECONDS):
            with self._changed:
                if self._ready and done == self._done_batches:
                    self._pace_seconds = _LOOK_UP_SECONDS
                    self._changed.notify()
                done = self._done_batches
            try:
                meanwhile()
            except Exception as error:  # noqa: BLE001 - `run` raises it
                self._error = self._error or error
                self._stop.set()

    def _worker(self, work: Work) -> None:
        try:
            while (taken := self._take()) is not None:
                id_, step, batch = taken
                for act in (partial(work, step, batch), partial(self._done, id_)):
                    try:
                        act()
                    except BaseException as error:  # noqa: BLE001 - as above
                        self._error = error
                        self._stop.set()
        finally:
            with self._changed:
                self._working -= 1
                if not self._working:
                    self._idle.set()

    def _take(self) -> tuple[DatasetKey, Step, PartitionSet] | None:
        """The next batch, after a wait if need be; None when there is nothing left to do."""
        with self._changed:
            while True:
                if self._stop.is_set() or not self._left:
                    self._changed.notify_all()
                    return None
                is_quick = self._pace_seconds < _QUICK_SECONDS
                if self._ready and not (is_quick and self._is_one_at_it()):
                    id_ = self._ready[-1]
                    asset = self._assets[id_]
                    taken, asset.upcoming = asset.upcoming, next(asset.rest, None)
                    assert taken is not None  # noqa: S101 - what is ready has a batch
                    asset.going_on += 1
                    if asset.upcoming is None or asset.is_ordered:
                        self._ready.pop()
                    if self._ready and not is_quick:
                        self._changed.notify()  # one more, who wakes the next if even more is left
                    self._began[threading.get_ident()] = time.perf_counter()
                    return id_, *taken
                self._changed.wait()

    def _is_one_at_it(self) -> bool:
        """Whether a thread has begun a batch lately; what takes long keeps nobody waiting."""
        now = time.perf_counter()
        return any(now - began < _LOOK_UP_SECONDS for began in self._began.values())

    def _done(self, id_: DatasetKey) -> None:
        """Notes the end of a batch. Wakes nobody: its worker takes what it has made ready."""
        with self._changed:
            seconds = time.perf_counter() - self._began.pop(threading.get_ident())
            before = self._pace_seconds if self._done_batches else seconds
            self._pace_seconds = _INERTIA * before + (1 - _INERTIA) * seconds
            self._done_batches += 1
            asset = self._assets[id_]
            asset.going_on -= 1
            if asset.upcoming is not None and asset.is_ordered:
                self._ready.append(id_)
            if asset.upcoming is not None or asset.going_on:
                return
            self._left -= 1
            self._ended(id_)
            for child in asset.children:
                self._assets[child].waits_for -= 1
                if not self._assets[child].waits_for:
                    self._ready.append(child)

"""Backfills made here: the chunks one after the other, each by a run of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from threading import Event as StopSignal
from typing import Final, Literal, Protocol, TypeAlias

from flowforge_assets.core.clock import Clock
from flowforge_assets.core.event import Event, OnEvent
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.backfill import UnknownBackfillError
from flowforge_assets.execute.run import RunResult
from flowforge_assets.graph.build import Graph
from flowforge_assets.plan.backfill import Chunks, cut
from flowforge_assets.plan.plan import Plan
from flowforge_assets.project.environment import Environment
from flowforge_assets.record.backfills import Backfill, BackfillLog, BackfillStatus, Chunk, Progress
from flowforge_assets.record.run import new_run_id

ChunkEnd: TypeAlias = Literal["succeeded", "failed", "cancelled"]
_LOOK_SECONDS: Final = 1.0


class Backfilled(Protocol):
    """What is backfilled: a project in an environment."""

    graph: Graph
    environment: Environment
    clock: Clock

    def select(self, text: str | None) -> list[DatasetKey]:
        """The ids of the selected assets in graph order."""
        ...

    def plan(
        self, select: str | None = None, *, partitions: str | None = None, force: bool = False
    ) -> Plan:
        """What is out of date."""
        ...

    def run(
        self,
        select: str | None = None,
        *,
        partitions: str | None = None,
        force: bool = False,
        on_event: OnEvent,
        stop: StopSignal | None = None,
    ) -> RunResult:
        """Makes what is out of date."""
        ...


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """How a chunk ended; `said` is what went wrong first."""

    chunk: Chunk
    status: ChunkEnd
    run_id: str
    seconds: float
    said: str = ""

    def as_json(self) -> Mapping[str, object]:
        """The chunk as `backfill --json` has it."""
        partitions = self.chunk.partitions
        return {
            "event": "chunk_finished",
            "chunk": self.chunk.number,
            "partitions": None if partitions is None else partitions.render(None),
            "status": self.status,
            "run_id": self.run_id,
            "seconds": round(self.seconds, 6),
            **({"message": self.said} if self.said else {}),
        }


OnChunk: TypeAlias = Callable[[ChunkResult], None]


def begin_backfill(
    project: Backfilled,
    select: str | None,
    partitions: str | None,
    *,
    most: int | None = None,
    force: bool = False,
    job: str = "",
) -> tuple[str, Chunks]:
    """Plans a backfill and writes its chunks down; an empty id when nothing is out of date.

    Raises:
        ProjectError: the selection or the partitions cannot be read (FF-807, FF-83x), or nothing
            that is selected has partitions (FF-834).
    """
    ids, now = project.select(select), project.clock()
    plan = project.plan(select, partitions=partitions, force=force)
    chunks = cut(project.graph, ids, partitions, plan, most=most, now=now)
    if not chunks.sets:
        return "", chunks
    backfill = Backfill(
        backfill_id=new_run_id(project.clock),
        created_at=now,
        selection=select or "",
        asked=partitions or "",
        in_chunks=_without(select, " or ".join(chunks.at_end)),
        force=force,
        job=job,
    )
    found = [Chunk(number, each) for number, each in enumerate(chunks.sets, 1)]
    if chunks.at_end:
        found.append(Chunk(len(found) + 1, None))
    BackfillLog(project.environment.ledger).begin(backfill, found)
    return backfill.backfill_id, chunks


def found_backfill(project: Backfilled, backfill_id: str) -> Progress:
    """The backfill of that id.

    Raises:
        UnknownBackfillError: there is none (FF-751).
    """
    place = project.environment
    found = BackfillLog(place.ledger).find(backfill_id) if place.has_ledger else None
    if found is None:
        message = f"no backfill is called `{backfill_id}`"
        raise UnknownBackfillError(message, hint="`flowforge backfills` lists them")
    return found


def left_of(project: Backfilled, backfill_id: str) -> list[Chunk]:
    """The chunks that are not made, in order.

    Raises:
        UnknownBackfillError: there is no such backfill, or nothing is left of it (FF-751).
    """
    found_backfill(project, backfill_id)
    chunks = BackfillLog(project.environment.ledger).chunks(backfill_id)
    left = [chunk for chunk in chunks if chunk.status != "succeeded"]
    if not left:
        message = f"the backfill `{backfill_id}` has nothing left to do"
        raise UnknownBackfillError(message, hint="begin another: `flowforge backfill`")
    return left


def make_backfill(
    project: Backfilled,
    backfill_id: str,
    *,
    on_event: OnEvent,
    on_chunk: OnChunk,
    stop: StopSignal | None = None,
) -> Progress:
    """Makes what is left of a backfill; a chunk that fails does not stop the ones behind it.

    Each chunk is a run that plans when it begins, so that what was made since is not made again.
    When the backfill is cancelled, in this process or another, it ends with the step going on.

    Raises:
        UnknownBackfillError: there is no such backfill, or nothing is left of it (FF-751).
        FlowForgeError: a run could not begin.
        KeyboardInterrupt: it was interrupted; steps going on had ended.
    """
    left = left_of(project, backfill_id)
    backfill = found_backfill(project, backfill_id).backfill
    log = BackfillLog(project.environment.ledger)
    log.take(backfill_id)
    watched = _Watched(log, backfill_id, stop or StopSignal(), on_event)
    ended: list[ChunkEnd] = []
    try:
        for chunk in left:
            if watched.is_stopped():
                break
            result = _make(project, backfill, chunk, log, watched)
            ended.append(result.status)
            on_chunk(result)
    except BaseException:
        log.end(backfill_id, "interrupted", project.clock())
        raise
    log.end(backfill_id, end_of(ended, of=len(left)), project.clock())
    return found_backfill(project, backfill_id)


def _make(
    project: Backfilled,
    backfill: Backfill,
    chunk: Chunk,
    log: BackfillLog,
    watched: _Watched,
) -> ChunkResult:
    """One chunk by one run, written down before and after it."""
    log.set_chunk(backfill.backfill_id, chunk.number, "running", "")
    select, partitions = asked_of_run(project, backfill, chunk)
    began = time.perf_counter()
    try:
        result = project.run(
            select or None,
            partitions=partitions or None,
            force=backfill.force,
            on_event=watched.hear,
            stop=watched.stop,
        )
    except BaseException:
        log.set_chunk(backfill.backfill_id, chunk.number, "planned", "")
        raise
    status = result.status
    if result.waiting and not (result.made or result.fresh or result.failed):
        status = "failed"  # all of it waits
    kept = "planned" if status == "cancelled" else status
    log.set_chunk(backfill.backfill_id, chunk.number, kept, result.run_id)
    said = result.errors[0].message if result.errors else ""
    if result.waiting and not said:
        said = f"{result.waiting} of the assets wait for partitions that were never made"
    seconds = time.perf_counter() - began
    return ChunkResult(chunk, status, result.run_id, seconds, said)


def end_of(ended: Collection[ChunkEnd], *, of: int) -> BackfillStatus:
    """What became of a backfill that had `of` chunks left, of which these ended."""
    if len(ended) < of or "cancelled" in ended:
        return "interrupted"
    return "failed" if "failed" in ended else "succeeded"


def asked_of_run(project: Backfilled, backfill: Backfill, chunk: Chunk) -> tuple[str, str]:
    """Selection and partitions, as text, of the run that makes a chunk; empty for all."""
    if chunk.partitions is not None:
        return backfill.in_chunks, chunk.partitions.render(None)
    graph, select = project.graph, _without(backfill.selection, f"({backfill.in_chunks})")
    is_cut = any(graph.steps(graph.assets[id_]).dimensions for id_ in project.select(select))
    return select, backfill.asked if is_cut else ""


def _without(select: str | None, others: str) -> str:
    """A selection without another."""
    if not others:
        return select or ""
    return f"({select}) and not ({others})" if select else f"not ({others})"


class _Watched:
    """Hears the events of the runs, and stops them when the backfill was cancelled."""

    def __init__(
        self, log: BackfillLog, backfill_id: str, stop: StopSignal, on_event: OnEvent
    ) -> None:
        self.stop = stop
        self._log = log
        self._backfill_id = backfill_id
        self._on_event = on_event
        self._looked_at = 0.0

    def is_stopped(self) -> bool:
        """Whether it is to end, asked anew."""
        if self._log.status(self._backfill_id) == "cancelled":
            self.stop.set()
        return self.stop.is_set()

    def hear(self, event: Event) -> None:
        """Passes an event on, and looks whether to stop, at most once a second."""
        self._on_event(event)
        if time.monotonic() - self._looked_at >= _LOOK_SECONDS:
            self._looked_at = time.monotonic()
            self.is_stopped()

"""`flowforge backfill`: makes many partitions, chunk by chunk, to be stopped and resumed."""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter, validators

from flowforge_assets.cli.options import COMMON, Common, Flag, Partition
from flowforge_assets.cli.paint import Style, Text
from flowforge_assets.cli.words import counted, duration
from flowforge_assets.errors.project import UsageError

if TYPE_CHECKING:
    from flowforge_assets.api import Project
    from flowforge_assets.cli.terminal import Terminal
    from flowforge_assets.core.event import Event
    from flowforge_assets.execute.backfill import ChunkResult
    from flowforge_assets.record.backfills import Progress

STYLES: dict[str, Style] = {
    "succeeded": "green",
    "failed": "red",
    "cancelled": "yellow",
    "interrupted": "yellow",
    "killed": "red",
    "running": "cyan",
}
_EXIT_CODES = {"succeeded": 0, "failed": 1}
_INTERRUPTED = 130


def backfill(
    selection: Annotated[
        str | None, Parameter(help="Some assets: orders, +orders, layer:gold.")
    ] = None,
    /,
    *,
    partition: Partition = None,
    chunk: Annotated[
        int | None,
        Parameter(help="Most partitions of a run.", validator=validators.Number(gte=1)),
    ] = None,
    force: Annotated[Flag, Parameter(help="Make all that is asked for, stale or not.")] = False,
    resume: Annotated[str | None, Parameter(help="A backfill: make what is left of it.")] = None,
    engine: Annotated[
        Literal["local", "prefect"], Parameter(help="Where the chunks are made.")
    ] = "local",
    job: Annotated[
        str | None, Parameter(help="The job whose deployment makes them (with prefect).")
    ] = None,
    common: Common = COMMON,
) -> int:
    """Make many partitions, in chunks that each are a run. What is fresh is left as it is."""
    if resume is not None and (selection or partition or chunk or force or job):
        hint = "leave the selection, `--partition`, `--chunk`, `--force` and `--job` out"
        raise UsageError("a backfill that is resumed makes what it had planned", hint=hint)
    if job is not None and engine == "local":
        raise UsageError("`--job` names who makes it elsewhere", hint="add `--engine prefect`")
    terminal, project = common.terminal(), common.load()
    backfill_id = resume or _begun(
        terminal, project, (selection, partition), chunk=chunk, force=force, engine=engine, job=job
    )
    if backfill_id is None:
        return 0
    start = time.perf_counter()
    with suppress(ValueError):  # not the main thread: someone else minds the signals
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        progress = _made(terminal, project, backfill_id)
    except KeyboardInterrupt:
        terminal.note(f"`flowforge backfill --resume {backfill_id}` makes what is left of it")
        raise
    _end(terminal, progress, time.perf_counter() - start)
    return _EXIT_CODES.get(progress.backfill.status, _INTERRUPTED)


def _begun(
    terminal: Terminal,
    project: Project,
    asked: tuple[str | None, str | None],
    *,
    chunk: int | None,
    force: bool,
    engine: str,
    job: str | None,
) -> str | None:
    """The id of a backfill that was written down; None when there is nothing to do."""
    from flowforge_assets.execute.backfill import begin_backfill  # engines, on use

    named = ""
    if engine == "prefect":
        from flowforge_assets.execute.backfill_prefect import job_of  # prefect, on use

        named = job_of(project, job)
        chunk = chunk or project.config.jobs[named].batch
    selection, partition = asked
    backfill_id, chunks = begin_backfill(
        project, selection, partition, most=chunk, force=force, job=named
    )
    if not backfill_id:
        terminal.note("nothing to backfill: all that is asked for is fresh, or waits")
        if terminal.json:
            terminal.json_line({"event": "backfill_finished", "backfill_id": None, "status": None})
        return None
    size = counted(sum(each.count() for each in chunks.sets), "partition")
    many = counted(len(chunks.sets), "chunk")
    if terminal.json:
        said = {"event": "backfill_started", "backfill_id": backfill_id}
        terminal.json_line(said | {"chunks": len(chunks.sets) + bool(chunks.at_end)})
    terminal.note(f"backfill {backfill_id}: {size} of `{chunks.lead}` in {many}")
    if chunks.at_end:
        shown = ", ".join(f"`{id_}`" for id_ in chunks.at_end[:5])
        more = f" and {len(chunks.at_end) - 5:,} more" if len(chunks.at_end) > 5 else ""  # noqa: PLR2004
        terminal.note(f"made once, at the end: {shown}{more}")
    return backfill_id


def _made(terminal: Terminal, project: Project, backfill_id: str) -> Progress:
    """Makes what is left of the backfill, and says so chunk by chunk."""
    from flowforge_assets.execute.backfill import found_backfill, make_backfill  # engines, on use

    known = found_backfill(project, backfill_id)

    def said(result: ChunkResult) -> None:
        _say(terminal, result, known.chunks)

    def hear(event: Event) -> None:
        if terminal.json:
            terminal.json_line(event.as_json())
        elif event.event == "waiting":
            terminal.note(event.message or "")

    if known.backfill.job:
        from flowforge_assets.execute.backfill_prefect import submit_backfill  # prefect, on use

        return submit_backfill(project, backfill_id, on_chunk=said)
    return make_backfill(project, backfill_id, on_event=hear, on_chunk=said)


def _say(terminal: Terminal, result: ChunkResult, chunks: int) -> None:
    if terminal.json:
        terminal.json_line(result.as_json())
        return
    partitions = result.chunk.partitions
    shown = "the rest" if partitions is None else partitions.render()
    place = f"{result.chunk.number:>{len(str(chunks))}}/{chunks}"
    status = Text(f"{result.status:<9}", STYLES[result.status])
    terminal.note(status, f"  {place}  ", Text(shown, "bold"), f"  {duration(result.seconds)}")
    if result.said:
        terminal.note(f"  {result.said}")


def _end(terminal: Terminal, progress: Progress, seconds: float) -> None:
    """How the backfill ended."""
    found = progress.backfill
    if terminal.json:
        said = {"event": "backfill_finished", **progress_json(progress)}
        terminal.json_line(said | {"seconds": round(seconds, 6)})
        return
    done = f"{progress.chunks_done:,} of {counted(progress.chunks, 'chunk')} made"
    failed = f", {progress.chunks_failed:,} failed" if progress.chunks_failed else ""
    status = Text(found.status, STYLES[found.status])
    terminal.say(status, f": {done}{failed} in {duration(seconds)}")
    if found.status in {"failed", "interrupted"}:
        terminal.note(f"`flowforge backfill --resume {found.backfill_id}` makes what is left of it")


def progress_json(progress: Progress) -> dict[str, object]:
    """A backfill as `--json` has it."""
    found = progress.backfill
    return {
        "backfill_id": found.backfill_id,
        "status": "killed" if found.is_killed else found.status,
        "selection": found.selection,
        "partitions_asked": found.asked,
        "force": found.force,
        "job": found.job or None,
        "created_at": found.created_at,
        "ended_at": found.ended_at,
        "chunks": progress.chunks,
        "chunks_done": progress.chunks_done,
        "chunks_failed": progress.chunks_failed,
        "partitions": progress.partitions,
        "partitions_done": progress.partitions_done,
    }

"""`flowforge run`: makes what is out of date, and says so as it goes."""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from threading import Event as StopSignal
from typing import TYPE_CHECKING, Annotated, Final, Literal

from cyclopts import Parameter

from flowforge_assets.cli.options import COMMON, Common, Flag, Partition, Select
from flowforge_assets.cli.paint import Style, Text
from flowforge_assets.cli.plan import ALLOW_BREAKING, REBUILD
from flowforge_assets.cli.progress import Extent, Progress
from flowforge_assets.cli.rebuild import Losses, agreed_to_lose
from flowforge_assets.cli.words import duration
from flowforge_assets.errors.project import UsageError
from flowforge_assets.execute.engine import run_session
from flowforge_assets.execute.written_plan import as_written
from flowforge_assets.plan.plan_file import PlanAsk, PlanFile, read_plan_file
from flowforge_assets.plan.step import MOST_IN_A_SET
from flowforge_assets.record.ledger import Ledger

if TYPE_CHECKING:
    from flowforge_assets.api import Project
    from flowforge_assets.cli.terminal import Terminal
    from flowforge_assets.core.event import Event, OnEvent
    from flowforge_assets.execute.run import RunResult

_AS_OF: Final = "Read inputs as they were: at a time, or some at a version (orders@3)."
_EXIT_CODES: Final = {"succeeded": 0, "failed": 1, "cancelled": 130}


def run(  # noqa: PLR0913 - what a run may be asked for
    plan: Annotated[
        Path | None, Parameter(help="A plan that was written down: make exactly that.")
    ] = None,
    /,
    *,
    select: Select = None,
    partition: Partition = None,
    force: Annotated[Flag, Parameter(help="Make all that is selected, stale or not.")] = False,
    rebuild: Annotated[Flag, Parameter(help=REBUILD)] = False,
    allow_breaking: Annotated[Flag, Parameter(help=ALLOW_BREAKING)] = False,
    as_of: Annotated[list[str] | None, Parameter(name="--as-of", negative="", help=_AS_OF)] = None,
    resume: Annotated[
        str | None, Parameter(help="A run: make what it planned and did not.")
    ] = None,
    engine: Annotated[
        Literal["local", "prefect"], Parameter(help="Where the steps run.")
    ] = "local",
    common: Common = COMMON,
) -> int:
    """Make what is out of date, and only that. A failure stops only what depends on it."""
    if resume is not None and (select or partition or force or rebuild or allow_breaking or as_of):
        hint = "leave `--select`, `--partition`, `--force`, `--rebuild` and the like out"
        raise UsageError("a resumed run makes what it had planned", hint=hint)
    if as_of and (rebuild or not select):
        hint = "say what to make with `-s`, and leave `--rebuild` out"
        raise UsageError("`--as-of` makes a few assets over inputs as they were", hint=hint)
    ask = PlanAsk(select, partition, force, rebuild, allow_breaking)
    written = None if plan is None else _written(plan, common.env)
    if written is not None:
        if ask != PlanAsk() or as_of or resume:
            raise UsageError("a plan says what is made", hint="leave all else out, or plan anew")
        ask = written.ask
    terminal, project = common.terminal(), common.load()
    asked = Losses(
        *(project, ask.select, ask.partitions),
        rebuild=ask.rebuild,
        allow_breaking=ask.allow_breaking,
    )
    if (ask.rebuild or ask.allow_breaking) and not agreed_to_lose(terminal, asked, yes=common.yes):
        terminal.note("nothing was emptied or made")
        return 0
    start = time.perf_counter()
    last: list[Event] = []
    hear = _events(terminal, project, last)
    with suppress(ValueError):  # not the main thread: someone else minds the signals
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        session = project.session(**asdict(ask), as_of=as_of or (), resume=resume)
        session = session if written is None else as_written(session, written)
        result = run_session(session, engine=engine, on_event=hear, stop=StopSignal())
    except KeyboardInterrupt:
        _end(terminal, last, None, time.perf_counter() - start)
        terminal.note("what was being made is made or as it was; run again for the rest")
        raise
    finally:
        if isinstance(hear, Progress):
            hear.close()
    _end(terminal, last, result, time.perf_counter() - start)
    return 1 if _is_stuck(result) else _EXIT_CODES[result.status]


def _written(path: Path, env: str) -> PlanFile:
    """The plan in the file, if it is of this environment: another is never touched unasked."""
    written = read_plan_file(path)
    if written.env != env:
        message = f"the plan is of the environment `{written.env}`, and this run is of `{env}`"
        raise UsageError(message, hint=f"say so: `flowforge run PLAN -e {written.env}`")
    return written


def _is_stuck(result: RunResult) -> bool:
    """Whether all that was asked for waits."""
    done = result.made or result.failed or result.skipped or result.fresh
    return bool(result.waiting) and not done


def _events(terminal: Terminal, project: Project, last: list[Event]) -> OnEvent:
    """Who hears the events; the one that ends the run is put into `last`."""
    if not terminal.json:
        return Progress(terminal, lambda run_id: _extents(project, run_id))

    def write(event: Event) -> None:
        if event.event == "run_finished":
            last.append(event)
        else:
            terminal.json_line(event.as_json())

    return write


def _end(terminal: Terminal, last: list[Event], result: RunResult | None, seconds: float) -> None:
    """The sum of the run, with its errors before it."""
    errors = result.errors if result is not None else ()
    for event in last:
        said = dict(event.as_json()) | {"seconds": round(seconds, 6)}
        terminal.json_line(said | {"errors": [error.as_json() for error in errors]})
    if terminal.json or result is None:
        return
    if errors:
        terminal.note()
        terminal.errors(errors)
        terminal.note()
    counts: tuple[tuple[str, Style], ...] = (
        (f"made {result.made:,}", "green" if result.made else ""),
        (f"failed {result.failed:,}", "red" if result.failed else ""),
        (f"skipped {result.skipped:,}", "yellow" if result.skipped else ""),
        (f"fresh {result.fresh:,}", ""),
    )
    pieces: list[Text | str] = []
    for text, style in counts:
        pieces += [", " if pieces else "", Text(text, style)]
    if result.waiting:
        pieces += [", ", Text(f"waiting {result.waiting:,}", "yellow")]
    terminal.say(*pieces, f" in {duration(seconds)}")
    if _is_stuck(result):
        terminal.note(
            "nothing that is asked for can be made (`-s +NAME` takes along what it reads)"
        )
    if result.failed:
        terminal.note(f"`flowforge run --resume {result.run_id}` makes what is left of it")


def _extents(project: Project, run_id: str) -> dict[str, Extent]:
    """What the run has planned, as the ledger has it."""
    extents: dict[str, Extent] = {}
    with Ledger.open(project.environment.ledger) as ledger:
        for step in ledger.steps_of(run_id):
            known = extents.get(step.asset, Extent(0))
            partitions = step.partitions.count()
            calls = partitions
            asset = project.graph.assets[step.makes[0]]
            if asset.takes_sets:
                most = asset.batch or MOST_IN_A_SET
                calls = sum(1 for _ in step.partitions.chunks(most))
            total = (known.partitions or 0) + partitions if step.partitions.dimensions else None
            extents[step.asset] = Extent(known.calls + calls, total)
    return extents

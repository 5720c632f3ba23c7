"""`flowforge plan`: what a run would make, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter

from flowforge_assets.cli.options import COMMON, Common, Flag, Partition, Select
from flowforge_assets.cli.paint import Style, Text
from flowforge_assets.cli.rebuild import tell_plain
from flowforge_assets.cli.words import counted, how_many
from flowforge_assets.plan.plan_file import PlanAsk, write_plan_file

if TYPE_CHECKING:
    from flowforge_assets.cli.terminal import Terminal
    from flowforge_assets.plan.plan import Plan

_DIFFERENT: Final = 3
REBUILD: Final = "Empty what keeps its history, and make it anew."
ALLOW_BREAKING: Final = "Let go of rows and columns that do not survive a class's new columns."
_CHANGE_STYLES: Final[dict[str, Style]] = {
    "dropped": "yellow", "emptied": "yellow", "refused": "red",
}  # fmt: skip
REASON_STYLES: Final[dict[str, Style]] = {
    "never made": "green",
    "input newer": "cyan",
    "forced": "yellow",
}


def plan(
    *,
    select: Select = None,
    partition: Partition = None,
    force: Annotated[Flag, Parameter(help="As if all that is selected were stale.")] = False,
    rebuild: Annotated[Flag, Parameter(help=REBUILD)] = False,
    allow_breaking: Annotated[Flag, Parameter(help=ALLOW_BREAKING)] = False,
    exit_code: Annotated[Flag, Parameter(help="Exit with 3 if there is something to do.")] = False,
    out: Annotated[
        Path | None, Parameter(name=["--out", "-o"], help="Write it to a file, for `run FILE`.")
    ] = None,
    common: Common = COMMON,
) -> int:
    """Say what a run would make, and why. Nothing is changed."""
    terminal, project = common.terminal(), common.load()
    made = project.plan(
        select,
        partitions=partition,
        force=force,
        rebuild=rebuild,
        allow_breaking=allow_breaking,
    )
    if rebuild:
        tell_plain(terminal, project, made, select)
    if out is not None:
        write_plan_file(out, made, PlanAsk(select, partition, force, rebuild, allow_breaking))
    if terminal.json:
        terminal.data(made.as_json())
    else:
        show_plan(terminal, made)
    return _DIFFERENT if exit_code and made.steps else 0


def show_plan(terminal: Terminal, plan: Plan) -> None:
    """A line a step, then what waits, then the sum."""
    terminal.table(
        [
            (
                Text(step.asset, "bold"),
                how_many(step.partitions, up_to=step.is_conditional),
                step.partitions.render(),
                Text(step.reason, REASON_STYLES.get(step.reason, "yellow")),
                Text(step.detail, "dim"),
            )
            for step in plan.steps
        ],
        right=[1],
    )
    for kept in plan.kept:
        of = f" ({kept.partitions.render()})" if kept.partitions.dimensions else ""
        said = f": {kept.reason}" + (f", {kept.detail}" if kept.detail else "")
        terminal.say(Text(kept.asset, "bold"), of, Text(" history kept", "yellow"), said)
    for change in plan.changes:
        style = _CHANGE_STYLES.get(change.answer, "cyan")
        terminal.say(
            Text(change.dataset, "bold"), " ", Text(change.change, style), f": {change.told}"
        )
    for note in plan.notes:
        terminal.note(Text("note", "cyan"), f": {note}")
    for waiting in plan.waiting:
        of = f" ({waiting.partitions.render()})" if waiting.partitions.dimensions else ""
        state = "there" if waiting.missing in plan.gone else "made"
        terminal.say(
            Text(waiting.asset, "bold"), of, " waits: ", f"`{waiting.missing}` is not {state}"
        )
    assets = {step.asset_id for step in plan.steps}
    fresh = f"{len(plan.fresh):,} fresh"
    if plan.waiting:
        stuck = {each.asset for each in plan.waiting}
        fresh += f", {len(stuck):,} waiting (`-s +NAME` takes along what NAME reads)"
    if not assets:
        terminal.note("nothing to make, ", fresh)
        return
    parts = sum(step.partitions.count() for step in plan.steps if step.partitions.dimensions)
    inside = f" ({counted(parts, 'partition')})" if parts else ""
    terminal.note(f"{counted(len(assets), 'asset')} to make{inside}, ", fresh)

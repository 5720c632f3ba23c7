"""`flowforge ledger`: the record of runs, made again or shortened."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter, validators

from flowforge_assets.cli.options import COMMON, Common
from flowforge_assets.cli.words import counted
from flowforge_assets.record.ledger import Ledger

app = App(name="ledger", help_format="plaintext")


@app.command
def rebuild(*, common: Common = COMMON) -> int:
    """Make the ledger again from what the tables say of themselves."""
    terminal, project = common.terminal(), common.load()
    done = project.rebuild_ledger()
    if terminal.json:
        moved_to = None if done.moved_to is None else str(done.moved_to)
        data = {"datasets": done.datasets, "commits": done.pieces, "moved_to": moved_to}
        terminal.data(data)
        return 0
    datasets, commits = counted(done.datasets, "dataset"), counted(done.pieces, "commit")
    terminal.say(f"the ledger knows {datasets} with {commits} again")
    if done.moved_to is not None:
        terminal.note(f"what was broken is kept as `{done.moved_to}`")
    return 0


@app.command
def prune(
    *,
    keep: Annotated[
        int, Parameter(help="How many runs stay.", validator=validators.Number(gte=0))
    ] = 100,
    common: Common = COMMON,
) -> int:
    """Remove the history of old runs. What is made, and by which run, stays known."""
    terminal, project = common.terminal(), common.load()
    path = project.environment.ledger
    removed = 0
    if project.environment.has_ledger:
        question = f"remove the history of all but the newest {counted(keep, 'run')}?"
        if not terminal.ask(question, yes=common.yes):
            terminal.note("nothing was removed")
            return 0
        with Ledger.open(path) as ledger:
            removed = ledger.prune(keep_runs=keep)
    if terminal.json:
        terminal.data({"removed": removed})
    else:
        terminal.say(f"removed the history of {counted(removed, 'run')}")
    return 0

"""`flowforge restore KEY`: a table, or an artifact, as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowforge_assets.cli.options import COMMON, At, Common, Key, Version, when_asked
from flowforge_assets.cli.paint import Text
from flowforge_assets.cli.words import how_many, moment
from flowforge_assets.errors.past import UnconfirmedRestoreError
from flowforge_assets.errors.project import UsageError

if TYPE_CHECKING:
    from flowforge_assets.api import Project
    from flowforge_assets.cli.terminal import Terminal


def restore(key: Key, /, *, version: Version = None, at: At = None, common: Common = COMMON) -> int:
    """Put a table, or an artifact, back to an older version. Nothing is lost by it."""
    from flowforge_assets.execute.restore import older_version  # engines, on use
    from flowforge_assets.execute.restore import restore as restore_table

    terminal, project = common.terminal(), common.load()
    dataset, when = project.dataset(key), when_asked(version, at)
    if when is None:
        hint = (
            "say `--version 3`, or `--at 2026-01-31T12:00`; `flowforge show KEY` tells the newest"
        )
        raise UsageError("it is not said to which version", hint=hint)
    found, changed = older_version(project.graph, lambda: project.store, dataset, when)
    what = how_many(changed) if changed is not None and changed.dimensions else "its rows"
    question = (
        f"{dataset.key}: {what or 'its rows'} will be as in version {found.version} of "
        f"{moment(found.at)}; what was made since can be restored too: put it back?"
    )
    if not _agreed(terminal, question, yes=common.yes):
        terminal.note("nothing was restored")
        return 0
    session = project.session(project.graph.maker[dataset.key])
    done = restore_table(session, dataset, found.version)
    if terminal.json:
        data = {
            "dataset": done.key,
            "version": done.version,
            "restored": done.of.version,
            "partitions": done.touched.render(None) if done.touched.dimensions else None,
        }
        terminal.data(data)
        return 0
    touched = how_many(done.touched)
    said = f"{done.key} to version {done.of.version}" + (f": {touched}" if touched else "")
    terminal.say(Text("restored ", "green"), said)
    _say_stale(terminal, project)
    return 0


def _agreed(terminal: Terminal, question: str, *, yes: bool) -> bool:
    try:
        return terminal.ask(question, yes=yes)
    except UsageError as error:
        message = "nobody is here to agree that the table is put back"
        raise UnconfirmedRestoreError(message, hint="say `--yes`") from error


def _say_stale(terminal: Terminal, project: Project) -> None:
    """Says what a run would make now."""
    stale = list(dict.fromkeys(step.asset for step in project.plan().steps))
    if stale:
        named = ", ".join(f"`{name}`" for name in stale)
        terminal.note(f"out of date now: {named} (`flowforge plan` says why)")

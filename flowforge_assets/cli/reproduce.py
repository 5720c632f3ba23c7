"""`flowforge reproduce KEY@VERSION`: makes a past version again, and compares."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from flowforge_assets.cli.options import COMMON, Common, Partition
from flowforge_assets.cli.paint import Text
from flowforge_assets.cli.words import counted, moment
from flowforge_assets.errors.project import UsageError

if TYPE_CHECKING:
    from flowforge_assets.cli.terminal import Terminal
    from flowforge_assets.execute.reproduce import Reproduction


def reproduce(
    what: Annotated[str, Parameter(help="A version of a dataset: silver.orders@3.")],
    /,
    *,
    partition: Partition = None,
    common: Common = COMMON,
) -> int:
    """Make a past version again from what it was made from, in memory, and compare the rows."""
    from flowforge_assets.execute.reproduce import reproduce as make_again  # engines, on use

    named = re.fullmatch(r"(.+)@(\d+)", what)
    if named is None:
        hint = "write `silver.orders@3`; `flowforge show KEY` tells the newest version"
        raise UsageError(f"`{what}` names no version of a dataset", hint=hint)
    terminal, project = common.terminal(), common.load()
    dataset = project.dataset(named[1])
    maker = project.graph.maker.get(dataset.key)
    ids = [] if maker is None else [maker]
    done = make_again(
        project.session(maker),
        dataset,
        int(named[2]),
        partitions=partition,
        fingerprints=project.fingerprints(ids),
        history=project.history(),
    )
    if terminal.json:
        terminal.data(_as_json(done))
    else:
        _show(terminal, done)
    return 0 if done.is_equal else 1


def _as_json(done: Reproduction) -> dict[str, object]:
    found = done.difference
    return {
        "dataset": done.key,
        "version": done.version.version,
        "made_at": done.version.at,
        "partitions": done.partitions.render(None) if done.partitions.dimensions else None,
        "equal": done.is_equal,
        "rows": found.rows,
        "missing": found.missing,
        "extra": found.extra,
        "rounded": found.is_rounded,
        "examples": list(found.examples),
        "notes": list(done.notes),
    }


def _show(terminal: Terminal, done: Reproduction) -> None:
    for note in done.notes:
        terminal.note(Text("note", "cyan"), f": {note}")
    found = done.difference
    what = f"{done.key}@{done.version.version} of {moment(done.version.at)}"
    if done.is_equal:
        digits = ", but for the last digits of floats" if found.is_rounded else ""
        terminal.say(Text("equal ", "green"), f"{what}: {counted(found.rows, 'row')}{digits}")
        return
    sums = f"{found.missing:,} of {counted(found.rows, 'row')} lack, {found.extra:,} are new"
    terminal.say(Text("differs ", "red"), f"{what}: {sums}")
    for example in found.examples:
        terminal.say("  ", example)

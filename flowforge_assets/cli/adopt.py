"""`flowforge adopt`: a table that is there already, taken as made."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from flowforge_assets.cli.options import COMMON, Common, Flag, Key
from flowforge_assets.cli.paint import Text
from flowforge_assets.cli.words import counted, how_many
from flowforge_assets.errors.adoption import NotAdoptableError


def adopt(
    key: Key,
    /,
    *,
    from_: Annotated[
        str | None,
        Parameter(name="--from", help="Refused: a table is adopted where it lies."),
    ] = None,
    no_check: Annotated[
        Flag, Parameter(name="--no-check", help="Do not hold its rows against rules and checks.")
    ] = False,
    common: Common = COMMON,
) -> int:
    """Take the table of a dataset as made today, without making it. No row is moved."""
    from flowforge_assets.execute.adopt import adopt as adopt_table  # engines, on use
    from flowforge_assets.execute.adopt import maker_of

    terminal, project = common.terminal(), common.load()
    dataset = project.dataset(key)
    if from_ is not None:
        place = project.table(dataset).uri.removeprefix("file://")
        message = f"`{from_.partition('?')[0]}` is not in the place of `{dataset.key}`"
        hint = f"copy it to `{place}`, or declare it with `external(...)` and let it lie"
        raise NotAdoptableError(message, place=dataset.place, hint=hint)
    maker = maker_of(project.graph, dataset)
    fingerprints = project.fingerprints([maker.id])
    done = adopt_table(project.session(maker.id), dataset, fingerprints, check=not no_check)
    if terminal.json:
        outside = done.outside.render(None) if done.outside else None
        data = {
            "dataset": done.key,
            "version": done.version,
            "partitions": done.partitions.render(None) or None,
            "outside": outside,
            "rows": done.rows,
        }
        terminal.data(data)
        return 0
    what = ", ".join(filter(None, (how_many(done.partitions), counted(done.rows, "row"))))
    terminal.say(Text("adopted ", "green"), f"{done.key}: {what}")
    for finding in done.warnings:
        terminal.note(f"`{finding.rule}` finds fault with {counted(finding.bad_rows, 'row')}")
    if done.outside:
        terminal.note(f"left aside, since not declared: {done.outside.render()}")
    return 0

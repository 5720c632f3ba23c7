"""`flowforge backfills`: how far backfills are, and an end to one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter, validators

from flowforge_assets.cli.backfill import STYLES, progress_json
from flowforge_assets.cli.options import COMMON, Common
from flowforge_assets.cli.paint import Text
from flowforge_assets.cli.words import moment
from flowforge_assets.record.backfills import BackfillLog

if TYPE_CHECKING:
    from flowforge_assets.record.backfills import Progress

app = App(name="backfills", help_format="plaintext")


@app.default
def backfills(
    *,
    limit: Annotated[
        int, Parameter(name=["--limit", "-n"], help="How many.", validator=validators.Number(gte=1))
    ] = 20,
    common: Common = COMMON,
) -> int:
    """List the last backfills and how far they are. The newest come first."""
    terminal, project = common.terminal(), common.load()
    place = project.environment
    found = BackfillLog(place.ledger).newest(limit) if place.has_ledger else []
    if terminal.json:
        terminal.data({"backfills": [progress_json(each) for each in found]})
    elif found:
        names = ("backfill", "status", "began", "chunks", "failed", "partitions", "selection", "of")
        rows: list[list[Text | str]] = [[Text(name, "dim") for name in names]]
        terminal.table([*rows, *map(_row, found)], right=[3, 4, 5])
    else:
        terminal.note("no backfill yet; `flowforge backfill` begins one")
    return 0


@app.command
def cancel(
    backfill_id: Annotated[str, Parameter(help="A backfill: `flowforge backfills` lists them.")],
    /,
    *,
    common: Common = COMMON,
) -> int:
    """End a backfill, after the step that is going on. What is made stays; resume it any time."""
    from flowforge_assets.execute.backfill import found_backfill  # engines, on use

    terminal, project = common.terminal(), common.load()
    found = found_backfill(project, backfill_id).backfill
    log = BackfillLog(project.environment.ledger)
    is_cancelled = log.cancel(backfill_id, project.clock())
    if is_cancelled and found.job:
        from flowforge_assets.execute.backfill_prefect import cancel_runs  # prefect, on use

        cancel_runs(log.chunks(backfill_id))
    status = log.status(backfill_id)
    if terminal.json:
        terminal.data({"backfill_id": backfill_id, "status": status})
    elif is_cancelled:
        terminal.say(f"{backfill_id} is cancelled: it ends with the step that is going on")
    else:
        terminal.note(f"{backfill_id} has ended before: {status}")
    return 0


def _row(progress: Progress) -> list[Text | str]:
    found = progress.backfill
    status = "killed" if found.is_killed else found.status
    return [
        Text(found.backfill_id, "bold"),
        Text(status, STYLES[status]),
        moment(found.created_at),
        f"{progress.chunks_done:,}/{progress.chunks:,}",
        str(progress.chunks_failed),
        f"{progress.partitions_done:,}/{progress.partitions:,}",
        found.selection or "all",
        found.asked,
    ]

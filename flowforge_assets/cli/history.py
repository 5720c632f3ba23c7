"""`flowforge history [KEY]`: the last runs, or the last steps that made a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter, validators

from flowforge_assets.cli.options import COMMON, Common
from flowforge_assets.cli.paint import Style, Text
from flowforge_assets.cli.words import byte_size, duration, moment
from flowforge_assets.record.ledger import Ledger

if TYPE_CHECKING:
    from flowforge_assets.cli.terminal import Terminal
    from flowforge_assets.record.run import RunRecord, StepRecord

STATUS_STYLES: Final[dict[str, Style]] = {
    "succeeded": "green",
    "made": "green",
    "running": "cyan",
    "failed": "red",
    "killed": "red",
    "skipped": "yellow",
    "cancelled": "yellow",
}


def history(
    key: Annotated[str | None, Parameter(help="A dataset; without one, the runs.")] = None,
    /,
    *,
    limit: Annotated[
        int, Parameter(name=["--limit", "-n"], help="How many.", validator=validators.Number(gte=1))
    ] = 20,
    common: Common = COMMON,
) -> int:
    """List the last runs; with a dataset, the last steps that made it. The newest come first."""
    terminal, project = common.terminal(), common.load()
    dataset = None if key is None else project.dataset(key)
    path = project.environment.ledger
    runs: list[RunRecord] = []
    steps: list[StepRecord] = []
    if project.environment.has_ledger:
        with Ledger.open(path) as ledger:
            if dataset is None:
                runs = ledger.runs(limit)
            else:
                names = (dataset.key, *dataset.aliases)
                found = [step for name in names for step in ledger.history(name, limit)]
                newest_first = sorted(found, key=lambda step: step.run_id, reverse=True)
                steps = newest_first[:limit]
    if terminal.json:
        said = [_run_json(run) for run in runs] if key is None else [_step_json(s) for s in steps]
        terminal.data({"runs" if key is None else "steps": said})
    elif runs:
        _show_runs(terminal, runs)
    elif steps:
        _show_steps(terminal, steps, was_renamed=dataset is not None and bool(dataset.aliases))
    else:
        what = "nothing ran yet" if dataset is None else f"`{dataset.key}` was never made"
        terminal.note(f"{what}; `flowforge run` makes what is missing")
    return 0


def _show_runs(terminal: Terminal, runs: list[RunRecord]) -> None:
    names = ("run", "status", "began", "took", "made", "failed", "skipped", "fresh", "selection")
    rows: list[list[Text | str]] = [[Text(name, "dim") for name in names]]
    for run in runs:
        took = (run.ended_at - run.started_at).total_seconds() if run.ended_at else None
        counts = run.counts
        rows.append(
            [
                Text(run.run_id, "bold"),
                Text(run.status, STATUS_STYLES[run.status]),
                moment(run.started_at),
                "" if took is None else duration(took),
                *map(str, (counts.made, counts.failed, counts.skipped, counts.fresh)),
                run.selection,
            ]
        )
    terminal.table(rows, right=[3, 4, 5, 6, 7])


def _show_steps(terminal: Terminal, steps: list[StepRecord], *, was_renamed: bool) -> None:
    """The steps; of a dataset that was renamed each with the name that it had then."""
    names = ("began", "status", "partitions", "rows", "size", "took", "reason", "run", "error")
    rows: list[list[Text | str]] = [[Text(name, "dim") for name in names]]
    if was_renamed:
        rows[0].append(Text("made as", "dim"))
    rows += [
        [
            "" if step.started_at is None else moment(step.started_at),
            Text(step.status, STATUS_STYLES.get(step.status, "")),
            step.partitions.render(),
            "" if step.rows is None else f"{step.rows:,}",
            "" if step.bytes_written is None else byte_size(step.bytes_written),
            "" if step.seconds is None else duration(step.seconds),
            step.reason,
            Text(step.run_id, "dim"),
            Text(f"{step.error_code}: {step.error_message}" if step.error_code else "", "red"),
            *([", ".join(step.makes)] if was_renamed else []),
        ]
        for step in steps
    ]
    terminal.table(rows, right=[3, 4, 5])


def _run_json(run: RunRecord) -> dict[str, object]:
    return {
        "run_id": run.run_id,
        "status": run.status,
        "env": run.env,
        "selection": run.selection,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "made": run.counts.made,
        "failed": run.counts.failed,
        "skipped": run.counts.skipped,
        "fresh": run.counts.fresh,
    }


def _step_json(step: StepRecord) -> dict[str, object]:
    return {
        "run_id": step.run_id,
        "asset": step.asset,
        "makes": list(step.makes),
        "partitions": step.partitions.render(None) or None,
        "status": step.status,
        "reason": step.reason,
        "started_at": step.started_at,
        "seconds": step.seconds,
        "rows": step.rows,
        "bytes": step.bytes_written,
        "error": {"code": step.error_code, "message": step.error_message}
        if step.error_code
        else None,
        **({} if step.work is None else {"work": step.work}),
    }

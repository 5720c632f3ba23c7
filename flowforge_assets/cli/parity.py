"""`flowforge parity [KEY]`: queries tried on the engine that they are emitted for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter, validators

from flowforge_assets.cli.options import COMMON, Common, Key, Partition
from flowforge_assets.cli.paint import Style, Text
from flowforge_assets.cli.sql import asset_of, sql_of
from flowforge_assets.cli.words import counted
from flowforge_assets.record.parity import ParityRecord, record_parity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowforge_assets.api import Project
    from flowforge_assets.cli.terminal import Terminal
    from flowforge_assets.execute.parity import ParityFinding

_STYLES: Final[dict[str, Style]] = {
    "verified": "green",
    "parsed only": "yellow",
    "unverified": "yellow",
    "differs": "red",
}
_MOST_ROWS: Final = 1000


def parity(
    key: Key | None = None,
    /,
    *,
    target: Annotated[
        str, Parameter(name=["--target", "-t"], help="duckdb, snowflake, bigquery, redshift, ...")
    ],
    seed: Annotated[int, Parameter(help="Other generated rows.")] = 0,
    rows: Annotated[
        int,
        Parameter(
            help="About how many a table.", validator=validators.Number(gte=2, lte=_MOST_ROWS)
        ),
    ] = 24,
    partition: Partition = None,
    common: Common = COMMON,
) -> int:
    """Run queries on generated hostile rows here and on a target, and compare what they give."""
    from flowforge_assets.execute.parity import parity as tried  # engines, on use

    terminal, project = common.terminal(), common.load()
    source = sql_of(project, target, partition)
    if key is not None:
        assets = [asset_of(project, key)]
    else:
        assets = [each for each in project.graph.assets.values() if each.kind == "sql"]
    found: list[ParityFinding] = []
    for each in tried(source, assets, project.environment.config.warehouse, seed=seed, rows=rows):
        found.append(each)
        if not terminal.json:
            _say(terminal, each)
    _record(project, found)
    errors = [each.error for each in found if each.error is not None]
    if terminal.json:
        terminal.data({"parity": [_as_json(each) for each in found]}, errors)
    elif not found:
        terminal.note("nothing is made by a query")
    else:
        terminal.note(_summary(found))
    return 1 if errors else 0


def _record(project: Project, found: Sequence[ParityFinding]) -> None:
    """Keeps the verdicts, save those on queries that cannot be read."""
    at = project.clock()
    records = [
        ParityRecord(
            asset=each.key,
            target=each.target,
            query=each.query,
            verdict=each.verdict,
            seed=each.seed,
            rows=each.rows,
            engine=each.engine,
            reason=each.reason,
            at=at,
        )
        for each in found
        if each.query
    ]
    if records:
        record_parity(project.environment.ledger_path, records)


def _say(terminal: Terminal, found: ParityFinding) -> None:
    compared = f"  {counted(found.rows, 'row')}" if found.verdict == "verified" else ""
    verdict = Text(f"{found.verdict:<12}", _STYLES[found.verdict])
    terminal.say(verdict, f"{found.key}{compared}", Text(_reason(found), "dim"))
    if found.error is not None:
        terminal.errors([found.error])
    for line in found.lines:
        terminal.say(f"    {line}")


def _reason(found: ParityFinding) -> str:
    return f"  {found.reason}" if found.reason and found.error is None else ""


def _summary(found: Sequence[ParityFinding]) -> str:
    counts = {verdict: sum(each.verdict == verdict for each in found) for verdict in _STYLES}
    said = ", ".join(f"{count:,} {verdict}" for verdict, count in counts.items() if count)
    engine = next((each.engine for each in found if each.engine), "")
    return f"{said} on {engine}" if engine else said


def _as_json(found: ParityFinding) -> dict[str, object]:
    return {
        "key": found.key,
        "target": found.target,
        "verdict": found.verdict,
        "reason": found.reason or None,
        "seed": found.seed,
        "rows": found.rows,
        "engine": found.engine or None,
        "query": found.query or None,
        "difference": list(found.lines),
    }

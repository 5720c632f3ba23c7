"""`flowforge parity [KEY]`: queries tried on the engine that they are emitted for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter, validators

from flowforge_assets.cli.options import COMMON, Common, Key, Partition
from flowforge_assets.cli.paint import Text
from flowforge_assets.cli.sql import PARITY_STYLES, asset_of, parity_json, sql_of
from flowforge_assets.cli.words import counted
from flowforge_assets.record.parity import ParityRecord, record_parity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from flowforge_assets.cli.terminal import Terminal
    from flowforge_assets.execute.parity import ParityFinding

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
    records = _records(found, project.clock())
    known = [each for each in records if each.query]  # others cannot be read
    if known:
        record_parity(project.environment.ledger, known)
    errors = [each.error for each in found if each.error is not None]
    if terminal.json:
        told = [
            {"key": each.key, "target": target, **parity_json(record), "difference": each.lines}
            for each, record in zip(found, records, strict=True)
        ]
        terminal.data({"parity": told}, errors)
    elif not found:
        terminal.note("nothing is made by a query")
    else:
        terminal.note(_summary(found))
    return 1 if errors else 0


def _records(found: Sequence[ParityFinding], at: datetime) -> list[ParityRecord]:
    return [
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
    ]


def _say(terminal: Terminal, found: ParityFinding) -> None:
    compared = f"  {counted(found.rows, 'row')}" if found.verdict == "verified" else ""
    verdict = Text(f"{found.verdict:<12}", PARITY_STYLES[found.verdict])
    terminal.say(verdict, f"{found.key}{compared}", Text(_reason(found), "dim"))
    if found.error is not None:
        terminal.errors([found.error])
    for line in found.lines:
        terminal.say(f"    {line}")


def _reason(found: ParityFinding) -> str:
    return f"  {found.reason}" if found.reason and found.error is None else ""


def _summary(found: Sequence[ParityFinding]) -> str:
    counts = {verdict: sum(each.verdict == verdict for each in found) for verdict in PARITY_STYLES}
    said = ", ".join(f"{count:,} {verdict}" for verdict, count in counts.items() if count)
    engine = next((each.engine for each in found if each.engine), "")
    return f"{said} on {engine}" if engine else said

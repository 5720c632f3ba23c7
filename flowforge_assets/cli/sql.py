"""`flowforge sql KEY`: the query of an asset as it is written for a target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter

from flowforge_assets.cli.options import COMMON, Common, Key, Partition
from flowforge_assets.cli.paint import Style, Text
from flowforge_assets.cli.words import counted
from flowforge_assets.compile.project_sql import ProjectSql
from flowforge_assets.compile.query_digest import query_digest
from flowforge_assets.compile.warehouse_sql import query_errors
from flowforge_assets.errors.sql_script import NotSqlError
from flowforge_assets.record.parity import newest_parity
from flowforge_assets.sql.lexemes import lexemes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowforge_assets.api import Project
    from flowforge_assets.cli.terminal import Terminal
    from flowforge_assets.compile.warehouse_step import WarehouseStep
    from flowforge_assets.declare.definition import AssetDefinition
    from flowforge_assets.record.parity import ParityRecord
    from flowforge_assets.sql.portable.emitted import Emitted

PARITY_STYLES: Final[dict[str, Style]] = {
    "verified": "green",
    "parsed only": "yellow",
    "unverified": "yellow",
    "differs": "red",
}
_STYLES: Final[dict[str, Style]] = {"comment": "dim", "text": "green", "number": "yellow"}


def sql(
    key: Key,
    /,
    *,
    target: Annotated[
        str, Parameter(name=["--target", "-t"], help="duckdb, snowflake, bigquery, redshift, ...")
    ] = "duckdb",
    partition: Partition = None,
    common: Common = COMMON,
) -> int:
    """Print the query of a dataset as it is written for a target, or what stands against it."""
    terminal, project = common.terminal(), common.load()
    asset = asset_of(project, key)
    source = sql_of(project, target, partition)
    step = next(source.steps(asset, source.tables([asset.id])))
    found = step.emitted_query()
    errors = query_errors(step, found)
    tried, is_current = _tried(project, step)
    if terminal.json:
        parity = None if tried is None else {**parity_json(tried), "is_current": is_current}
        terminal.data({**_as_json(step, found), "parity": parity}, errors)
        return 1 if errors else 0
    if found.text is None:
        terminal.errors(errors)
        return 1
    for setting in found.settings:
        _say(terminal, f"{setting};")
    _say(terminal, found.text)
    for accepted in found.accepted:
        place = f"{accepted.line}:{accepted.column}"
        said = f" {place} {accepted.code} {accepted.message}: {accepted.reason}"
        terminal.note(Text("accepted", "yellow"), said)
    if tried is not None:
        _note(terminal, tried, is_current=is_current)
    return 0


def parity_json(tried: ParityRecord) -> dict[str, object]:
    """A verdict for programs."""
    return {
        "verdict": tried.verdict,
        "reason": tried.reason or None,
        "seed": tried.seed,
        "rows": tried.rows,
        "engine": tried.engine or None,
        "query": tried.query or None,
        "at": tried.at,
    }


def _tried(project: Project, step: WarehouseStep) -> tuple[ParityRecord | None, bool]:
    """The newest verdict on the query, and whether it is of the query as it is now."""
    environment = project.environment
    if not environment.has_ledger:
        return None, False
    found = newest_parity(environment.ledger, step.asset.id, step.target)
    return found, found is not None and found.query == query_digest(step)


def _note(terminal: Terminal, tried: ParityRecord, *, is_current: bool) -> None:
    """Says what came of trying the query, and when."""
    said = f" on {tried.at:%Y-%m-%d}" + (f": {tried.reason}" if tried.reason else "")
    if tried.rows:
        said += f" ({counted(tried.rows, 'row')} from seed {tried.seed}, {tried.engine})"
    style = PARITY_STYLES[tried.verdict] if is_current else "yellow"
    terminal.note(Text(tried.verdict, style), said)
    if not is_current:
        terminal.note("  the query has changed since: `flowforge parity` tries it again")


def asset_of(project: Project, key: str) -> AssetDefinition:
    """What makes a dataset.

    Raises:
        NotSqlError: someone else makes it (FF-479).
    """
    dataset = project.dataset(key)
    asset = project.graph.assets.get(project.graph.maker.get(dataset.key, dataset.key))
    if asset is None:
        message = f"`{dataset.key}` has no query: someone else makes it"
        hint = "`flowforge ls -s kind:sql` lists what queries make"
        raise NotSqlError(message, place=dataset.place, hint=hint)
    return asset


def sql_of(project: Project, target: str, partitions: str | None) -> ProjectSql:
    """The queries of a project for a target, under the names that its environment's warehouse has.

    Raises:
        SqlTargetError: there is no such target (FF-456).
    """
    environment = project.environment
    warehouse = environment.warehouse or environment.config.warehouse
    prefix = "" if warehouse is None else warehouse.prefix
    now = project.clock()
    return ProjectSql(project.graph, target, now, prefix=prefix, partitions=partitions)


def _as_json(step: WarehouseStep, found: Emitted) -> dict[str, object]:
    return {
        "key": step.asset.id,
        "target": step.target,
        "text": found.text,
        "settings": list(found.settings),
        "columns": [{"name": name, "type": spelled} for name, spelled in found.columns],
        "accepted": [
            {"line": each.line, "code": each.code, "reason": each.reason} for each in found.accepted
        ],
    }


def _say(terminal: Terminal, text: str) -> None:
    """The text line by line, in colour where there is colour."""
    if not terminal.out.has_colour:
        terminal.say(text)
        return
    for line in text.split("\n"):
        terminal.say(*_painted(line))


def _painted(line: str) -> Iterator[Text | str]:
    last = 0
    for piece in lexemes(line):
        yield line[last : piece.start]
        style: Style = _STYLES.get(piece.kind, "")
        if piece.kind == "word" and piece.text.isupper():
            style = "cyan"
        yield Text(piece.text, style)
        last = piece.end
    yield line[last:]

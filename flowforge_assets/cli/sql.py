"""`flowforge sql KEY`: the query of an asset as it is written for a target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter

from flowforge_assets.cli.options import COMMON, Common, Key, Partition
from flowforge_assets.cli.paint import Style, Text
from flowforge_assets.compile.project_sql import ProjectSql
from flowforge_assets.compile.warehouse_sql import query_errors
from flowforge_assets.errors.sql_script import NotSqlError
from flowforge_assets.sql.lexemes import lexemes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowforge_assets.api import Project
    from flowforge_assets.cli.terminal import Terminal
    from flowforge_assets.compile.warehouse_step import WarehouseStep
    from flowforge_assets.declare.definition import AssetDefinition
    from flowforge_assets.sql.portable.emitted import Emitted

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
    if terminal.json:
        terminal.data(_as_json(step, found), errors)
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
    return 0


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

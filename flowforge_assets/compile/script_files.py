"""Scripts of a warehouse as files that people read, review and run by hand."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from flowforge_assets.compile.project_sql import ProjectSql, needed
from flowforge_assets.compile.warehouse_sql import warehouse_script
from flowforge_assets.compile.warehouse_step import WarehouseStep
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.table_name import TableName
from flowforge_assets.core.warehouse_script import RowTest, WarehouseScript
from flowforge_assets.errors.base import FlowForgeError, Problems, raise_all
from flowforge_assets.errors.sql_script import ScriptFolderError, WriteNotSqlError
from flowforge_assets.graph.build import Graph
from flowforge_assets.sql.portable.statements.all import STATEMENTS

_NAME: Final = re.compile(r"\d{3,}_.+\.sql|README\.md")
_MARK: Final = "Made by `flowforge compile --to sql`"
_APART: Final = 10  # numbers of two files, so that people can put their own between


@dataclass(frozen=True, slots=True)
class Scripts:
    """The files of a folder by their names, and the assets that they make in order."""

    files: Mapping[str, str]
    assets: tuple[DatasetKey, ...]


def make_scripts(project: ProjectSql, ids: Sequence[DatasetKey]) -> Scripts:
    """A script for each step of the SQL assets among `ids`, in order, and a page about them.

    The same project gives the same bytes.

    Raises:
        FlowForgeError: what stands against any of them; all at once (`Problems`).
    """
    assets = [id_ for id_ in ids if project.graph.assets[id_].kind == "sql"]
    tables = project.tables(assets)
    errors: list[FlowForgeError] = []
    found: list[tuple[WarehouseStep, WarehouseScript]] = []
    for id_ in assets:
        try:
            for step in project.steps(project.graph.assets[id_], tables):
                _refuse_moving(step)
                found.append((step, warehouse_script(step)))
        except FlowForgeError as error:
            errors += error.errors if isinstance(error, Problems) else [error]
    raise_all(errors)
    width = max(3, len(str(len(found) * _APART)))
    names = [
        f"{number * _APART:0{width}}_{_file_name(step)}.sql"
        for number, (step, _) in enumerate(found, 1)
    ]
    files = {
        name: script_text(step, script) for name, (step, script) in zip(names, found, strict=True)
    }
    files["README.md"] = _page(project, names, [step for step, _ in found], tables)
    return Scripts(files, tuple(assets))


def write_scripts(scripts: Scripts, folder: Path) -> None:
    """Writes the files into `folder`, in the place of what an earlier call wrote there.

    Raises:
        ScriptFolderError: it holds anything else, or cannot be written (FF-478).
    """
    try:
        strangers = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
        page = folder / "README.md"
        if strangers:
            ours = page.is_file() and _MARK in page.read_text(encoding="utf-8")
            strangers = [name for name in strangers if not (ours and _NAME.fullmatch(name))]
        if strangers:
            message = f"`{folder}` holds `{strangers[0]}`, which no compilation wrote"
            raise ScriptFolderError(message, hint="name another folder, or empty this one")
        beside = folder.with_name(f".{folder.name}.new")
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        for name, text in scripts.files.items():
            (beside / name).write_text(text, encoding="utf-8", newline="\n")
        if folder.exists():
            shutil.rmtree(folder)
        beside.rename(folder)
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        message = f"`{folder}` cannot be written: {reason}"
        hint = "name a folder that you may write"
        raise ScriptFolderError(message, hint=hint) from error


def _refuse_moving(step: WarehouseStep) -> None:
    """Refuses rows that hold since the moment of their run: a file does not know it."""
    asset = step.asset
    if asset.write in {"scd2", "snapshot"} and not any(d.is_time for d in step.unit.dimensions):
        message = f"the rows of `{asset.id}` hold since the moment of the run, which no file knows"
        hint = "cut it by time, or let FlowForge run it in the warehouse"
        raise WriteNotSqlError(message, place=asset.place, hint=hint)


def _file_name(step: WarehouseStep) -> str:
    if not {each.column for each in step.unit.dimensions} & set(step.parameters):
        return step.asset.id.replace("/", "__")
    key = quote(next(step.unit.keys()), safe="-|")
    return f"{step.asset.id.replace('/', '__')}.{key.replace('|', '.')}"


def script_text(step: WarehouseStep, script: WarehouseScript) -> str:
    """The script as a file: its parts in order, each with what it is for."""
    asset, table = step.asset, step.table
    reads = ", ".join(sorted({str(step.tables[read.dataset]) for read in asset.inputs}))
    what = f"`{asset.id}` on {step.target}: {asset.write}"
    of = f" of {step.unit.render()}" if step.unit.dimensions and not step.replaces_all else ""
    head = [f"-- {what}{of}.", *(f"-- {line}" for line in step.dataset.description.splitlines())]
    head += [f"-- {_MARK} from {asset.place.file}: change it there."]
    head += [f"-- Reads {reads or 'nothing'}; makes {table}."]
    head += [f"-- {note}." for note in step.layout_notes]
    parts = ["\n".join(line.rstrip() for line in head)]
    if script.settings:
        parts.append(_part(step, "Settings of this session", script.settings))
    parts.append(_part(step, f"Make the rows as {step.staged}", script.stage))
    if script.tests:
        parts.append("-- Test them: each of these queries must give 0. Stop if one does not.")
        parts += [_test(step, test) for test in script.tests]
    parts.append(_part(step, f"Let them be {table}", script.publish))
    parts.append(_part(step, "Clean up", script.clean))
    return "\n\n".join(parts) + "\n"


def _part(step: WarehouseStep, title: str, statements: Iterable[str]) -> str:
    ended = "\n\n".join(_ended(step, each) for each in statements)
    return f"-- {title}.\n{ended}"


def _test(step: WarehouseStep, test: RowTest) -> str:
    said = " ".join(test.name.split())
    return f"-- {said}\n{_ended(step, test.text)}"


def _ended(step: WarehouseStep, statement: str) -> str:
    batch = step.statements.batch
    return f"{statement};" + (f"\n{batch}" if batch else "")


def _page(
    project: ProjectSql,
    names: Sequence[str],
    steps: Sequence[WarehouseStep],
    tables: Mapping[DatasetKey, TableName],
) -> str:
    lines = [f"# Scripts for {project.target}", "", f"{_MARK}. Run them in this order:", ""]
    lines += [
        f"{number}. `{name}` makes `{step.table}`"
        for number, (name, step) in enumerate(zip(names, steps, strict=True), 1)
    ]
    if not names:
        lines.append("nothing: no query was selected")
    made = {step.asset.id for step in steps}
    loaded = list(_loaded(project.graph, steps, made))
    if loaded:
        lines += ["", "## What must be there first", ""]
        lines.append("No script makes these tables. Load them before the script that is named:")
        lines.append("")
        by_first = {id_: name for name, step in reversed(list(zip(names, steps, strict=True)))
                    for id_ in needed(project.graph, step.asset.id)}  # fmt: skip
        lines += [
            f"- `{tables[key]}`: {_maker(project.graph, key)}, before `{by_first[key]}`"
            for key in loaded
        ]
    if STATEMENTS[project.target].batch:
        lines += ["", "`GO` ends a batch: run the files with `sqlcmd -i FILE`."]
    return "\n".join(lines) + "\n"


def _loaded(
    graph: Graph, steps: Iterable[WarehouseStep], made: set[DatasetKey]
) -> Iterator[DatasetKey]:
    """What the scripts need and none of them makes, sorted."""
    keys = {key for step in steps for key in needed(graph, step.asset.id)}
    return iter(sorted(keys - made))


def _maker(graph: Graph, key: DatasetKey) -> str:
    maker = graph.maker.get(key)
    if maker is None:
        return "someone else makes it"
    asset = graph.assets[maker]
    match asset.kind:
        case "python":
            return f"the Python asset `{asset.name}` makes it ({asset.place.file})"
        case "seed":
            return f"a seed ({asset.place.file})"
        case "sql":
            return f"the query in {asset.place.file} makes it, which was not selected"

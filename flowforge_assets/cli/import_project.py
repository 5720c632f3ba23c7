"""`flowforge import`: a project of another tool as one of ours."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

from cyclopts import App, Parameter

from flowforge_assets.cli.options import COMMON, Common, Flag
from flowforge_assets.cli.paint import Style, Text
from flowforge_assets.cli.words import counted
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.bring import ImportLibraryMissingError
from flowforge_assets.errors.project import UsageError

if TYPE_CHECKING:
    from flowforge_assets.project.bring.found import FoundProject

app = App(name="import", help_format="plaintext", version_flags=())

Source: TypeAlias = Annotated[Path, Parameter(name="DIR", help="The project's folder.")]
Out: TypeAlias = Annotated[
    Path | None,
    Parameter(name=["--out", "-o"], help="Where to write; DIR with `_flowforge` by default."),
]
Layers: TypeAlias = Annotated[
    list[str] | None,
    Parameter(name="--layer", help="The layer of a folder or model: finance=gold.", negative=""),
]
Variables: TypeAlias = Annotated[
    list[str] | None,
    Parameter(name="--var", help="A variable's value: start=2026-01-01.", negative=""),
]
_COLOURS: Final[dict[str, Style]] = {"left": "red", "look": "yellow", "note": "dim"}


@app.command
def dbt(
    source: Source,
    /,
    *,
    out: Out = None,
    layer: Layers = None,
    var: Variables = None,
    target: Annotated[str, Parameter(help="The target that `target.name` gives.")] = "dev",
    dialect: Annotated[
        str | None, Parameter(help="The warehouse it is written for; by default what dbt says.")
    ] = None,
    from_files: Annotated[
        Flag, Parameter(help="Read the files, even where there is a manifest.")
    ] = False,
    common: Common = COMMON,
) -> int:
    """Bring a dbt project: models, seeds, snapshots, tests, descriptions."""
    _need("jinja2", "yaml")
    # both only with the extra, and only here
    from flowforge_assets.project.bring.place_names import LayerRules
    from flowforge_assets.project.from_dbt.bring_dbt import read_dbt
    from flowforge_assets.project.from_dbt.render import Options

    found = read_dbt(
        source,
        rules=LayerRules.parse(layer or ()),
        options=Options(target, _variables(var or [])),
        adapter=dialect or "",
        from_files=from_files,
    )
    return _write(found, source, out, common)


@app.command
def sqlmesh(
    source: Source, /, *, out: Out = None, layer: Layers = None, var: Variables = None,
    common: Common = COMMON,
) -> int:  # fmt: skip
    """Bring a SQLMesh project: models, seeds, audits, descriptions."""
    _need("yaml")
    # both only with the extra, and only here
    from flowforge_assets.project.bring.place_names import LayerRules
    from flowforge_assets.project.from_sqlmesh.bring_sqlmesh import read_sqlmesh

    rules = LayerRules.parse(layer or ())
    found = read_sqlmesh(source, rules=rules, variables=_variables(var or []))
    return _write(found, source, out, common)


def _write(found: FoundProject, source: Path, out: Path | None, common: Common) -> int:
    """Writes the project, checks it, and says what became of it."""
    from flowforge_assets.api import Project  # `check` loads all
    from flowforge_assets.project.bring.report import (  # sqlglot: only here
        HEADINGS,
        REPORT,
        sorted_findings,
        where,
    )
    from flowforge_assets.project.bring.write_out import write_project

    terminal = common.terminal()
    folder = out or Path(f"{source.resolve().name}_flowforge")
    done = write_project(found, folder, source=source)
    errors: list[FlowForgeError] = []
    try:
        errors = list(Project.load(folder).check().errors)
    except FlowForgeError as error:
        errors = [error]
    if terminal.json:
        listed = [
            {"level": each.level, "name": each.name, "where": where(each), "said": each.said,
             "remedy": each.remedy}
            for each in done.findings
        ]  # fmt: skip
        data = {"folder": folder.resolve(), "datasets": done.datasets, "findings": listed}
        terminal.data(data, errors)
        return 1 if errors else 0
    for level, heading in HEADINGS.items():
        findings = sorted_findings(done.findings, level)
        if not findings or (level == "note" and not terminal.verbose):
            continue
        terminal.say(Text(f"{heading}:", "bold"))
        for each in findings:
            place = f"  {where(each)}" if where(each) else ""
            terminal.say("  ", Text(each.name, _COLOURS[level]), f"{place}  {each.said}")
            terminal.say(f"    {each.remedy}")
    terminal.errors(errors)
    counts = {level: len(sorted_findings(done.findings, level)) for level in HEADINGS}
    shown = f"{counted(len(done.datasets), 'dataset')} in {os.path.relpath(folder)}"
    said = f"{counts['left']} not brought, {counts['look']} to be looked at"
    terminal.say(f"{shown}: {said}; all is told in {REPORT}")
    if not errors:
        terminal.note(f"next: flowforge -C {os.path.relpath(folder)} run")
    return 1 if errors else 0


def _variables(texts: list[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals):
            hint = "write a name and a value: `--var start=2026-01-01`"
            raise UsageError(f"`{text}` gives no variable a value", hint=hint)
        found[name] = int(value) if value.isdigit() else value
    return found


def _need(*modules: str) -> None:
    """Refuses to go on without the libraries of the extra."""
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        message = f"`{missing[0]}` is not installed, which reads the files of that tool"
        hint = "pip install 'flowforge-assets[import]'"
        raise ImportLibraryMissingError(message, hint=hint)

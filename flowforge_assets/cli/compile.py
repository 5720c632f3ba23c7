"""`flowforge compile`: a project as a folder that runs elsewhere, or as scripts of a warehouse."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from flowforge_assets.cli.options import COMMON, Common, Flag, Partition, Select
from flowforge_assets.cli.paint import Text
from flowforge_assets.cli.words import counted
from flowforge_assets.errors.project import UsageError

if TYPE_CHECKING:
    from flowforge_assets.cli.terminal import Terminal
    from flowforge_assets.compile.build_folder import BuildFolder


def compile(  # noqa: A001 - the command's own word
    *,
    to: Annotated[Literal["sql"] | None, Parameter(help="Write scripts in SQL instead.")] = None,
    target: Annotated[
        str | None, Parameter(name=["--target", "-t"], help="For SQL: snowflake, bigquery, ...")
    ] = None,
    out: Annotated[
        Path | None, Parameter(name=["--out", "-o"], help="The folder to write into.")
    ] = None,
    check: Annotated[
        Path | None, Parameter(help="A compiled folder: say what is wrong with it.")
    ] = None,
    no_plan: Annotated[
        Flag, Parameter(help="Leave plan.json out: ask neither ledger nor tables.")
    ] = False,
    select: Select = None,
    partition: Partition = None,
    common: Common = COMMON,
) -> int:
    """Write what runs of a project need on any machine: its files, a flow of Prefect, its plan."""
    terminal = common.terminal()
    if check is not None:
        if out is not None or to is not None:
            raise UsageError("`--check` looks at a folder, and writes none", hint="leave `-o` out")
        return _check(terminal, check)
    if out is None:
        raise UsageError("`compile` needs a folder to write into", hint="name it: `-o build/`")
    if to is None:
        if select or partition or target:
            hint = "leave `-s`, `-p` and `-t` out: the flow takes them when it runs"
            raise UsageError("a project is compiled as a whole", hint=hint)
        return _folder(terminal, common, out, plan=not no_plan)
    if target is None:
        raise UsageError("SQL is written for a warehouse", hint="name it: `-t snowflake`")
    return _scripts(terminal, common, out, target=target, select=select, partition=partition)


def _folder(terminal: Terminal, common: Common, out: Path, *, plan: bool) -> int:
    """Writes the folder that is deployed."""
    from flowforge_assets.compile.build_folder import compile_project  # as the parts below

    project = common.load()
    build = compile_project(project, out, plan=plan)
    if terminal.json:
        found = {"folder": str(out), "version": build.version, "files": list(build.files)}
        unlisted = {name: str(place) for name, place in build.unlisted.items()}
        terminal.data({**found, "assets": list(project.graph.assets), "unlisted": unlisted})
        return 0
    show_unlisted(terminal, build)
    said = f"{counted(len(build.files), 'file')} of version {build.version} into {out}"
    terminal.say(Text("wrote ", "green"), said)
    return 0


def show_unlisted(terminal: Terminal, build: BuildFolder) -> None:
    """Warns of each module that workers may lack, as no package is known that brings it."""
    for module, place in build.unlisted.items():
        said = f": no installed package has `{module}`, and `lock.txt` lacks it"
        terminal.note(Text("warning", "yellow"), f"{said} ({place})")


def _check(terminal: Terminal, folder: Path) -> int:
    """Says what is wrong with a folder, by its errors."""
    from flowforge_assets.compile.check_folder import check_build  # as the parts below

    version = check_build(folder)
    if terminal.json:
        terminal.data({"folder": str(folder), "version": version})
    else:
        terminal.say(Text("good ", "green"), f"{folder} is version {version}")
    return 0


def _scripts(
    terminal: Terminal,
    common: Common,
    out: Path,
    *,
    target: str,
    select: str | None,
    partition: str | None,
) -> int:
    """Writes scripts of a warehouse."""
    # What writes SQL is a third of a start, and of no use to the folder.
    from flowforge_assets.cli.sql import sql_of
    from flowforge_assets.compile.script_files import make_scripts, write_scripts

    project = common.load()
    source = sql_of(project, target, partition)
    made = make_scripts(source, project.select(select))
    write_scripts(made, out)
    if terminal.json:
        terminal.data({"folder": str(out), "files": sorted(made.files), "assets": made.assets})
        return 0
    scripts = counted(len(made.files) - 1, "script")
    terminal.say(Text("wrote ", "green"), f"{scripts} for {target} into {out}")
    return 0

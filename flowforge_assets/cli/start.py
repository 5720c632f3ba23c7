"""`flowforge init` and `flowforge new`: files to start from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from flowforge_assets.cli.options import COMMON, Common, Flag
from flowforge_assets.cli.paint import Text
from flowforge_assets.errors.project import UsageError
from flowforge_assets.project.config import read_config
from flowforge_assets.project.scaffold import ProjectKind, make_asset, make_project


def init(
    folder: Annotated[Path, Parameter(name="DIR", help="Where; this folder by default.")] = Path(),
    /,
    *,
    python: Annotated[Flag, Parameter(help="Functions, and one query; the default.")] = False,
    sql: Annotated[Flag, Parameter(help="Queries and CSV files alone, no Python.")] = False,
    flights: Annotated[Flag, Parameter(help="Functions, and a partition a day.")] = False,
    common: Common = COMMON,
) -> int:
    """Make a small project: some rows in files, cleaned and added up. It runs at once."""
    terminal = common.terminal()
    folder = common.project / folder
    kinds: list[ProjectKind] = []
    if python:
        kinds.append("python")
    if sql:
        kinds.append("sql")
    if flights:
        kinds.append("flights")
    if len(kinds) > 1:
        said = " and ".join(f"`--{kind}`" for kind in kinds)
        raise UsageError(f"{said} do not go together", hint="choose one of them")
    files = make_project(folder, kinds[0] if kinds else "python")
    if terminal.json:
        terminal.data({"folder": folder.resolve(), "files": files})
        return 0
    for file in files:
        terminal.say(Text("new ", "green"), os.path.relpath(file))
    into = os.path.relpath(folder)
    first = "" if into == "." else f"cd {into} && "
    terminal.note(f"next: {first}flowforge run")
    return 0


def new(
    key: Annotated[str, Parameter(help="Layer and name: silver.customers, bronze.crm.users.")],
    /,
    *,
    sql: Annotated[Flag, Parameter(help="A query instead of a function.")] = False,
    common: Common = COMMON,
) -> int:
    """Add a dataset and the asset that makes it, in a file of their own."""
    terminal = common.terminal()
    config = read_config(common.project)
    made = make_asset(config, key, sql=sql)
    if terminal.json:
        terminal.data({"files": [made.path], "add_module": made.module})
        return 0
    terminal.say(Text("new ", "green"), os.path.relpath(made.path))
    if made.module is not None:
        terminal.note(f'next: add "{made.module}" to `modules` in flowforge.toml')
    else:
        terminal.note("next: say what its columns are, then `flowforge check`")
    return 0

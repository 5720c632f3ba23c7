"""`flowforge compile`: a project in the form of another system."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from flowforge_assets.cli.options import COMMON, Common, Partition, Select
from flowforge_assets.cli.paint import Text
from flowforge_assets.cli.sql import sql_of
from flowforge_assets.cli.words import counted
from flowforge_assets.compile.script_files import make_scripts, write_scripts


def compile(  # noqa: A001 - the command's own word
    *,
    to: Annotated[Literal["sql"], Parameter(help="What to write: scripts in SQL.")],
    target: Annotated[
        str, Parameter(name=["--target", "-t"], help="snowflake, bigquery, redshift, synapse, ...")
    ],
    out: Annotated[Path, Parameter(name=["--out", "-o"], help="The folder to write into.")],
    select: Select = None,
    partition: Partition = None,
    common: Common = COMMON,
) -> int:
    """Write the queries of a project as scripts of a warehouse, one a step, to be run in order."""
    del to  # there is one form yet, and the parser refuses others
    terminal, project = common.terminal(), common.load()
    source = sql_of(project, target, partition)
    made = make_scripts(source, project.select(select))
    write_scripts(made, out)
    if terminal.json:
        terminal.data({"folder": str(out), "files": sorted(made.files), "assets": made.assets})
        return 0
    scripts = counted(len(made.files) - 1, "script")
    terminal.say(Text("wrote ", "green"), f"{scripts} for {target} into {out}")
    return 0

"""`flowforge infer`: a dataset class for data that is there already."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from flowforge_assets.cli.options import COMMON, Common, Flag
from flowforge_assets.core.key import Layer
from flowforge_assets.project.infer import infer_file
from flowforge_assets.project.infer_source import dataset_source, infer_key


def infer(
    file: Annotated[
        Path, Parameter(name="FILE", help="CSV, Parquet, JSON, NDJSON, or a folder of Delta.")
    ],
    /,
    *,
    layer: Annotated[Layer, Parameter(help="The dataset's layer.")] = "bronze",
    name: Annotated[
        str | None, Parameter(help="The dataset's name: orders, crm.orders. The file's by default.")
    ] = None,
    asset: Annotated[Flag, Parameter(help="Write the asset that reads the file, too.")] = False,
    lenient: Annotated[
        Flag, Parameter(help="Text that may be null where a column's type is in doubt.")
    ] = False,
    common: Common = COMMON,
) -> int:
    """Print a dataset class for a file: columns, types, and what may be null in it."""
    terminal = common.terminal()
    key = infer_key(file, layer, name)
    found = infer_file(file, lenient=lenient)
    source = dataset_source(found, key, root=common.project, with_asset=asset)
    if terminal.json:
        columns = [
            {"name": each.name, "type": str(each.type), "nullable": each.nullable,
             "unique": each.is_unique}
            for each in found.columns
        ]  # fmt: skip
        data = {"key": key, "rows": found.rows, "columns": columns, "source": source}
        terminal.data(data)
        return 0
    terminal.say(source.rstrip("\n"))
    return 0

"""FlowForge Assets: typed bronze, silver and gold datasets, and the assets that make them.

Importing this imports no polars and no other engine; each name is loaded on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from flowforge_assets.api import Project
    from flowforge_assets.compile.build_folder import compile_project
    from flowforge_assets.declare.artifact import Artifact
    from flowforge_assets.declare.asset import asset, check
    from flowforge_assets.declare.column import (
        Col,
        Float32,
        Int8,
        Int16,
        Int32,
        Int64,
        Json,
        col,
        key,
    )
    from flowforge_assets.declare.dataset import Bronze, Dataset, Gold, Shape, Silver
    from flowforge_assets.declare.external import external
    from flowforge_assets.declare.frame import (
        Arrow,
        BadRows,
        Before,
        Changes,
        Deletes,
        File,
        Frame,
        Rows,
        Table,
    )
    from flowforge_assets.declare.generated import dataset, schemas
    from flowforge_assets.declare.job import Out, Ref, Written
    from flowforge_assets.declare.mapping import All, Has, Lag, Latest, Window
    from flowforge_assets.declare.partitions import (
        Daily,
        Hourly,
        Monthly,
        Partitions,
        Static,
        Weekly,
    )
    from flowforge_assets.declare.policy import Retries
    from flowforge_assets.declare.resource import Context, Resource
    from flowforge_assets.declare.sql_asset import Param, Sql, sql_asset
    from flowforge_assets.declare.watermark import newest
    from flowforge_assets.errors.base import FlowForgeError
    from flowforge_assets.execute.bundle_flow import bundle_flow
    from flowforge_assets.execute.prefect_run import build_flow

_HOMES: Final = {
    "api": ("Project",),
    "compile.build_folder": ("compile_project",),
    "declare.artifact": ("Artifact",),
    "declare.asset": ("asset", "check"),
    "declare.column": (
        "Col", "Float32", "Int8", "Int16", "Int32", "Int64", "Json", "col", "key",
    ),
    "declare.dataset": ("Bronze", "Dataset", "Gold", "Shape", "Silver"),
    "declare.external": ("external",),
    "declare.frame": (
        "Arrow", "BadRows", "Before", "Changes", "Deletes", "File", "Frame", "Rows", "Table",
    ),
    "declare.generated": ("dataset", "schemas"),
    "declare.job": ("Out", "Ref", "Written"),
    "declare.mapping": ("All", "Has", "Lag", "Latest", "Window"),
    "declare.partitions": ("Daily", "Hourly", "Monthly", "Partitions", "Static", "Weekly"),
    "declare.policy": ("Retries",),
    "declare.resource": ("Context", "Resource"),
    "declare.sql_asset": ("Param", "Sql", "sql_asset"),
    "declare.watermark": ("newest",),
    "errors.base": ("FlowForgeError",),
    "execute.bundle_flow": ("bundle_flow",),
    "execute.prefect_run": ("build_flow",),
}  # fmt: skip
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names}

__version__ = "0.1.0"

__all__ = [
    "All",
    "Arrow",
    "Artifact",
    "BadRows",
    "Before",
    "Bronze",
    "Changes",
    "Col",
    "Context",
    "Daily",
    "Dataset",
    "Deletes",
    "File",
    "Float32",
    "FlowForgeError",
    "Frame",
    "Gold",
    "Has",
    "Hourly",
    "Int8",
    "Int16",
    "Int32",
    "Int64",
    "Json",
    "Lag",
    "Latest",
    "Monthly",
    "Out",
    "Param",
    "Partitions",
    "Project",
    "Ref",
    "Resource",
    "Retries",
    "Rows",
    "Shape",
    "Silver",
    "Sql",
    "Static",
    "Table",
    "Weekly",
    "Window",
    "Written",
    "asset",
    "build_flow",
    "bundle_flow",
    "check",
    "col",
    "compile_project",
    "dataset",
    "external",
    "key",
    "newest",
    "schemas",
    "sql_asset",
]


def __getattr__(name: str) -> object:
    """The public name, loaded from its home on first use."""
    home = _HOME_OF.get(name)
    if home is None:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names."""
    return __all__

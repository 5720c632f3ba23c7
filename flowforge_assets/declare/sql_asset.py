"""`sql_asset("orders.sql", makes=Orders)`: a SQL file tied to a dataset class."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flowforge_assets.declare.caller import calling_frame
from flowforge_assets.declare.dataset import Dataset
from flowforge_assets.errors.base import Place


@dataclass(frozen=True, slots=True)
class DeclaredSql:
    """A SQL file as tied to a class."""

    path: Path
    makes: type[Dataset]
    module: str
    place: Place
    warehouse: bool = False


DECLARED_SQL: Final[dict[tuple[str, str], DeclaredSql]] = {}
"""Every tied SQL file by module, path and class: the last declaration wins."""


def forget_sql(modules: Collection[str]) -> None:
    """Forgets which files the modules tied: they are about to be imported anew."""
    for key in [key for key in DECLARED_SQL if key[0] in modules]:
        del DECLARED_SQL[key]


def sql_asset(path: str, *, makes: type[Dataset], warehouse: bool = False) -> None:
    """Makes the dataset `makes` by the query in `path`.

    The path starts at the folder of the module that calls. Tables in FROM are dataset keys
    (`silver.flights`); columns, rules and partitions are those of the class. With `warehouse=True`
    it runs in the environment's warehouse, where that has one.
    """
    frame = calling_frame()
    module = str(frame.f_globals.get("__name__", "__main__"))
    folder = Path(frame.f_code.co_filename).parent
    DECLARED_SQL[module, f"{path} {makes.__module__}.{makes.__qualname__}"] = DeclaredSql(
        path=folder / path,
        makes=makes,
        module=module,
        place=Place(frame.f_code.co_filename, frame.f_lineno, text=f"sql_asset({path!r})"),
        warehouse=warehouse,
    )

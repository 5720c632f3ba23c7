"""`sql_asset`: a SQL file tied to a dataset class, or a function that returns the query."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import GenericAlias
from typing import TYPE_CHECKING, Any, Final, TypeVar, get_args, overload

from flowforge_assets.declare.asset import (
    BadRowsPolicy,
    Dialect,
    Schedule,
    SqlOptions,
    Write,
    asset_options,
    declare,
)
from flowforge_assets.declare.caller import calling_frame
from flowforge_assets.declare.dataset import Dataset
from flowforge_assets.declare.layout import NOT_SAID, TableLayout
from flowforge_assets.declare.partitions import Partition
from flowforge_assets.declare.policy import Retries
from flowforge_assets.errors.base import Place
from flowforge_assets.errors.declaration import AssetOptionError

D = TypeVar("D", bound=Dataset)
T = TypeVar("T")

if TYPE_CHECKING:
    from sqlglot import exp
    from typing_extensions import TypeAliasType

    Sql = TypeAliasType("Sql", str | exp.Expr, type_params=(D,))
    Param = TypeAliasType("Param", str, type_params=(T,))
    F = TypeVar("F", bound=Callable[..., str | exp.Expr])
else:
    F = TypeVar("F")

    class Sql:
        """SQL for the rows of a dataset, as text or a sqlglot expression: `Sql[Flights]`."""

        __class_getitem__ = classmethod(GenericAlias)

    class Param:
        """What a query asks for, as its text `$day`: `day: Param[date]`."""

        __class_getitem__ = classmethod(GenericAlias)


@dataclass(frozen=True, slots=True)
class DeclaredSql:
    """A SQL file as tied to a class; without a `dialect` it is as the file says, or DuckDB's."""

    path: Path
    makes: type[Dataset]
    module: str
    place: Place
    warehouse: bool = False
    dialect: Dialect | None = None
    layout: TableLayout = NOT_SAID


DECLARED_SQL: Final[dict[tuple[str, str], DeclaredSql]] = {}
"""Every tied SQL file by module, path and class: the last declaration wins."""
_OPTIONS: Final = (
    *("name", "makes", "write", "latest", "deletes", "per", "retries", "timeout", "bad_rows"),
    *("max_bad", "schedule", "isolated", "tags"),
)


def forget_sql(modules: Collection[str]) -> None:
    """Forgets which files the modules tied: they are about to be imported anew."""
    for key in [key for key in DECLARED_SQL if key[0] in modules]:
        del DECLARED_SQL[key]


@overload
def sql_asset(function: F, /) -> F: ...
@overload
def sql_asset(
    path: str,
    /,
    *,
    makes: type[Dataset],
    dialect: Dialect | None = None,
    warehouse: bool = False,
    cluster_by: str | Sequence[str] = (),
    partition_by: str = "",
    distribute: str = "",
) -> None: ...
@overload
def sql_asset(
    *,
    name: str | None = None,
    makes: type[Dataset] | None = None,
    dialect: Dialect | None = None,
    warehouse: bool = False,
    cluster_by: str | Sequence[str] = (),
    partition_by: str = "",
    distribute: str = "",
    write: Write = "overwrite",
    latest: str | None = None,
    deletes: str | None = None,
    per: Partition | None = None,
    retries: int | Retries = 0,
    timeout: timedelta | float | None = None,
    bad_rows: BadRowsPolicy = "stop",
    max_bad: float = 1.0,
    schedule: Schedule | None = None,
    isolated: bool = False,
    tags: Sequence[str] = (),
) -> Callable[[F], F]: ...
def sql_asset(
    given: str | F | None = None,
    /,
    *,
    dialect: Dialect | None = None,
    warehouse: bool = False,
    cluster_by: str | Sequence[str] = (),
    partition_by: str = "",
    distribute: str = "",
    **options: Any,  # Any: see above
) -> F | Callable[[F], F] | None:
    """Makes a dataset by a query: that of a file, or the one that a function returns.

    `sql_asset("orders.sql", makes=Orders)` ties a file to a class. The path starts at the folder
    of the module that calls. Tables in FROM are dataset keys (`silver.flights`); columns, rules
    and partitions are those of the class.

    `@sql_asset` stands on a function whose return annotation `Sql[Orders]` (or `makes=`) says what
    it makes. It is called when the project is loaded, once and without data: a parameter
    `raw: Sql[Raw]` is given the name of that dataset, `day: Param[date]` the text `$day`, which is
    bound when the query runs. Its options are those of `@asset`.

    `dialect` is that in which the query is written. With `warehouse=True` it runs in the
    environment's warehouse, where that has one; `cluster_by`, `partition_by` and `distribute` say
    by which columns its table lies there.

    Raises:
        AssetOptionError: an option is not known, or has a value out of range (FF-111).
    """
    frame = calling_frame()
    place = Place(frame.f_code.co_filename, frame.f_lineno)
    if dialect is not None and dialect not in get_args(Dialect):
        known = ", ".join(get_args(Dialect))
        message = f"`dialect={dialect!r}` is no SQL that is read here"
        raise AssetOptionError(message, place=place, hint=f"use one of {known}")
    layout = TableLayout.of(cluster_by, partition_by, distribute)
    if isinstance(given, str):
        place = Place(place.file, place.line, text=f"sql_asset({given!r})")
        told = asset_options(options, place, ("makes",))
        module = str(frame.f_globals.get("__name__", "__main__"))
        _tie(given, SqlOptions(told, dialect, warehouse, layout), module, place)
        return None
    asset = asset_options(options, place, _OPTIONS)
    sql = SqlOptions(asset, dialect, warehouse, layout)

    def remember(function: F) -> F:
        declare(function, sql, frame, name=asset.name)
        return function

    return remember if given is None else remember(given)


def _tie(path: str, options: SqlOptions, module: str, place: Place) -> None:
    """Remembers the file as tied to a class, from the folder of the module that says so."""
    listed = options.asset.makes
    makes = listed[0] if listed else None
    if makes is None or not issubclass(makes, Dataset):
        message = f"`{path}` is tied to no dataset"
        hint = f"say which one it makes: `sql_asset({path!r}, makes=Orders)`"
        raise AssetOptionError(message, place=place, hint=hint)
    DECLARED_SQL[module, f"{path} {makes.__module__}.{makes.__qualname__}"] = DeclaredSql(
        path=Path(place.file).parent / path,
        makes=makes,
        module=module,
        place=place,
        warehouse=options.warehouse,
        dialect=options.dialect,
        layout=options.layout,
    )

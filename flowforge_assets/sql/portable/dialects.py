"""The dialects in which a query may be written, and `emit` reads it."""

from __future__ import annotations

from typing import Final, cast, get_args

from flowforge_assets.declare.asset import Dialect
from flowforge_assets.errors.base import did_you_mean
from flowforge_assets.errors.sql import SqlTargetError

# Those that compare texts by their characters, as DuckDB does.
DIALECTS: Final = tuple(name for name in get_args(Dialect) if name != "duckdb")


def read_as(name: str) -> Dialect:
    """The dialect of that name.

    Raises:
        SqlTargetError: it is not read here (FF-456).
    """
    if name != "duckdb" and name not in DIALECTS:
        hint = did_you_mean(name, DIALECTS) or f"there are duckdb, {', '.join(DIALECTS)}"
        raise SqlTargetError(f"queries are not read as `{name}` here", hint=hint)
    return cast("Dialect", name)

"""How far what is there reaches, for sources that are asked for what is newer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl


def newest(rows: pl.LazyFrame, column: pl.Expr) -> Any:  # noqa: ANN401 - of the column's type
    """The greatest value of `column` in `rows`, such as `Before[D]`; None where there is none.

    Reads that column of the rows once.
    """
    return rows.select(column.max()).collect(engine="streaming").item()

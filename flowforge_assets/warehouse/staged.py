"""Rows that a step has written in a warehouse and that no reader sees yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from flowforge_assets.sdk.warehouse import JobStats, Tag

if TYPE_CHECKING:
    import polars as pl

    from flowforge_assets.core.table_name import TableName
    from flowforge_assets.warehouse.rows import WarehouseRows

Found: TypeAlias = Literal["absent", "same", "other"]
"""What is in the way of a publish: no table, one of the same columns, or of others."""

Publish: TypeAlias = Callable[[str, Found], Sequence[str]]
"""The statements that make staged rows the table's, by the state that its comment is to hold."""


@dataclass(slots=True)
class WarehouseStaged:
    """A staged table; its name is that of the step, so that a step tried again finds its own.

    `publish` gives the statements of a step that has its own; without, the rows are put in by the
    store's. `clean` removes it and what else was made for the step. `stats` is what its
    statements have cost so far.
    """

    name: TableName
    rows: int
    reader: WarehouseRows
    tag: Tag
    publish: Publish | None = None
    clean: tuple[str, ...] = ()
    stats: JobStats = field(default_factory=JobStats)

    def scan(self) -> pl.LazyFrame:
        """The staged rows, read when the frame is collected."""
        return self.reader.scan(self.name)

"""Frames without rows, on which the type check calls assets, and which notice being collected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.polars_types import polars_schema
from flowforge_assets.declare.definition import DatasetDefinition

if TYPE_CHECKING:
    import polars as pl


class EmptyFrames:
    """Lazy frames of the datasets' declared columns, without rows.

    `was_collected` turns true when a plan over one of them is run instead of only described: what
    a body does then depends on its data. Nothing of polars is patched: the frames are sources of
    their own, which polars asks for rows. For one thread.
    """

    def __init__(self, datasets: Mapping[DatasetKey, DatasetDefinition]) -> None:
        """Frames of `datasets`, made when they are asked for."""
        self.was_collected = False
        self._datasets = datasets
        self._frames: dict[tuple[DatasetKey, str], pl.LazyFrame] = {}

    def of(self, key: DatasetKey, *, deletes: str = "") -> pl.LazyFrame:
        """The frame of one dataset, with the column `deletes` of removed rows where it has one."""
        frame = self._frames.get((key, deletes))
        if frame is None:
            frame = self._made(polars_schema(self._datasets[key].schema), deletes)
            self._frames[key, deletes] = frame
        return frame

    def _made(self, schema: pl.Schema, deletes: str) -> pl.LazyFrame:
        # polars takes 100 ms to import, and a check of unchanged SQL needs none
        import polars as pl
        from polars.io.plugins import register_io_source

        if deletes:
            schema = pl.Schema({**schema, deletes: pl.Boolean()})

        # polars calls it on a thread of its own, which is not traced
        def rows(  # pragma: no cover
            columns: list[str] | None,
            _filter: pl.Expr | None,
            _rows: int | None,
            _batch: int | None,
        ) -> Iterator[pl.DataFrame]:
            self.was_collected = True
            empty = pl.DataFrame(schema=schema)
            yield empty if columns is None else empty.select(columns)

        return register_io_source(rows, schema=schema)

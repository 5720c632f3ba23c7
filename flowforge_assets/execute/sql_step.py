"""Runs the query of a SQL asset over its inputs, in embedded DuckDB."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.definition import AssetDefinition

if TYPE_CHECKING:
    import polars as pl

    from flowforge_assets.sql.engine import SqlEngine
    from flowforge_assets.sql.parse import ParsedSql
    from flowforge_assets.sql.result import ParameterValue


class SqlRunner:
    """The queries of one run; the engine is opened by the first. Safe between threads."""

    def __init__(
        self,
        *,
        workers: int,
        memory_bytes: int | None,
        spill: Path | None,
        cache: Path | None = None,
    ) -> None:
        """For `workers` queries at once that share `memory_bytes`, spilling to `spill`.

        What the check has worked out of them is read from its `cache`.
        """
        self._workers = workers
        self._memory_bytes = memory_bytes
        self._spill = spill
        self._engine: SqlEngine | None = None
        self._cache = cache
        self._queries: dict[DatasetKey, tuple[ParsedSql, Columns | None]] = {}
        self._analysis: SqlAnalysis | None = None
        self._lock = Lock()

    @property
    def memory_bytes(self) -> int | None:
        """What its queries share."""
        return self._memory_bytes

    def run(
        self,
        asset: AssetDefinition,
        inputs: Mapping[DatasetKey, pl.LazyFrame],
        unit: PartitionSet,
        datasets: Mapping[DatasetKey, DatasetDefinition],
    ) -> pl.DataFrame:
        """The rows of the asset's query over `inputs`, for the step `unit`.

        Raises:
            SqlError: the query cannot be read or fails (FF-4xx).
        """
        from flowforge_assets.sql.session import FrameInput  # a run without SQL needs no DuckDB

        engine = self._opened()
        parsed, types = self._query(asset, unit, datasets)
        frames = {key: FrameInput(frame) for key, frame in inputs.items()}
        parameters = parameter_values(unit, asset.variables)
        return engine.run(parsed, frames, parameters=parameters, types=types)

    def close(self) -> None:
        """Closes the engine, if one was opened."""
        if self._engine is not None:
            self._engine.close()

    def _ready(self, asset: AssetDefinition) -> tuple[SqlEngine, ParsedSql]:
        from flowforge_assets.sql.engine import SqlEngine  # as above
        from flowforge_assets.sql.file import query_file
        from flowforge_assets.sql.parse import parse

        with self._lock:
            if self._engine is None:
                self._engine = SqlEngine(
                    sessions=self._workers,
                    memory_bytes=self._memory_bytes,
                    spill_folder=self._spill,
                )
            parsed = self._parsed.get(asset.id)
            if parsed is None:
                parsed = parse(query_file(asset))
                self._parsed[asset.id] = parsed
            return self._engine, parsed

"""Runs the query of a SQL asset over its inputs, in embedded DuckDB."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition
from flowforge_assets.sql.analysis import SqlAnalysis
from flowforge_assets.sql.file import query_file
from flowforge_assets.sql.step_parameters import parameter_types, parameter_values

if TYPE_CHECKING:
    import polars as pl

    from flowforge_assets.sql.engine import Columns, SqlEngine
    from flowforge_assets.sql.parse import ParsedSql


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
        self._analysis = SqlAnalysis(cache)
        self._queries: dict[DatasetKey, tuple[ParsedSql, Columns | None]] = {}
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

    def _opened(self) -> SqlEngine:
        from flowforge_assets.sql.engine import SqlEngine  # as above

        with self._lock:
            if self._engine is None:
                self._engine = SqlEngine(
                    sessions=self._workers,
                    memory_bytes=self._memory_bytes,
                    spill_folder=self._spill,
                )
            return self._engine

    def _query(
        self,
        asset: AssetDefinition,
        unit: PartitionSet,
        datasets: Mapping[DatasetKey, DatasetDefinition],
    ) -> tuple[ParsedSql, Columns | None]:
        """The asset's query, and its columns as the check has bound them."""
        with self._lock:
            known = self._queries.get(asset.id)
            if known is None:
                file = query_file(asset)
                parsed = self._analysis.runnable(file)
                read = (each.dataset for each in asset.inputs)
                # a process of its own is told of none that it only reads
                schemas = {key: datasets[key].schema for key in read if key in datasets}
                parameters = parameter_types(
                    ((cut.column, cut.kind) for cut in unit.dimensions), asset.variables
                )
                types = self._analysis.known_types(file, schemas, parameters=parameters)
                known = self._queries[asset.id] = (parsed, types)
            return known

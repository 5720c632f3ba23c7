"""Rows of the lake in a warehouse, for the steps of one run that read them there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Final

from flowforge_assets.core.arrow_types import arrow_schema
from flowforge_assets.core.table_name import TableName, staged_name, table_name
from flowforge_assets.errors.storage import StorageError
from flowforge_assets.sdk.warehouse import NOBODY, CopiesFiles, JobStats, Tag, Warehouse
from flowforge_assets.warehouse.columns import nullable, table_columns
from flowforge_assets.warehouse.rows import Counted
from flowforge_assets.warehouse.sweeping import Sweeping

if TYPE_CHECKING:
    import polars as pl

    from flowforge_assets.core.key import DatasetKey
    from flowforge_assets.sql.portable.statements.statements import Statements
    from flowforge_assets.storage.store import TableSpec
    from flowforge_assets.warehouse.file_stage import FileStage

_PURPOSE: Final = "load"


class Landing:
    """Loads frames into tables of their own; safe between threads."""

    def __init__(
        self,
        warehouse: Warehouse,
        statements: Statements,
        prefix: str,
        stage: FileStage | None = None,
    ) -> None:
        """Nothing is loaded yet. Rows go by the files of `stage` where there is one."""
        self._stage = stage
        self.sweeping = Sweeping(warehouse, statements, stage)
        self.warehouse = warehouse
        self._statements = statements
        self._prefix = prefix
        self._loaded: set[TableName] = set()
        self._locks: defaultdict[TableName, Lock] = defaultdict(Lock)

    def beside(self, key: DatasetKey) -> TableName:
        """The table of a dataset, beside which its rows are loaded."""
        return table_name(key, prefix=self._prefix)

    def land(
        self, spec: TableSpec, what: str, rows: Callable[[], pl.LazyFrame], tag: Tag
    ) -> tuple[TableName, JobStats]:
        """The table of `rows`, which `what` tells from all others of the dataset; loaded once."""
        name = staged_name(self.beside(spec.key), what, purpose=_PURPOSE)
        with self._locks[name]:
            if name in self._loaded:
                return name, JobStats()
            self._loaded.add(name)  # before it is there: what a failure leaves must go, too
            try:
                return name, self.load(spec, name, rows(), tag)
            except BaseException:
                self._loaded.discard(name)
                raise

    def load(
        self, spec: TableSpec, name: TableName, rows: pl.DataFrame | pl.LazyFrame, tag: Tag
    ) -> JobStats:
        """Makes the table `name`, with the dataset's columns, of `rows`; its job and its time.

        Raises:
            WarehouseTypeError: a column has a type that no warehouse holds exactly (FF-684).
        """
        columns = table_columns(spec)
        for statement in (
            *self._statements.prepared(name),
            self._statements.dropped(name),
            self._statements.created(name, columns),
        ):
            self.warehouse.execute(statement, tag)
        counted = Counted(rows, arrow_schema(nullable(spec.schema)))
        stats = self._load(spec, name, counted, tag)
        return replace(stats, rows=counted.rows)

    def _load(self, spec: TableSpec, name: TableName, rows: Counted, tag: Tag) -> JobStats:
        """By files in a bucket, where there is one; else by the connection."""
        if self._stage is None or not isinstance(self.warehouse, CopiesFiles):
            return self.warehouse.load(name, rows.schema, rows.batches(), tag)
        with self._stage.holding(spec.key, name, rows.schema, rows.batches()) as files:
            return self.warehouse.copy(name, rows.schema, files, tag)

    def drop(self) -> None:
        """Drops all that was loaded, as far as the warehouse lets it.

        What cannot be dropped is in nobody's way: no other load has its name. The run has told
        already what became of it, which a warehouse that went away since does not change.
        """
        self.sweeping.begin()
        with suppress(StorageError):
            while self._loaded:
                name = self._loaded.pop()
                self.warehouse.execute(self._statements.dropped(name), NOBODY)

"""Removes what steps of killed runs have staged in a warehouse, and in the bucket beside it.

A staged table's name tells its run. It goes when that run is known to be over, or began so long
ago that it must be; one of a run that another ledger knows of may be in use until then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING

from flowforge_assets.core.table_name import TableName, run_began, run_of_staged
from flowforge_assets.errors.storage import StorageError
from flowforge_assets.sdk.warehouse import NOBODY, Warehouse

if TYPE_CHECKING:
    from flowforge_assets.core.key import DatasetKey
    from flowforge_assets.sql.portable.statements.statements import Statements
    from flowforge_assets.storage.upkeep import Upkeep
    from flowforge_assets.warehouse.file_stage import FileStage

IsOver = Callable[[str], bool]


class Sweeping:
    """The leftovers in the schemas of one warehouse; safe between threads."""

    def __init__(
        self, warehouse: Warehouse, statements: Statements, stage: FileStage | None
    ) -> None:
        """Nothing is looked at yet."""
        self._warehouse = warehouse
        self._statements = statements
        self._stage = stage
        self._done: set[tuple[str, ...] | None] = set()
        self._lock = Lock()

    def begin(self) -> None:
        """A new run begins: schemas are looked at again."""
        with self._lock:
            self._done.clear()

    def once(self, tables: Iterable[TableName], key: DatasetKey, is_over: IsOver) -> None:
        """Removes leftovers beside these tables, once a run; `key` is what is made meanwhile.

        What cannot be removed is in nobody's way, and the next run tries again.
        """

        def is_left(name: str) -> bool:
            run_id = run_of_staged(name)
            return run_id is not None and is_over(run_id)

        for table in tables:
            if self._is_first(table.schema):
                with suppress(StorageError):
                    self._swept(table, is_left, is_dry=False)
        if self._stage is not None and self._is_first(None):
            with suppress(StorageError):
                self._stage.sweep(key, is_left, is_dry=False)

    def kept_up(self, tables: Iterable[TableName], key: DatasetKey, upkeep: Upkeep) -> int:
        """How many leftovers beside these tables, and in the bucket, were removed, or would be.

        Raises:
            StorageError: the warehouse or the bucket cannot be asked (FF-6xx).
        """

        def is_left(name: str) -> bool:
            run_id = run_of_staged(name)
            if run_id is None:
                return False
            return upkeep.is_over(run_id) or run_began(run_id) < upkeep.swept_before

        schemas = {table.schema: table for table in tables}
        count = sum(self._swept(table, is_left, is_dry=upkeep.is_dry) for table in schemas.values())
        if self._stage is not None:
            count += self._stage.sweep(key, is_left, is_dry=upkeep.is_dry)
        return count

    def _is_first(self, schema: tuple[str, ...] | None) -> bool:
        with self._lock:
            is_first = schema not in self._done
            self._done.add(schema)
            return is_first

    def _swept(self, table: TableName, is_left: Callable[[str], bool], *, is_dry: bool) -> int:
        left = [name for name in self._warehouse.tables(table.schema[-1]) if is_left(name)]
        for name in () if is_dry else left:
            staged, says = table.beside(name), self._statements
            facts = self._warehouse.look(staged)
            if facts is not None:
                drop = says.view_dropped if facts.is_view else says.dropped
                self._warehouse.execute(drop(staged), NOBODY)
        return len(left)

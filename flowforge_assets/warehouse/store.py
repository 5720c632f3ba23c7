"""The tables of one environment in its warehouse."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, NoReturn

from flowforge_assets.core.table_name import table_name
from flowforge_assets.errors.warehouse import WarehouseAssetError
from flowforge_assets.sdk.connectors import warehouse_connector
from flowforge_assets.sdk.warehouse import Warehouse
from flowforge_assets.sql.portable.statements.all import STATEMENTS
from flowforge_assets.warehouse.connection import WarehouseConfig
from flowforge_assets.warehouse.file_stage import FileStage
from flowforge_assets.warehouse.landing import Landing
from flowforge_assets.warehouse.table import WarehouseTable

if TYPE_CHECKING:
    from flowforge_assets.core.key import DatasetKey
    from flowforge_assets.storage.store import Artifacts, TableSpec


class WarehouseStore:
    """Tables by dataset; safe between threads. Nobody is spoken to before a table is asked."""

    def __init__(
        self, warehouse: Warehouse, *, prefix: str = "", stage: FileStage | None = None
    ) -> None:
        """Those in `warehouse`, in schemas whose names begin with `prefix`."""
        self.warehouse = warehouse
        self.statements = STATEMENTS[warehouse.target]
        self.prefix = prefix
        self._tables: dict[DatasetKey, WarehouseTable] = {}
        self._landing = Landing(warehouse, self.statements, prefix, stage)
        self._lock = Lock()

    @classmethod
    def of(cls, config: WarehouseConfig) -> WarehouseStore:
        """The one that the project file names.

        Raises:
            NoConnectorError: no connector is installed for it (FF-675).
        """
        connector = warehouse_connector(config.kind)
        session = STATEMENTS[connector.target].target.settings
        stage = None if config.stage is None else FileStage(config.stage)
        warehouse = connector.connect(config.settings, session=session)
        return cls(warehouse, prefix=config.prefix, stage=stage)

    @property
    def uri(self) -> str:
        """`postgres://db.example/sales`."""
        return self.warehouse.uri

    def table(self, spec: TableSpec) -> WarehouseTable:
        """The table of `spec.key`; the same object for the same spec."""
        with self._lock:
            table = self._tables.get(spec.key)
            if table is None or table.spec != spec:
                name = table_name(spec.key, prefix=self.prefix)
                table = WarehouseTable(spec, name, self._landing, self.statements)
                self._tables[spec.key] = table
            return table

    def artifact(self, spec: TableSpec) -> Artifacts:
        """No file lies in a warehouse.

        Raises:
            WarehouseAssetError: always (FF-687).
        """
        _refuse_files(spec)

    def close(self) -> None:
        """Drops what was loaded for this run, and ends the connections."""
        self._landing.drop()
        self.warehouse.close()


def _refuse_files(spec: TableSpec) -> NoReturn:
    message = f"`{spec.key}` is an artifact, and a warehouse holds tables alone"
    raise WarehouseAssetError(message, hint="take `warehouse = true` away")

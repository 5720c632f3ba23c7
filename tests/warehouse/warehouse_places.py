"""Places in the warehouses of the tests, and what the tests look at there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowforge_assets.core.table_name import TableName
from flowforge_assets.sdk.conformance.warehouse import KnownWarehouse
from flowforge_assets.sdk.connectors import warehouse_connector
from flowforge_assets.sdk.warehouse import NOBODY, OptionValue, Warehouse
from flowforge_assets.sql.portable.statements.all import STATEMENTS
from flowforge_assets.sql.portable.statements.statements import TableColumn
from flowforge_assets.sql.portable.types import SqlType, find_type

if TYPE_CHECKING:
    import pyarrow as pa

_TYPES = {
    "int64": "BIGINT",
    "int32": "INTEGER",
    "decimal128(18, 4)": "DECIMAL(18,4)",
    "double": "DOUBLE",
    "string": "VARCHAR",
    "bool": "BOOLEAN",
    "date32[day]": "DATE",
    "timestamp[us]": "TIMESTAMP",
}


@dataclass(frozen=True, slots=True)
class WarehousePlace:
    """A warehouse, and a beginning of schema names that no other test has."""

    kind: str
    options: Mapping[str, OptionValue]
    prefix: str

    def toml(self, env: str = "dev") -> str:
        """The place as the project file has it."""
        said = "\n".join(f"{name} = {_toml(name, value)}" for name, value in self.options.items())
        head = f'[env.{env}.warehouse]\nkind = "{self.kind}"\nprefix = "{self.prefix}"\n'
        return f"{head}{said}\n"

    def warehouse(self) -> Warehouse:
        """It, by a connector of its own."""
        return warehouse_connector(self.kind).connect(lambda: self.options)

    def table(self, layer: str, name: str) -> TableName:
        """A table in one of its schemas."""
        return TableName((f"{self.prefix}{layer}", name))


def known_warehouse(place: WarehousePlace, *, is_atomic: bool, slow: str = "") -> KnownWarehouse:
    """What the conformance suite asks for, by the statements of the warehouse's target."""
    warehouse = place.warehouse()
    says = STATEMENTS[warehouse.target]

    def create(table: TableName, schema: pa.Schema) -> Sequence[str]:
        columns = [TableColumn(f.name, _type(f.type)) for f in schema]
        return [*says.prepared(table), says.created(table, columns)]

    return KnownWarehouse(
        warehouse,
        f"{place.prefix}gold",
        create=create,
        comment=says.commented,
        path=says.path,
        is_atomic=is_atomic,
        slow=slow,
    )


def left_over(warehouse: Warehouse, schema: str) -> list[str]:
    """The tables of a schema that no reader should find there."""
    return [name for name in warehouse.tables(schema) if "__new_" in name or "__load_" in name]


def values(warehouse: Warehouse, query: str, schema: pa.Schema) -> list[dict[str, object]]:
    """The rows of a query, in the order of their text."""
    found: list[dict[str, object]] = []
    for batch in warehouse.read(query, schema, NOBODY):
        found += batch.to_pylist()
    return sorted(found, key=str)


def _type(data_type: pa.DataType) -> SqlType:
    found = find_type(_TYPES[str(data_type)])
    assert found is not None
    return found


def _toml(name: str, value: OptionValue) -> str:
    if name == "password":
        return '{ env = "WAREHOUSE_PASSWORD" }'
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)

"""What a query refers to: datasets, where DuckDB finds them, and parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from flowforge_assets.core.key import DatasetKey

ColumnLineage: TypeAlias = dict[str, tuple[tuple[DatasetKey, str], ...]]
"""For each result column the columns of datasets that its values are computed from."""


DUCKDB_OWN: Final = "memory"
"""What DuckDB calls a database in memory: names without a catalog are looked for in it."""


@dataclass(frozen=True, slots=True)
class TableRef:
    """A dataset in FROM and where it stands first: line and column in the file, both from 1."""

    name: DatasetKey
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class ParameterRef:
    """A parameter `$name` and where it stands first, as an offset in the query."""

    name: str
    offset: int


@dataclass(frozen=True, slots=True)
class TableAddress:
    """Where DuckDB looks for a dataset: the layer is a catalog, the group a schema.

    So the query runs as the user wrote it, and DuckDB's places are places in the file.
    """

    catalog: str
    schema: str
    table: str

    @classmethod
    def of(cls, key: DatasetKey) -> TableAddress:
        """`silver.flights` is `silver.main.flights`; `bronze.crm.customers` is itself.

        A dataset of another project is a table by its whole key.
        """
        if key.project is not None:
            return cls(DUCKDB_OWN, "main", key)
        return cls(key.layer, key.group or "main", key.name.rpartition(".")[2])

    def __str__(self) -> str:
        """The quoted name."""
        return f"{quoted(self.catalog)}.{quoted(self.schema)}.{quoted(self.table)}"

    @property
    def schema_name(self) -> str:
        """The quoted name of the schema that holds it."""
        return f"{quoted(self.catalog)}.{quoted(self.schema)}"


def quoted(name: str) -> str:
    """The name as an SQL identifier."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'

"""What a dataset is called in a warehouse: layer as schema, name as table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from flowforge_assets.core.key import DatasetKey

_KEPT_OF_NAME: Final = 40  # what a staged table keeps of the name, so that it fits everywhere
_KEPT_OF_DIGEST: Final = 12


@dataclass(frozen=True, slots=True, order=True)
class TableName:
    """The parts of a table's name, outermost first; the last is the table's own."""

    parts: tuple[str, ...]

    def __str__(self) -> str:
        """`gold.orders`, unquoted: for people."""
        return ".".join(self.parts)

    @property
    def table(self) -> str:
        """Its own name."""
        return self.parts[-1]

    @property
    def schema(self) -> tuple[str, ...]:
        """What it lies in."""
        return self.parts[:-1]

    def beside(self, table: str) -> TableName:
        """Another table of the same schema."""
        return TableName((*self.schema, table))


def table_name(key: DatasetKey, *, prefix: str = "") -> TableName:
    """Where a warehouse has the dataset: `gold.crm.orders` is `crm__orders` of the schema `gold`.

    `prefix` is what the environment puts before each schema. A dataset of another project lies
    in that project's schema, `finance__gold`.
    """
    schema = key.layer if key.project is None else f"{key.project}__{key.layer}"
    return TableName((f"{prefix}{schema}", key.name.replace(".", "__")))


def same_names(
    keys: Iterable[DatasetKey], *, prefix: str = ""
) -> Mapping[TableName, tuple[DatasetKey, ...]]:
    """The tables that several datasets would share, with those datasets; nothing if none do."""
    found: dict[TableName, tuple[DatasetKey, ...]] = {}
    for key in dict.fromkeys(keys):
        name = table_name(key, prefix=prefix)
        found[name] = (*found.get(name, ()), key)
    return {name: those for name, those in found.items() if len(those) > 1}


def staged_name(table: TableName, step_id: str, *, purpose: str = "new") -> TableName:
    """Where a step prepares what it will publish as `table`: the same for the same step.

    `purpose` tells apart several tables of one step. At most 60 characters long.
    """
    digest = sha256(step_id.encode()).hexdigest()[:_KEPT_OF_DIGEST]
    return table.beside(f"{table.table[:_KEPT_OF_NAME]}__{purpose}_{digest}")

"""What a dataset is called in a warehouse: layer as schema, name as table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from flowforge_assets.core.key import DatasetKey

_KEPT_OF_NAME: Final = 40  # what a staged table keeps of the name, so that it fits everywhere
_KEPT_OF_NAME_AND_RUN: Final = 24
_KEPT_OF_DIGEST: Final = 12
_SECOND: Final = "%Y%m%dT%H%M%S"
_RUN: Final = re.compile(r"(\d{8}T\d{6})-([0-9a-f]{8})(?![0-9a-f])")
_STAGED: Final = re.compile(
    r".{1,24}__(?:new|next|old|load)_([0-9a-f]{8})([0-9a-f]{8})[0-9a-f]{12}(?:__swap)?"
)


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

    `purpose` tells apart several tables of one step. At most 60 characters long. Where the step's
    id begins with that of a run, `run_of_staged` finds it in the name.
    """
    digest = sha256(step_id.encode()).hexdigest()[:_KEPT_OF_DIGEST]
    run = _RUN.match(step_id)
    if run is None:
        return table.beside(f"{table.table[:_KEPT_OF_NAME]}__{purpose}_{digest}")
    began = datetime.strptime(run[1], _SECOND).replace(tzinfo=UTC)
    mark = f"{int(began.timestamp()):08x}{run[2]}{digest}"
    return table.beside(f"{table.table[:_KEPT_OF_NAME_AND_RUN]}__{purpose}_{mark}")


def run_of_staged(name: str) -> str | None:
    """The run for which a table, or a folder, of that name was staged; None of all others.

    >>> staged = staged_name(TableName(("gold", "orders")), "20260101T120000-4f3a09c2/gold.orders")
    >>> run_of_staged(staged.table)
    '20260101T120000-4f3a09c2'
    """
    found = _STAGED.fullmatch(name)
    if found is None:
        return None
    return f"{datetime.fromtimestamp(int(found[1], 16), UTC):{_SECOND}}-{found[2]}"


def run_began(run_id: str) -> datetime:
    """When the run of that id began, to the second."""
    return datetime.strptime(run_id.partition("-")[0], _SECOND).replace(tzinfo=UTC)

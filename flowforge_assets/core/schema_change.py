"""One entry of a dataset's schema history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from flowforge_assets.core.schema import Schema

Columns: TypeAlias = tuple[tuple[str, str], ...]
"""Names and the stable spelling of types, `?` behind what may be null, in order."""


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """The columns that a table has since `version`."""

    version: int
    at: datetime
    columns: Columns

    def is_like(self, other: SchemaChange) -> bool:
        """Whether the columns are the same; a table may keep them in another order."""
        return sorted(self.columns) == sorted(other.columns)

    def since(self, before: SchemaChange | None) -> list[str]:
        """What is other than before, for people: `+ note: string?`, `- day: date`."""
        was = dict(before.columns if before is not None else ())
        now = dict(self.columns)
        gone = [f"- {name}: {was[name]}" for name in was if was[name] != now.get(name)]
        come = [f"+ {name}: {now[name]}" for name in now if now[name] != was.get(name)]
        return gone + come


def columns_of(schema: Schema) -> Columns:
    """The columns as a table has them: one that may be absent may be null there."""
    return tuple(
        (field.name, f"{field.type}{'?' if field.nullable or field.optional else ''}")
        for field in schema
    )


def real_changes(entries: list[SchemaChange]) -> list[SchemaChange]:
    """Those of `entries`, oldest first, whose columns are others than before."""
    return [
        entry
        for before, entry in zip([None, *entries], entries, strict=False)
        if before is None or not entry.is_like(before)
    ]

"""One entry of a dataset's schema history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from flowforge_assets.core.schema import Schema

Columns: TypeAlias = tuple[tuple[str, str], ...]
"""Names and the stable spelling of types, `?` behind what may be null, in order."""

Comments: TypeAlias = tuple[tuple[str, str], ...]
"""The columns that have a description, and that, in the order of their names."""


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """The columns that a table has since `version`, and the run that brought them.

    `run_id` is empty where someone else did, or nothing says it.
    """

    version: int
    at: datetime
    columns: Columns
    run_id: str = ""
    comments: Comments = ()

    def is_like(self, other: SchemaChange) -> bool:
        """Whether the columns are the same; a table may keep them in another order."""
        is_same = self.columns == other.columns or sorted(self.columns) == sorted(other.columns)
        return is_same and self.comments == other.comments

    def since(self, before: SchemaChange | None) -> list[str]:
        """What is other than before, for people: `+ note: string?`, `- day: date`."""
        was = dict(before.columns if before is not None else ())
        now = dict(self.columns)
        gone = [f"- {name}: {was[name]}" for name in was if was[name] != now.get(name)]
        come = [f"+ {name}: {now[name]}" for name in now if now[name] != was.get(name)]
        said = dict(before.comments if before is not None else self.comments)
        told = dict(self.comments)
        others = [name for name in now if name in was and said.get(name) != told.get(name)]
        return gone + come + [f"~ {name}: description" for name in others]

    def as_json(self) -> dict[str, object]:
        """The entry as JSON values; `change_from_json` reads it."""
        return {
            "version": self.version,
            "at": self.at.isoformat(),
            "columns": [list(each) for each in self.columns],
            "run_id": self.run_id,
            "comments": dict(self.comments),
        }


def change_from_json(found: Mapping[str, Any]) -> SchemaChange:
    """The entry that `SchemaChange.as_json` gave; Any: what a file holds has no type yet.

    Raises:
        ValueError, KeyError, TypeError: it is no such entry.
    """
    return SchemaChange(
        version=int(found["version"]),
        at=datetime.fromisoformat(found["at"]),
        columns=tuple((str(name), str(spelled)) for name, spelled in found["columns"]),
        run_id=str(found.get("run_id", "")),
        comments=comments_of(found.get("comments", {})),
    )


def columns_of(schema: Schema) -> Columns:
    """The columns as a table has them: one that may be absent may be null there."""
    return tuple(
        [
            (field.name, f"{field.type}{'?' if field.nullable or field.optional else ''}")
            for field in schema.fields
        ]
    )


def comments_of(comments: Mapping[str, str] | None) -> Comments:
    """The descriptions by column that are not empty."""
    if not comments:
        return ()
    return tuple(sorted((name, said) for name, said in comments.items() if said))


def real_changes(entries: list[SchemaChange]) -> list[SchemaChange]:
    """Those of `entries`, oldest first, whose columns are others than before."""
    return [
        entry
        for before, entry in zip([None, *entries], entries, strict=False)
        if before is None or not entry.is_like(before)
    ]

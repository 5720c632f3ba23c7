"""What a Delta table learns of its columns without a row being written.

Each is a commit of its own: a reader in between sees no other rows than before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from deltalake import Field
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import CommitProperties

from flowforge_assets.core.schema_change import comments_of
from flowforge_assets.storage.delta_log import RUN_KEY
from flowforge_assets.storage.delta_schema import NEVER, NULL_KEY, delta_schema

if TYPE_CHECKING:
    from deltalake import DeltaTable
    from deltalake import Schema as DeltaSchema

    from flowforge_assets.storage.delta_handle import Snapshot
    from flowforge_assets.storage.store import TableSpec


@dataclass(frozen=True, slots=True, eq=False)
class Alteration:
    """Makes what `table`, which is at the version `at`, says of its columns what `spec` declares.

    Columns and types that rows are stored with are not its business.
    """

    table: DeltaTable
    at: Snapshot
    spec: TableSpec
    run_id: str

    def carry_out(self) -> None:
        """Adds columns, lets nulls come, and writes descriptions down, where that is not so yet.

        Raises:
            CommitFailedError: others have committed in between, and `table` is beyond theirs.
        """
        version = self.at.version
        for change in self._changes():
            change(commit_properties=CommitProperties(custom_metadata={RUN_KEY: self.run_id}))
            self.table.update_incremental()
            version += 1
        if self.table.version() != version:
            message = f"version {self.table.version()} of the table is not the one looked at"
            raise CommitFailedError(message)

    def _changes(self) -> Iterator[Callable[..., None]]:
        alter, stored = self.table.alter, self.at.stored
        declared = delta_schema(self.spec.schema, self.spec.comments)
        new = [field for field in declared.fields if field.name not in stored]
        if new:
            fields = [Field(f.name, f.type, nullable=True, metadata=f.metadata) for f in new]
            yield partial(alter.add_columns, fields)
        for field in declared.fields:
            if field.nullable and field.name in self.at.not_null:
                yield partial(alter.drop_column_not_null, field.name)
        for name, said in self._said(declared).items():
            yield partial(alter.set_column_metadata, name, said)
        if self.spec.description and self.spec.description != self.at.description:
            yield partial(alter.set_table_description, self.spec.description)

    def _said(self, declared: DeltaSchema) -> dict[str, dict[str, str]]:
        """What is to be said anew of columns; such words can be changed and not be removed."""
        found: dict[str, dict[str, str]] = {}
        comments = dict(comments_of(self.spec.comments))
        for field in declared.fields:
            name = field.name
            if name in self.at.stored and comments.get(name, "") != self.at.comments.get(name, ""):
                found.setdefault(name, {})["comment"] = comments.get(name, "")
            is_promised = not field.nullable and name not in self.at.not_null
            if is_promised != (name in self.at.promised):
                found.setdefault(name, {})[NULL_KEY] = NEVER if is_promised else ""
        return found

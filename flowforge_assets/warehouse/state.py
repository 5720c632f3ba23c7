"""What a table of a warehouse says of itself, in its comment: which commits it has.

The comment is set by the statements that publish the rows, so that it never says more, or less,
than is there.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from flowforge_assets.core.made import TableVersion
from flowforge_assets.core.schema_change import SchemaChange, change_from_json
from flowforge_assets.core.warehouse_script import read_state_text
from flowforge_assets.errors.warehouse import WarehouseStateError, WarehouseTableError
from flowforge_assets.storage.latest import latest
from flowforge_assets.storage.made_json import read_made, refuse_newer, write_made

if TYPE_CHECKING:
    from flowforge_assets.core.made import Made
    from flowforge_assets.core.table_name import TableName
    from flowforge_assets.storage.store import TableSpec

_FORMAT: Final = 1
_STEPS_KEPT: Final = 200


def _new_id() -> str:
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True)
class TableState:
    """The commits of one table that count still, and the columns that it had.

    `records` are by version, oldest first, cut as `latest` cuts them. `steps` has the versions of
    the last steps that committed, so that none commits twice.
    """

    version: int = -1
    table_id: str = field(default_factory=_new_id)
    records: tuple[tuple[int, Mapping[str, object]], ...] = ()
    steps: Mapping[str, int] = field(default_factory=dict[str, int])
    schemas: tuple[SchemaChange, ...] = ()

    def made(self, spec: TableSpec) -> list[Made]:
        """What was made, oldest first."""
        return [read_made(record, spec, self.at(version)) for version, record in self.records]

    def at(self, version: int | None = None) -> TableVersion:
        """The version of that number, or the newest."""
        return TableVersion(self.table_id, self.version if version is None else version)

    def after(self, made: Made, spec: TableSpec, columns: SchemaChange) -> TableState:
        """The state that a commit of `made`, as the version after this one, makes."""
        version = self.version + 1
        new = replace(made, table=self.at(version))
        commits = latest([*self.made(spec), new], spec.dimensions, spec.by_step)
        records = tuple((each.table.version, write_made(each)) for each in commits)
        steps = dict([*self.steps.items(), (made.step_id, version)][-_STEPS_KEPT:])
        known = self.schemas and self.schemas[-1].is_like(columns)
        schemas = self.schemas if known else (*self.schemas, columns)
        return TableState(version, self.table_id, records, steps, schemas)

    def write(self) -> str:
        """It as JSON, which `core.warehouse_script.state_text` makes a comment of."""
        content = {
            "format": _FORMAT,
            "version": self.version,
            "table_id": self.table_id,
            "records": [list(each) for each in self.records],
            "steps": dict(self.steps),
            "schemas": [each.as_json() for each in self.schemas],
        }
        return json.dumps(content, separators=(",", ":"))


def read_state(
    comment: str, spec: TableSpec, table: TableName, whole: Callable[[str], str] = str
) -> TableState:
    """The state in a table's comment; `whole` gives it of what stands for it there.

    Raises:
        WarehouseTableError: the comment holds none (FF-682).
        WarehouseStateError: it cannot be read (FF-686).
        NewerRecordError: a newer version of FlowForge wrote it (FF-616).
    """
    text = read_state_text(comment)
    if text is None:
        message = f"the table `{table}` of the warehouse is there, and FlowForge did not make it"
        hint = f"move it away, or let `{spec.key}` be made under another `prefix`"
        raise WarehouseTableError(message, hint=hint)
    try:
        # Any: what a comment holds has no type until it was looked at
        content: Any = json.loads(whole(text))
        refuse_newer({"dataset": spec.key, "format": content["format"]})
        return TableState(
            version=int(content["version"]),
            table_id=str(content["table_id"]),
            records=tuple((int(number), record) for number, record in content["records"]),
            steps={str(step): int(version) for step, version in content["steps"].items()},
            schemas=tuple(change_from_json(each) for each in content["schemas"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"the comment of the table `{table}` holds no state that is whole"
        hint = "restore the comment, or drop the table and make it anew"
        raise WarehouseStateError(message, hint=hint) from error

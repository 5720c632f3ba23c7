"""What a table's log says, kept beside it: `_flowforge/state-N.json`.

It says of version N what the log up to N says of what was made, so that those commits need not be
read, nor kept. Written once and never changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from flowforge_assets.core.schema_change import SchemaChange, change_from_json
from flowforge_assets.errors.past import DamagedStateError
from flowforge_assets.storage.made_json import refuse_newer

if TYPE_CHECKING:
    from flowforge_assets.core.key import DatasetKey
    from flowforge_assets.storage.folder import Folder

FOLDER: Final = "_flowforge"
_FORMAT: Final = 1
_NAME: Final = re.compile(r"state-(\d+)\.json")


@dataclass(frozen=True, slots=True)
class State:
    """What was made by version `version` of the table `table_id`.

    `records` are the commits that count, cut as `latest` cuts them, by version and oldest first;
    `steps` has the versions of steps that committed, `schemas` the columns that the table had.
    `others` is the newest version whose rows another program changed, -1 where none ever did, None
    where that is not known.
    """

    table_id: str
    version: int
    records: tuple[tuple[int, Mapping[str, object]], ...]
    steps: Mapping[str, int]
    schemas: tuple[SchemaChange, ...]
    others: int | None = None


def state_path(version: int) -> str:
    """The state file of a version, from the table's folder."""
    return f"{FOLDER}/state-{version}.json"


def state_versions(folder: Folder) -> list[int]:
    """The versions that have a state file, oldest first; one look at the folder."""
    found = (_NAME.fullmatch(name) for name in folder.names(FOLDER))
    return sorted(int(match[1]) for match in found if match)


def write_state(folder: Folder, state: State, key: DatasetKey) -> bool:
    """Makes the state file of a version, unless it is there.

    Raises:
        DamagedStateError: what is there cannot be read (FF-674).
    """
    content = {
        "format": _FORMAT,
        "dataset": str(key),
        "table_id": state.table_id,
        "version": state.version,
        "records": [list(each) for each in state.records],
        "steps": dict(state.steps),
        "schemas": [each.as_json() for each in state.schemas],
        "others": state.others,
    }
    text = json.dumps({**content, "sha256": _digest(content)}, separators=(",", ":"))
    if folder.create(state_path(state.version), text.encode()):
        return True
    known = read_state(folder, state.version, key)
    if known is not None and known.table_id == state.table_id:
        return False
    # that of a table which was here before, and is deleted
    folder.remove([state_path(state.version)])
    return folder.create(state_path(state.version), text.encode())


def newest_state(
    folder: Folder, key: DatasetKey, *, by: int, table_id: str | None = None
) -> State | None:
    """The newest state of a version up to `by`, of the incarnation `table_id` if that is given.

    Raises:
        DamagedStateError: it cannot be read (FF-674).
        NewerRecordError: a newer version of FlowForge wrote it (FF-616).
    """
    for version in reversed(state_versions(folder)):
        state = read_state(folder, version, key) if version <= by else None
        if state is not None and table_id in {None, state.table_id}:
            return state
    return None


def read_state(folder: Folder, version: int, key: DatasetKey) -> State | None:
    """The state file of a version, or None where there is none.

    Raises:
        DamagedStateError: it cannot be read (FF-674).
        NewerRecordError: a newer version of FlowForge wrote it (FF-616).
    """
    path = state_path(version)
    text = folder.read_all([path]).get(path)
    if text is None:
        return None
    try:
        # Any: what a file holds has no type until it was looked at
        content: Any = json.loads(text)
        refuse_newer({"dataset": key, "format": content["format"]})
        if content.pop("sha256") != _digest(content):
            raise _damaged(folder, path, key)
        return State(
            table_id=content["table_id"],
            version=content["version"],
            records=tuple((number, record) for number, record in content["records"]),
            steps=content["steps"],
            schemas=tuple(change_from_json(each) for each in content["schemas"]),
            others=content.get("others"),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(folder, path, key) from error


def forget_states(folder: Folder, versions: Iterable[int]) -> None:
    """Removes state files that nothing needs any more."""
    folder.remove(state_path(version) for version in versions)


def _digest(content: Mapping[str, object]) -> str:
    return sha256(json.dumps(content, separators=(",", ":"), sort_keys=True).encode()).hexdigest()


def _damaged(folder: Folder, path: str, key: DatasetKey) -> DamagedStateError:
    return DamagedStateError(
        f"`{path}` of `{key}` at `{folder.shown}` is no state file that is whole",
        hint="restore it from a copy; where the log has all commits still, remove it",
    )

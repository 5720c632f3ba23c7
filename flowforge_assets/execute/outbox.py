"""What a Prefect server was not told, or may have lost: kept in files until it has it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from flowforge_assets.compile.asset_events import EventJson
from flowforge_assets.storage.atomic import write_atomic

_FOLDER: Final = "prefect"
# Prefect keeps events for a week by default: what is older would be gone at once.
_MOST_RUNS: Final = 100


@dataclass(frozen=True, slots=True)
class Unsent:
    """A flow run of which a server lacks something, or may lack it.

    `state` is how the flow run ended (its type and a message), where the server was not told.
    `events` are all that it is to have of the run's assets; with `are_prefects` Prefect sent them
    itself, with ids of its own.
    """

    flow_run_id: str
    run_id: str
    events: Sequence[EventJson]
    state: tuple[str, str] | None = None
    are_prefects: bool = False


def keep_unsent(folder: Path, unsent: Unsent) -> None:
    """Writes it down, for a run to come."""
    path = _path(folder, unsent.flow_run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, json.dumps(asdict(unsent), ensure_ascii=False).encode())


def read_unsent(folder: Path) -> Iterator[Unsent]:
    """What earlier runs left, the oldest first; a file that cannot be read is passed over."""
    found = sorted((folder / _FOLDER).glob("*.json"), key=lambda path: path.name)
    for path in found[-_MOST_RUNS:]:
        with suppress(OSError, ValueError, KeyError, TypeError):
            # a file of ours, whose values are those of `Unsent`
            raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            state = raw["state"]
            yield Unsent(
                flow_run_id=str(UUID(raw["flow_run_id"])),
                run_id=str(raw["run_id"]),
                events=list(raw["events"]),
                state=None if state is None else (str(state[0]), str(state[1])),
                are_prefects=bool(raw["are_prefects"]),
            )


def forget_unsent(folder: Path, flow_run_ids: Iterable[str]) -> None:
    """Drops what a server has by now."""
    for id_ in flow_run_ids:
        _path(folder, id_).unlink(missing_ok=True)


def _path(folder: Path, flow_run_id: str) -> Path:
    return folder / _FOLDER / f"{flow_run_id}.json"

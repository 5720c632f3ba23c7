"""A ledger made again from what the lake says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Final

from flowforge_assets.core.clock import Clock, utc_now
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made
from flowforge_assets.core.schema_change import SchemaChange
from flowforge_assets.errors.record import LedgerBroken
from flowforge_assets.record.database import LedgerPlace
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.record.postgres_database import set_aside
from flowforge_assets.record.sqlite_database import unusable_path

# SQLite keeps what is not yet in the main file beside it, under its name.
_SIDE_FILES: Final = ("", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How much was read from the lake, and where a broken file was moved to."""

    datasets: int
    pieces: int
    moved_to: LedgerPlace | None


def rebuild(
    place: LedgerPlace,
    tables: Iterable[tuple[DatasetKey, Sequence[Made]]],
    *,
    schemas: Callable[[DatasetKey], Sequence[SchemaChange]] | None = None,
    clock: Clock = utc_now,
) -> Rebuilt:
    """Makes the ledger at `place` say what `tables` say, one transaction a dataset.

    `schemas` gives the history of a dataset's columns; without it that of the ledger stays.
    All tables are read before anything is written: a table that cannot be read leaves the ledger
    as it is, and none where none was. Datasets that `tables` lacks are forgotten. The history of
    runs is kept where the ledger is sound; one that is not is moved to `<name>.broken-<time>.db`.
    Hold all leases meanwhile.

    Raises:
        RecordError: it is a newer version's (FF-502), or cannot be written (FF-503 to FF-519).
    """
    found = [
        (dataset, made, None if schemas is None else schemas(dataset)) for dataset, made in tables
    ]
    ledger, moved_to = _open_sound(place, clock)
    with ledger:
        unseen = set(ledger.datasets())
        for dataset, made, columns in found:
            ledger.replace_all(dataset, made, schemas=columns)
        for dataset in unseen - {dataset for dataset, _, _ in found}:
            ledger.forget(dataset)
        ledger.learn(())
    return Rebuilt(len(found), sum(len(made) for _, made, _ in found), moved_to)


def _open_sound(place: LedgerPlace, clock: Clock) -> tuple[Ledger, LedgerPlace | None]:
    try:
        with ExitStack() as closing_on_error:
            ledger = closing_on_error.enter_context(Ledger.open(place))
            ledger.verify()
            closing_on_error.pop_all()
            return ledger, None
    except LedgerBroken:
        stamp = f"{clock().astimezone(UTC):%Y%m%dT%H%M%S}"
        moved = (
            _file_aside(place, stamp)
            if isinstance(place, Path)
            else set_aside(place, f"broken_{stamp.lower()}")
        )
        return Ledger.open(place), moved


def _file_aside(path: Path, stamp: str) -> Path:
    moved_to = path.with_name(f"{path.stem}.broken-{stamp}.db")
    for suffix in _SIDE_FILES:
        try:
            path.with_name(path.name + suffix).rename(moved_to.with_name(moved_to.name + suffix))
        except FileNotFoundError:
            # Side files exist only where a process did not close the ledger.
            continue
        except OSError as error:
            raise unusable_path(path, error) from error
    return moved_to

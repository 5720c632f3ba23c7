"""Who may commit to which partitions of which assets, in the ledger.

A run that plans to make something holds all of it from before its first commit until its end; who
holds says every few seconds that it lives. A holder that did not for a while, or whose process is
known to be gone, holds nothing. All is decided inside one transaction of who comes next.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from flowforge_assets.core.partition import Dimension, PartitionSet
from flowforge_assets.record import statements
from flowforge_assets.record.database import Transaction
from flowforge_assets.record.rows import (
    Row,
    partitions_from,
    partitions_text,
    shape_text,
    time_text,
)

EVERYTHING: Final = "*"
"""Stands for all assets."""
EXPIRY: Final = timedelta(seconds=60)
"""Who was not heard of for so long holds nothing any more."""

Wanted: TypeAlias = Mapping[str, PartitionSet | None]
"""Partitions by asset, as its table was first called; None means all, those to come too."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A run, or other work, that may commit until `expires_at`.

    It keeps the file `lock` locked while its process lives; a path of `host`, empty for none.
    `turn` counts those who took something; 0 took nothing, or waits for its turn.
    """

    run_id: str
    host: str
    pid: int
    lock: str
    taken_at: datetime
    expires_at: datetime
    turn: int = 0


IsGone: TypeAlias = Callable[[Holder], bool]
"""Says of a holder whether its process is known to be gone."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """A holder that is alive, and what it holds of what is wanted."""

    holder: Holder
    asset: str


def turn(found: Iterable[Row]) -> int:
    """How often leases were taken, by the row that counts it."""
    return next((int(row[0]) for row in found), 0)


def put_holder(connection: Transaction, holder: Holder) -> None:
    """Writes that the holder is there, and alive; it holds nothing yet."""
    row = (holder.run_id, holder.host, holder.pid, holder.lock)
    times = (time_text(holder.taken_at), time_text(holder.expires_at))
    connection.execute(statements.PUT_HOLDER, (*row, *times, holder.turn))


def add_leases(connection: Transaction, run_id: str, wanted: Wanted) -> None:
    """Gives the holder what it wants, and counts the turn; see that nobody else has it."""
    rows = [
        (run_id, asset, "", "")
        if partitions is None
        else (run_id, asset, shape_text(partitions.dimensions), partitions_text(partitions))
        for asset, partitions in sorted(wanted.items())
    ]
    connection.executemany(statements.INSERT_LEASE, rows)
    connection.execute(statements.NEXT_TURN)


def prolong(connection: Transaction, run_id: str, until: datetime) -> bool:
    """Writes that the holder lives; False where it was taken for dead."""
    row = (time_text(until), run_id)
    return bool(connection.execute(statements.SET_EXPIRY, row).rowcount)


def free(connection: Transaction, run_id: str) -> None:
    """Removes a holder and all that it holds."""
    connection.execute(statements.DELETE_LEASES, (run_id,))
    connection.execute(statements.DELETE_HOLDER, (run_id,))


def live_holders(connection: Transaction, is_gone: IsGone, now: datetime) -> dict[str, Holder]:
    """Those who may commit now, by run."""
    found = all_holders(connection)
    return {each.run_id: each for each in found if is_alive(each, is_gone, now)}


def all_holders(connection: Transaction) -> list[Holder]:
    """Those who took something, dead ones too."""
    return [holder_from(row) for row in connection.execute(statements.ALL_HOLDERS).fetchall()]


def is_alive(holder: Holder, is_gone: IsGone, now: datetime) -> bool:
    """Whether it said lately that it lives, and nothing says the contrary."""
    return holder.expires_at > now and not is_gone(holder)


def first_overlap(
    connection: Transaction, run_id: str, wanted: Wanted, live: Mapping[str, Holder]
) -> Overlap | None:
    """Who else holds some of what is wanted."""
    others = {key: each for key, each in live.items() if key != run_id}
    if not others or not wanted:
        return None
    for other, asset, shape, text in connection.execute(
        statements.LEASES_OF_OTHERS, (run_id,)
    ).fetchall():
        if other in others and _meet(asset, shape, text, wanted):
            return Overlap(others[other], asset)
    return None


def holder_from(row: Row) -> Holder:
    """The holder of a row."""
    run_id, host, pid, lock, taken, expires, turn_taken = row
    times = datetime.fromisoformat(taken), datetime.fromisoformat(expires)
    return Holder(run_id, host, pid, lock, *times, turn_taken)


def _meet(asset: str, shape: str, text: str, wanted: Wanted) -> bool:
    if asset == EVERYTHING or EVERYTHING in wanted:
        return True
    if asset not in wanted:
        return False
    mine = wanted[asset]
    if mine is None or not shape or shape != shape_text(mine.dimensions):
        return True
    dimensions = tuple(Dimension(*each) for each in json.loads(shape))
    return bool(partitions_from(dimensions, text) & mine)

"""What a Prefect server was not told of runs, or may have lost: kept until it has it.

It goes with the ledger, so that whatever machine the next run is on finds it. A ledger that is
lost is made again without.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from flowforge_assets.record import statements
from flowforge_assets.record.database import LedgerPlace
from flowforge_assets.record.opened import open_database
from flowforge_assets.record.rows import Row, time_text

# Prefect keeps events for a week by default: what is older would be gone at once.
_MOST_RUNS: Final = 100
_CLAIMED: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Untold:
    """A flow run of which a server lacks something, or may lack it, and the run that it made.

    `related` is what the flow run belongs to, as events name it. `events` are all that the server
    is to have of the run's assets; None while the run goes on, and when it was killed. With
    `are_prefects` Prefect sends them itself, with ids of its own. `state` is how the flow run ended
    (its type and a message), where the server was not told.
    """

    flow_run_id: str
    run_id: str
    related: Sequence[Mapping[str, str]]
    events: Sequence[Mapping[str, object]] | None = None
    state: tuple[str, str] | None = None
    are_prefects: bool = False


def keep_untold(place: LedgerPlace, untold: Untold) -> None:
    """Writes it into the ledger at `place`, for a run to come.

    Raises:
        RecordError: it cannot be used (FF-501 to FF-519).
    """
    database = open_database(place)
    try:
        with database.transaction() as connection:
            connection.execute(statements.PUT_UNTOLD, _row(untold))
            connection.execute(statements.DELETE_OLD_UNTOLD, (_MOST_RUNS,))
    finally:
        database.close()


def read_untold(place: LedgerPlace) -> list[Untold]:
    """What the ledger at `place` has of the newest runs, the oldest first.

    Raises:
        RecordError: it cannot be used (FF-501 to FF-519).
    """
    database = open_database(place)
    try:
        rows = database.rows(statements.NEWEST_UNTOLD, (_MOST_RUNS,))
    finally:
        database.close()
    return [_untold(row) for row in reversed(rows)]


def claim_untold(place: LedgerPlace, untold: Untold) -> bool:
    """Whether it is the caller's to tell now, who then keeps or forgets it; or another's, or gone.

    An event that reaches a server from two sides may do harm there.

    Raises:
        RecordError: it cannot be used (FF-501 to FF-519).
    """
    database = open_database(place)
    try:
        with database.transaction() as connection:
            now = database.now(connection)
            named = (untold.flow_run_id, untold.run_id)
            claimed = (time_text(now + _CLAIMED), *named, time_text(now))
            return connection.execute(statements.CLAIM_UNTOLD, claimed).rowcount == 1
    finally:
        database.close()


def forget_untold(place: LedgerPlace, untold: Untold) -> None:
    """Drops what a server has by now.

    Raises:
        RecordError: it cannot be used (FF-501 to FF-519).
    """
    database = open_database(place)
    try:
        with database.transaction() as connection:
            connection.execute(statements.DELETE_UNTOLD, (untold.flow_run_id, untold.run_id))
    finally:
        database.close()


def _row(untold: Untold) -> Row:
    events, state = (
        None if found is None else json.dumps(found, ensure_ascii=False)
        for found in (untold.events, untold.state)
    )
    related = json.dumps(list(untold.related), ensure_ascii=False)
    named = (untold.flow_run_id, untold.run_id, related)
    return (*named, events, state, int(untold.are_prefects))


def _untold(row: Row) -> Untold:
    flow_run_id, run_id, related, events, state, are_prefects = row
    return Untold(
        flow_run_id,
        run_id,
        related=json.loads(related),
        events=None if events is None else json.loads(events),
        state=None if state is None else tuple(json.loads(state)),
        are_prefects=bool(are_prefects),
    )

"""What a Prefect server was not told of runs, or may have lost: kept until it has it.

It goes with the ledger, so that whatever machine the next run is on finds it. A ledger that is
lost is made again without.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeAlias

from flowforge_assets.record import statements
from flowforge_assets.record.database import Database
from flowforge_assets.record.rows import Row, time_text

FlowRunOfRun: TypeAlias = tuple[str, str]
"""The ids of a flow run and of the run that it made: one that is tried again makes several."""

# Prefect keeps events for a week by default: what is older would be gone at once.
_MOST_RUNS: Final = 100
_CLAIMED: Final = timedelta(minutes=10)
_NO_EVENTS: Final = "[]"


@dataclass(frozen=True, slots=True)
class Untold:
    """A flow run of which a server lacks something, or may lack it, and the run that it made.

    `server` is the address of the server, `state_id` the state in which it has the flow run as long
    as it takes it to go on. `related` is what the flow run belongs to, as events name it. `events`
    are all of the run's assets that the server may lack; None while the run goes on, and when it
    was killed. With `are_prefects` Prefect sends them itself, with ids of its own. Of a run that
    `is_left` its own process tells nothing more.
    """

    server: str
    flow_run_id: str
    run_id: str
    state_id: str
    related: Sequence[Mapping[str, str]]
    events: Sequence[Mapping[str, object]] | None = None
    are_prefects: bool = False
    is_left: bool = False

    @property
    def named(self) -> FlowRunOfRun:
        """What it is of."""
        return self.flow_run_id, self.run_id


class UntoldBook:
    """What a ledger has of it; all methods raise a `RecordError` where that cannot be used."""

    def __init__(self, database: Database) -> None:
        """In an open ledger."""
        self._database = database

    def keep(self, untold: Untold) -> None:
        """Writes it down, for a run to come; nobody has claimed it then."""
        with self._database.transaction() as connection:
            now = time_text(self._database.now(connection))
            connection.execute(statements.PUT_UNTOLD, (*_row(untold), now))
            server = untold.server
            connection.execute(statements.DELETE_OLD_UNTOLD, (server, server, _MOST_RUNS))

    def of_server(self, server: str) -> list[FlowRunOfRun]:
        """What there is to be told to the server at that address, the oldest first."""
        rows = self._database.rows(statements.UNTOLD_OF_SERVER, (server,))
        return [(str(flow_run_id), str(run_id)) for flow_run_id, run_id in rows]

    def find(self, named: FlowRunOfRun) -> Untold | None:
        """What there is to be told of one."""
        rows = self._database.rows(statements.FIND_UNTOLD, named)
        return _untold(rows[0]) if rows else None

    def claim(self, named: FlowRunOfRun) -> bool:
        """Whether it is the caller's to tell now, who then keeps or forgets it; or another's.

        An event that reaches a server from two sides may do harm there. What is gone is nobody's.
        """
        with self._database.transaction() as connection:
            now = self._database.now(connection)
            claimed = (time_text(now + _CLAIMED), *named, time_text(now))
            return connection.execute(statements.CLAIM_UNTOLD, claimed).rowcount == 1

    def forget(self, named: FlowRunOfRun) -> None:
        """Drops what a server has by now."""
        with self._database.transaction() as connection:
            connection.execute(statements.DELETE_UNTOLD, named)

    def leave(self, run_id: str, *, is_end_told: bool) -> bool:
        """Says that the run's process tells nothing more; gives whether anything is lacking.

        What is lacking no event, and whose end was told, is dropped.
        """
        with self._database.transaction() as connection:
            if is_end_told:
                connection.execute(statements.DELETE_ALL_TOLD, (run_id, _NO_EVENTS))
            return connection.execute(statements.LEAVE_UNTOLD, (run_id,)).rowcount > 0


def _row(untold: Untold) -> Row:
    events = None if untold.events is None else json.dumps(untold.events, ensure_ascii=False)
    related = json.dumps(list(untold.related), ensure_ascii=False)
    flags = int(untold.are_prefects), int(untold.is_left)
    return (*untold.named, untold.server, untold.state_id, related, events, *flags)


def _untold(row: Row) -> Untold:
    flow_run_id, run_id, server, state_id, related, events, are_prefects, is_left = row
    return Untold(
        server,
        flow_run_id,
        run_id,
        state_id,
        related=json.loads(related),
        events=None if events is None else json.loads(events),
        are_prefects=bool(are_prefects),
        is_left=bool(is_left),
    )

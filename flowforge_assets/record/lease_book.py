"""The leases that a ledger holds, each call in one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from flowforge_assets.record import leases, runs, statements
from flowforge_assets.record.database import Database
from flowforge_assets.record.leases import EXPIRY, Holder, IsGone, Overlap, Wanted
from flowforge_assets.record.run import RunRecord, StepRecord


@dataclass(frozen=True, slots=True)
class Claim:
    """What a run asks for when it has planned: `wanted`, and that its plan be written down.

    `host`, `pid` and `lock` are as in `Holder`. Work that is no run has no `run`. Who is not heard
    of for `expiry` holds nothing any more.
    """

    run_id: str
    host: str
    pid: int
    lock: str
    wanted: Wanted
    run: RunRecord | None = None
    steps: Iterable[StepRecord] = ()
    expiry: timedelta = EXPIRY


@dataclass(frozen=True, slots=True)
class Refused:
    """Why nothing was taken: someone else has some of it, or leases were taken since the plan."""

    overlap: Overlap | None


class LeaseBook:
    """Who holds what; all methods raise a `RecordError` where the ledger cannot be used."""

    def __init__(self, database: Database) -> None:
        """In an open ledger."""
        self._database = database

    def turn(self) -> int:
        """How often leases were taken; to be asked before the history that a plan is made of."""
        return leases.turn(self._database.rows(statements.GET_TURN))

    def take(self, claim: Claim, *, turn: int, is_gone: IsGone) -> Refused | None:
        """Takes all that is wanted and begins the run; gives why not, and then does neither.

        Refused is a plan that others may have overtaken: someone took a turn since `turn`, and has
        ended. Who goes on makes other things. What wants nothing is never refused.

        Raises:
            RunExists: a run of that id is recorded (FF-508).
        """
        with self._database.transaction() as connection:
            now = self._database.now(connection)
            mine = 0
            if claim.wanted:
                live = leases.live_holders(connection, is_gone, now)
                overlap = leases.first_overlap(connection, claim.run_id, claim.wanted, live)
                last = leases.turn(connection.execute(statements.GET_TURN).fetchall())
                going_on = sum(holder.turn > turn for holder in live.values())
                if overlap is not None or last - turn != going_on:
                    return Refused(overlap)
                mine = last + 1
            if claim.run is not None:
                runs.begin(connection, claim.run, claim.steps)
            who = (claim.run_id, claim.host, claim.pid, claim.lock)
            holder = Holder(*who, now, now + claim.expiry, mine)
            leases.put_holder(connection, holder)
            if claim.wanted:
                leases.add_leases(connection, claim.run_id, claim.wanted)
        return None

    def wait(self, claim: Claim, *, is_gone: IsGone) -> Overlap | None:
        """Who else holds some of what is wanted; as long as anyone does, the run stands in line.

        It holds nothing there, and can be asked to end.
        """
        with self._database.transaction() as connection:
            now = self._database.now(connection)
            live = leases.live_holders(connection, is_gone, now)
            overlap = leases.first_overlap(connection, claim.run_id, claim.wanted, live)
            if overlap is not None:
                who = (claim.run_id, claim.host, claim.pid, claim.lock)
                leases.put_holder(connection, Holder(*who, now, now + claim.expiry))
            return overlap

    def in_line(self, *, is_gone: IsGone) -> list[str]:
        """The runs that hold nothing, most of them since they wait, by their ids."""
        with self._database.transaction() as connection:
            live = leases.live_holders(connection, is_gone, self._database.now(connection))
            return [run_id for run_id, holder in live.items() if not holder.turn]

    def prolong(self, run_id: str, expiry: timedelta = EXPIRY) -> bool:
        """Writes that the holder lives; False where it was taken for dead."""
        with self._database.transaction() as connection:
            until = self._database.now(connection) + expiry
            return leases.prolong(connection, run_id, until)

    def cancel(self, run_id: str, *, is_gone: IsGone) -> bool:
        """Asks a holder to end, which it does after what is going on; False where none lives."""
        with self._database.transaction() as connection:
            live = leases.live_holders(connection, is_gone, self._database.now(connection))
            if run_id in live:
                connection.execute(statements.CANCEL_HOLDER, (run_id,))
            return run_id in live

    def is_cancelled(self, run_id: str) -> bool:
        """Whether somebody has asked the holder to end."""
        return any(row[0] for row in self._database.rows(statements.GET_CANCELLED, (run_id,)))

    def free(self, run_id: str) -> None:
        """Lets go of all that it holds; where it holds nothing, nothing happens."""
        with self._database.transaction() as connection:
            leases.free(connection, run_id)

    def live(self, *, is_gone: IsGone) -> set[str]:
        """The runs that may commit now."""
        with self._database.transaction() as connection:
            now = self._database.now(connection)
            return set(leases.live_holders(connection, is_gone, now))

    def fence(self, *, is_gone: IsGone) -> tuple[set[str], list[Holder]]:
        """Takes all from those who are dead; gives the living, and those dead.

        The dead commit nothing more from then on: it is done before their tables are asked what
        they had committed.
        """
        if not self._database.rows(statements.ALL_HOLDERS):
            return set(), []
        with self._database.transaction() as connection:
            now = self._database.now(connection)
            live = leases.live_holders(connection, is_gone, now)
            all_holders = leases.all_holders(connection)
            dead = [each for each in all_holders if each.run_id not in live]
            for each in dead:
                leases.free(connection, each.run_id)
            return set(live), dead

    def is_live(self, run_id: str, *, is_gone: IsGone) -> bool:
        """Whether that one may commit now."""
        return run_id in self.live(is_gone=is_gone)

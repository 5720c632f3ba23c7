"""FF-509, FF-514: a run whose lease another has taken over, and one that is not going on.

RecordError
├── LeaseLost           FF-509  another run has taken over what this one was making
└── NoSuchRunError      FF-514  a run is to end that is not going on
"""

from __future__ import annotations

from flowforge_assets.errors.record import RecordError


class LeaseLost(RecordError):
    """Another run has taken over what this one was making, so that this one commits nothing more.

    A run says every few seconds that it goes on. One that was frozen, or could not reach the
    ledger, for a minute counts as dead: its partitions are free for others. What it had committed
    until then stands. Run again: what is left is made.
    """

    code = "FF-509"


class NoSuchRunError(RecordError):
    """A run is to end that is not going on, or none is named and there is not exactly one.

    `flowforge history` lists the runs, those that go on too. One that has ended needs no end; one
    whose process was killed is ended by the next run.
    """

    code = "FF-514"

"""FF-509: a run whose lease another has taken over.

RecordError
└── LeaseLost           FF-509  another run has taken over what this one was making
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

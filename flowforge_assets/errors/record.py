"""FF-5xx: the ledger and the run lock.

RecordError
├── LedgerBroken        FF-501  the file is damaged, or is something else
├── LedgerNewer         FF-502  a newer version wrote it
├── LedgerLocked        FF-503  another process held it for too long
├── LedgerNotWritable   FF-504  the folder or the file cannot be written
├── LedgerDiskFull      FF-505  no room is left
├── LedgerFailed        FF-506  the system or SQLite refused for another reason
├── RunLocked           FF-507  another run of the environment went on for too long
└── RunExists           FF-508  a run of that id is recorded already
"""

from __future__ import annotations

from flowforge_assets.errors.base import FlowForgeError


class RecordError(FlowForgeError):
    """The root of the FF-5xx errors."""

    code = "FF-500"


class LedgerBroken(RecordError):
    """The ledger file is damaged, or it is no ledger.

    Nothing is lost: the lake holds what the ledger says. `flowforge ledger rebuild` moves the
    file aside and writes a new one from the tables.
    """

    code = "FF-501"


class LedgerNewer(RecordError):
    """The ledger was written by a newer version of flowforge-assets.

    Upgrade flowforge-assets to the version that the rest of the team uses. To go back instead,
    move the file away and run `flowforge ledger rebuild`.
    """

    code = "FF-502"


class LedgerLocked(RecordError):
    """Another process held the ledger for longer than a writer waits.

    A writer holds it for well under a millisecond, so look for a process that opened the file
    with another tool and left a transaction open, and end it; then run again.
    """

    code = "FF-503"


class LedgerNotWritable(RecordError):
    """The ledger, or the folder that holds it, cannot be written.

    SQLite writes beside the file as well, so the folder itself must be writable: change its
    owner or mode, or set the environment's state folder to one that is.
    """

    code = "FF-504"


class LedgerDiskFull(RecordError):
    """The disk that holds the ledger is full.

    Free some space and run again. What was committed to the tables is kept, and the next run
    finds it there.
    """

    code = "FF-505"


class LedgerFailed(RecordError):
    """The ledger could not be used for a reason that the operating system or SQLite names.

    The message has their words. Run again; when it comes back, `flowforge ledger rebuild`.
    """

    code = "FF-506"


class RunLocked(RecordError):
    """Another run of the same environment went on for longer than this one waits.

    Let it end or stop it, then run again: what it made is not made twice.
    """

    code = "FF-507"


class RunExists(RecordError):
    """A run of the same id is recorded already.

    Two runs began within one second and drew the same number: run again.
    """

    code = "FF-508"

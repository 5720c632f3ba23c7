"""FF-5xx: the ledger, and the leases of runs in it.

RecordError
├── LedgerBroken        FF-501  the file is damaged, or is something else
├── LedgerNewer         FF-502  a newer version wrote it
├── LedgerLocked        FF-503  another process held it for too long
├── LedgerNotWritable   FF-504  the folder or the file cannot be written
├── LedgerDiskFull      FF-505  no room is left
├── LedgerFailed        FF-506  the system or SQLite refused for another reason
├── RunLocked           FF-507  another run of the same went on for too long
├── RunExists           FF-508  a run of that id is recorded already
├── LedgerUnreachable   FF-510  PostgreSQL is not there
├── LedgerUrlUnfit      FF-511  what names the database is no URL of one
├── LedgerRefused       FF-512  PostgreSQL does not let the user in
├── LedgerDriverMissing FF-513  the driver of PostgreSQL is not installed
└── (lease.py)          FF-509  another run has taken a lease over
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
    """Another run of the same partitions goes on, and this one waits for it no longer.

    It waited for as long as it may, or was stopped or cancelled meanwhile. Let the other run end or
    stop it, then run again: what it made is not made twice.
    """

    code = "FF-507"


class RunExists(RecordError):
    """A run of the same id is recorded already.

    Two runs began within one second and drew the same number: run again.
    """

    code = "FF-508"


class LedgerUnreachable(RecordError):
    """The PostgreSQL that holds the ledger does not answer, or the connection was lost.

    Nothing is lost: what was committed stands in the tables, and the next run asks them. See that
    the server is up and can be reached from here, then run again.
    """

    code = "FF-510"


class LedgerUrlUnfit(RecordError):
    """What the ledger's reference stands for names no PostgreSQL database.

    It is a URL such as `postgresql://user:...@host:5432/database`. Set the variable, file or
    block that `ledger` of the environment refers to; the URL itself is never shown.
    """

    code = "FF-511"


class LedgerRefused(RecordError):
    """PostgreSQL does not let this user in, or not into that schema.

    See user, password and database of the URL. The user needs the right to create a schema in
    that database, or the schema must be there and be theirs.
    """

    code = "FF-512"


class LedgerDriverMissing(RecordError):
    """The ledger is in PostgreSQL, whose driver is not installed here.

    Install the extra: `pip install "flowforge-assets[postgres]"`.
    """

    code = "FF-513"

"""What PostgreSQL and its driver say, as errors of the ledger; no text of theirs holds a secret.

Of a server's message only the primary text is kept, and never of a failed login.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Final

from flowforge_assets.errors.record import (
    LedgerDiskFull,
    LedgerDriverMissing,
    LedgerFailed,
    LedgerLocked,
    LedgerNotWritable,
    LedgerRefused,
    LedgerUnreachable,
    LedgerUrlUnfit,
    RecordError,
)
from flowforge_assets.record.database import PostgresPlace
from flowforge_assets.record.tables import broken

if TYPE_CHECKING:
    import psycopg

_REFUSED: Final = ("password", "authentication", "pg_hba", 'role "', 'database "', "ssl")


def load_psycopg() -> ModuleType:
    """The driver, imported on first use: a ledger in SQLite needs none.

    Raises:
        LedgerDriverMissing: it is not installed (FF-513).
    """
    try:
        import psycopg  # see above
    except ImportError as error:
        message = "a ledger in PostgreSQL needs its driver, which is not installed"
        hint = 'install it: `pip install "flowforge-assets[postgres]"`'
        raise LedgerDriverMissing(message, hint=hint) from error
    return psycopg


def unfit_url(place: PostgresPlace) -> LedgerUrlUnfit:
    """What is wrong with a text that names no database."""
    return LedgerUrlUnfit(
        f"what the ledger's reference stands for is no URL of PostgreSQL ({place})",
        hint="it looks like `postgresql://user:...@host:5432/database`",
    )


def translated(place: PostgresPlace, error: psycopg.Error) -> RecordError:
    """What an error of the driver means to the user."""
    state = error.sqlstate or ""
    if not state:
        return _without_state(place, error)
    match state[:2], state:
        case ("28" | "3D", _) | (_, "42501"):
            return _refused(place)
        case _, "55P03":
            return LedgerLocked(
                f"the {place} is held by another process",
                hint="end the process that keeps a transaction open there, then run again",
            )
        case ("53", "53100"):
            return LedgerDiskFull(
                f"the disk that holds the {place} is full", hint="free some space, then run again"
            )
        case "25", "25006":
            return LedgerNotWritable(
                f"the {place} is on a server that only reads",
                hint="name the server that writes, not its copy",
            )
        case ("08" | "57" | "53" | "25", _):
            return _unreachable(place)
        case ("XX", _) | (_, "42P01" | "42703"):
            return broken(str(place), f"PostgreSQL says {state}")
        case _:
            words = error.diag.message_primary or type(error).__name__
            # Texts of classes 22 and 23 quote values.
            shown = type(error).__name__ if state[:2] in {"22", "23"} else words
            return LedgerFailed(
                f"the {place} cannot be used: {shown} (SQLSTATE {state})",
                hint="run again; when it comes back, run `flowforge ledger rebuild`",
            )


def _without_state(place: PostgresPlace, error: psycopg.Error) -> RecordError:
    """Of what the driver says by itself: mostly that there is no server, or a refused login."""
    import psycopg  # runs where it raised

    text = str(error).lower()
    if isinstance(error, psycopg.ProgrammingError):
        return unfit_url(place)
    if "fatal" in text and any(each in text for each in _REFUSED):
        return _refused(place)
    return _unreachable(place)


def _refused(place: PostgresPlace) -> LedgerRefused:
    return LedgerRefused(
        f"PostgreSQL does not let this user into the {place}",
        hint="see the user, the password and the database that the ledger's reference stands for; "
        "the user makes tables in that schema",
    )


def _unreachable(place: PostgresPlace) -> LedgerUnreachable:
    return LedgerUnreachable(
        f"PostgreSQL does not answer, or the connection was lost ({place})",
        hint="nothing is lost: the tables have what was made; run again when the server is back",
    )

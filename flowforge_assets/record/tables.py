"""The ledger's tables brought to today's version, in whichever database they are."""

from __future__ import annotations

from collections.abc import Callable, Collection

from flowforge_assets.errors.record import LedgerBroken, LedgerNewer
from flowforge_assets.record import migrations, statements
from flowforge_assets.record.database import Transaction


def is_of_today(version: int) -> bool:
    """Whether tables of that version need no migration."""
    return version == migrations.SCHEMA_VERSION


def version_in(connection: Transaction, names: Collection[str], shown: str) -> int:
    """The version of the tables `names`; 0 where there are none.

    Raises:
        LedgerBroken: they are another program's (FF-501).
        LedgerNewer: a newer version made them (FF-502).
    """
    if not names:
        return 0
    if "meta" not in names:
        raise broken(shown, "it holds another program's tables")
    row = connection.execute(statements.GET_SCHEMA_VERSION).fetchone()
    if row is None or not str(row[0]).isdecimal():
        raise broken(shown, "it does not say which version wrote it")
    version = int(row[0])
    if version > migrations.SCHEMA_VERSION:
        message = (
            f"`{shown}` was written by a newer version: its tables have version "
            f"`{version}`, this one knows up to `{migrations.SCHEMA_VERSION}`"
        )
        hint = (
            "upgrade flowforge-assets; or move the ledger away and run `flowforge ledger rebuild`"
        )
        raise LedgerNewer(message, hint=hint)
    return version


def _as_written(statement: str) -> str:
    return statement


def migrate(
    connection: Transaction,
    names: Collection[str],
    shown: str,
    *,
    spelled: Callable[[str], str] = _as_written,
) -> None:
    """Makes the tables those of today, in the caller's transaction; `spelled` for its database.

    Tables that are new know that nobody has filled them yet.

    Raises:
        RecordError: they are no ledger's, or a newer version's (FF-501, FF-502).
    """
    found = version_in(connection, names, shown)
    if is_of_today(found):
        return
    for migration in migrations.MIGRATIONS[found:]:
        for statement in migration:
            connection.execute(spelled(statement))
    connection.execute(statements.SET_SCHEMA_VERSION, (str(migrations.SCHEMA_VERSION),))
    if not found:
        connection.execute(statements.SET_UNLEARNT)


def broken(shown: str, why: str) -> LedgerBroken:
    """What is wrong with a ledger that cannot be used."""
    return LedgerBroken(
        f"`{shown}` is not a sound ledger: {why}",
        hint="run `flowforge ledger rebuild`: it keeps it aside and reads the tables",
    )

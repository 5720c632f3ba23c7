"""What becomes of a ledger file that cannot be used, and of one that many use."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made
from flowforge_assets.errors.record import (
    LedgerBroken,
    LedgerDiskFull,
    LedgerFailed,
    LedgerLocked,
    LedgerNewer,
    LedgerNotWritable,
    RecordError,
)
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.record.migrations import MIGRATIONS, SCHEMA_VERSION
from flowforge_assets.record.sqlite_database import SqliteDatabase, unusable_path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def database(path: Path) -> Iterator[SqliteDatabase]:
    opened = SqliteDatabase(path, timeout_seconds=0)
    yield opened
    opened.close()


def in_sqlite(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "ledger.db"
    Ledger.open(path).close()
    assert path.exists()


def test_an_empty_file_becomes_a_ledger(path: Path) -> None:
    path.touch()
    with Ledger.open(path) as ledger:
        assert ledger.datasets() == []


def test_the_ledger_names_its_file(path: Path) -> None:
    with Ledger.open(path) as ledger:
        assert ledger.shown == str(path)


def test_a_ledger_is_opened_again(path: Path) -> None:
    Ledger.open(path).close()
    with Ledger.open(path) as ledger:
        ledger.verify()


def test_closing_twice_does_nothing(path: Path) -> None:
    ledger = Ledger.open(path)
    ledger.close()
    ledger.close()


def test_a_closed_ledger_cannot_be_asked(path: Path) -> None:
    ledger = Ledger.open(path)
    ledger.close()
    with pytest.raises(LedgerFailed, match="closed database"):
        ledger.datasets()


def test_a_file_that_is_no_database_is_broken(path: Path) -> None:
    path.write_text("not a database, but long enough to have a header\n" * 50)
    with pytest.raises(LedgerBroken) as caught:
        Ledger.open(path)
    assert caught.value.render() == (
        f"error[FF-501]: `{path}` is not a sound ledger: file is not a database\n"
        "hint: run `flowforge ledger rebuild`: it keeps it aside and reads the tables"
    )


def test_another_programs_database_is_not_touched(path: Path) -> None:
    in_sqlite(path, "PRAGMA journal_mode = WAL", "CREATE TABLE theirs (a)")
    before = path.read_bytes()
    with pytest.raises(LedgerBroken, match="another program"):
        Ledger.open(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", ["DELETE FROM meta", "UPDATE meta SET value = 'one'"])
def test_a_ledger_that_does_not_say_its_version_is_broken(path: Path, damage: str) -> None:
    Ledger.open(path).close()
    in_sqlite(path, damage)
    with pytest.raises(LedgerBroken, match="which version"):
        Ledger.open(path)


def test_a_newer_ledger_is_refused(path: Path) -> None:
    Ledger.open(path).close()
    in_sqlite(path, "UPDATE meta SET value = '999'")
    with pytest.raises(
        LedgerNewer, match=f"`999`, this one knows up to `{SCHEMA_VERSION}`"
    ) as caught:
        Ledger.open(path)
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("upgrade flowforge-assets")


def test_a_ledger_of_the_first_version_is_brought_up_to_date(path: Path) -> None:
    Ledger.open(path).close()
    path.unlink()
    dataset = "INSERT INTO datasets (dataset, shape, table_id) VALUES ('gold.a', '[]', 't')"
    in_sqlite(path, *MIGRATIONS[0], "INSERT INTO meta VALUES ('schema_version', '1')", dataset)
    with Ledger.open(path) as ledger:
        assert ledger.datasets() == [DatasetKey("gold.a")]
        assert ledger.current_all({DatasetKey("gold.a"): ()}).datasets() == set()


def test_steps_and_commits_of_before_bytes_were_kept_have_none(
    path: Path, commit: Callable[..., Made]
) -> None:
    before = [statement for migration in MIGRATIONS[:10] for statement in migration]
    in_sqlite(
        path,
        *before,
        "INSERT INTO meta VALUES ('schema_version', '10')",
        """
        INSERT INTO steps VALUES ('run', 'step', 'clean_flights', '["silver.flights"]', '[]',
            '{"by":{},"boxes":[{}]}', 'never made', 'made',
            '2026-01-01T12:00:00+00:00', 1.5, 3, NULL, NULL, NULL)
        """,
        "INSERT INTO makers VALUES ('silver.flights', 'run', 'step')",
        "INSERT INTO datasets (dataset, shape, table_id) VALUES ('silver.flights', '[]', 't')",
        """
        INSERT INTO pieces VALUES (1, 'silver.flights', 1, 0, 1, 1, '{"by":{},"boxes":[{}]}', 1,
            '["clean_flights","20260101T120000-0000","step-1",1,"c0de","5c3a","c0f1","e091",{},
            "2026-01-01T12:00:00.000000+00:00",10]')
        """,
    )
    with Ledger.open(path) as ledger:
        [found] = ledger.history(commit().dataset)
        assert (found.rows, found.bytes_written) == (3, None)
        assert ledger.current(commit().dataset, ()) == [commit()]


def test_a_truncated_ledger_is_broken(path: Path) -> None:
    Ledger.open(path).close()
    with path.open("r+b") as file:
        file.truncate(5_000)
    with pytest.raises(LedgerBroken), Ledger.open(path) as ledger:
        ledger.verify()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE pieces SET made = '[]'",
        "UPDATE pieces SET made = 'x'",
        """UPDATE pieces SET partitions = '{"by":{"day":"day"},"boxes":[]}'""",
        """UPDATE pieces SET partitions = '7'""",
    ],
)
def test_a_row_that_cannot_be_read_is_damage(
    ledger: Ledger, commit: Callable[..., Made], damage: str
) -> None:
    made = commit()
    ledger.replace_all(made.dataset, [made])
    with ledger._database.transaction() as connection:
        connection.execute(damage)
    with pytest.raises(LedgerBroken, match="a row of it cannot be read"):
        ledger.current(made.dataset, ())


def test_damage_that_only_the_check_sees_is_named(path: Path, database: SqliteDatabase) -> None:
    with database.transaction() as connection:
        connection.execute("CREATE TABLE odd (a TEXT)")
        connection.execute("INSERT INTO odd VALUES (NULL)")
        connection.execute("PRAGMA writable_schema = ON")
        now = "CREATE TABLE odd (a TEXT NOT NULL)"
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'odd'", (now,))
    with Ledger.open(path) as ledger, pytest.raises(LedgerBroken, match="found damage"):
        ledger.verify()


def test_a_writer_that_waits_too_long_says_so(path: Path) -> None:
    with (
        Ledger.open(path, timeout_seconds=0) as ledger,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerLocked, match="held by another process"):
            ledger.prune(keep_runs=0)
        other.execute("ROLLBACK")
        assert ledger.prune(keep_runs=0) == 0


def test_opening_waits_for_who_holds_the_file(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LedgerLocked):
            Ledger.open(path, timeout_seconds=0.02)


def test_readers_do_not_wait_for_a_writer(path: Path) -> None:
    with (
        Ledger.open(path, timeout_seconds=0) as ledger,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        assert ledger.runs() == []


def test_many_may_open_a_new_ledger_at_once(tmp_path: Path) -> None:
    def open_one(number: int) -> None:
        Ledger.open(tmp_path / f"{number // 4}.db").close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(open_one, range(40)))


def test_a_full_disk_says_so_and_writes_nothing(database: SqliteDatabase) -> None:
    def fill() -> None:
        insert = "INSERT INTO datasets (dataset, shape, table_id) VALUES (?, ?, 't')"
        with database.transaction() as connection:
            connection.execute(insert, ("gold.small", "[]"))
            connection.execute(insert, ("gold.large", "x" * 100_000))

    database.rows("PRAGMA max_page_count = 1")  # no more pages than there are
    with pytest.raises(LedgerDiskFull, match="is full"):
        fill()
    assert database.rows("SELECT * FROM datasets") == []


def test_an_error_inside_a_transaction_undoes_it(database: SqliteDatabase) -> None:
    def interrupt() -> None:
        with database.transaction() as connection:
            connection.execute(
                "INSERT INTO datasets (dataset, shape, table_id) VALUES ('gold.a', '[]', 't')"
            )
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert database.rows("SELECT * FROM datasets") == []


def test_a_new_ledger_in_a_read_only_folder_is_refused(
    read_only_folder: Callable[[Callable[[Path], None]], Path],
) -> None:
    path = read_only_folder(lambda _: None) / "ledger.db"
    with pytest.raises(LedgerNotWritable) as caught:
        Ledger.open(path)
    assert caught.value.render() == (
        f"error[FF-504]: `{path}` cannot be written\n"
        f"hint: make the folder `{path.parent}` and the files in it writable"
    )


def test_a_folder_in_a_read_only_folder_is_refused(
    read_only_folder: Callable[[Callable[[Path], None]], Path],
) -> None:
    with pytest.raises(LedgerNotWritable):
        Ledger.open(read_only_folder(lambda _: None) / "new" / "ledger.db")


def test_a_ledger_in_a_read_only_folder_is_refused(
    read_only_folder: Callable[[Callable[[Path], None]], Path],
) -> None:
    folder = read_only_folder(lambda folder: Ledger.open(folder / "ledger.db").close())
    with pytest.raises(LedgerNotWritable):
        Ledger.open(folder / "ledger.db")


def test_a_file_where_the_folder_should_be_is_named(path: Path) -> None:
    path.touch()
    with pytest.raises(LedgerFailed, match="File exists"):
        Ledger.open(path / "ledger.db")


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.EACCES, LedgerNotWritable),
        (errno.EROFS, LedgerNotWritable),
        (errno.ENOSPC, LedgerDiskFull),
        (errno.EIO, LedgerFailed),
    ],
)
def test_what_the_system_refuses_has_its_own_error(
    number: int, expected: type[RecordError]
) -> None:
    assert type(unusable_path(Path("ledger.db"), OSError(number, "refused"))) is expected

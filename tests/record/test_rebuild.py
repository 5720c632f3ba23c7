from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made
from flowforge_assets.errors.record import LedgerNewer, LedgerNotWritable
from flowforge_assets.errors.storage import StorageError
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.record.rebuild import Rebuilt, rebuild
from flowforge_assets.record.run import RunRecord

FLIGHTS = DatasetKey("silver.flights")
WEATHER = DatasetKey("silver.weather")


def noon() -> datetime:
    return datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def test_a_missing_ledger_is_made_from_the_tables(path: Path, commit: Callable[..., Made]) -> None:
    assert rebuild(path, [(FLIGHTS, [commit()])]) == Rebuilt(1, 1, None)
    with Ledger.open(path) as ledger:
        assert ledger.current(FLIGHTS, ()) == [commit()]


def test_a_sound_ledger_keeps_its_runs(
    path: Path, commit: Callable[..., Made], run: Callable[..., RunRecord]
) -> None:
    with Ledger.open(path) as ledger:
        ledger.begin_run(run())
        ledger.replace_all(FLIGHTS, [commit(1)])
    rebuild(path, [(FLIGHTS, [commit(2)])])
    with Ledger.open(path) as ledger:
        assert ledger.runs() == [run()]
        assert ledger.current(FLIGHTS, ()) == [commit(2)]


def test_what_the_lake_does_not_know_is_forgotten(path: Path, commit: Callable[..., Made]) -> None:
    with Ledger.open(path) as ledger:
        ledger.replace_all(FLIGHTS, [commit()])
        ledger.replace_all(WEATHER, [commit(dataset=WEATHER)])
    rebuild(path, [(FLIGHTS, [commit()])])
    with Ledger.open(path) as ledger:
        assert ledger.datasets() == [FLIGHTS]


def test_a_file_that_is_no_ledger_is_moved_aside(path: Path, commit: Callable[..., Made]) -> None:
    path.write_bytes(b"no database at all" * 100)
    moved_to = path.with_name("ledger.broken-20260101T120000.db")
    assert rebuild(path, [(FLIGHTS, [commit()])], clock=noon) == Rebuilt(1, 1, moved_to)
    assert moved_to.read_bytes().startswith(b"no database")
    with Ledger.open(path) as ledger:
        assert ledger.current(FLIGHTS, ()) == [commit()]


def test_damage_deep_in_the_file_is_found(path: Path, commit: Callable[..., Made]) -> None:
    fill_and_spoil(path, commit)
    assert rebuild(path, [(FLIGHTS, [commit()])], clock=noon).moved_to is not None
    with Ledger.open(path) as ledger:
        assert ledger.datasets() == [FLIGHTS]


def test_the_log_of_a_broken_ledger_is_moved_with_it(
    path: Path, commit: Callable[..., Made]
) -> None:
    fill_and_spoil(path, commit)
    with closing(sqlite3.connect(path)) as other_process:
        other_process.execute("SELECT * FROM meta").fetchall()
        rebuild(path, [], clock=noon)
        assert path.with_name("ledger.broken-20260101T120000.db-wal").exists()


def fill_and_spoil(path: Path, commit: Callable[..., Made]) -> None:
    """Overwrites the last page of a ledger, which opening does not read."""
    with Ledger.open(path) as ledger:
        for number in range(100):
            key = DatasetKey(f"gold.number_{number}")
            ledger.replace_all(key, [commit(dataset=key)])
    size_bytes = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size_bytes - 4096)
        file.write(b"\xff" * 4096)


def test_a_newer_ledger_is_left_alone(path: Path) -> None:
    with Ledger.open(path), closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE meta SET value = '999'")
    before = path.read_bytes()
    with pytest.raises(LedgerNewer):
        rebuild(path, [])
    assert path.read_bytes() == before


def test_a_table_that_cannot_be_read_leaves_the_ledger_as_it_was(
    path: Path, commit: Callable[..., Made]
) -> None:
    def tables() -> Iterator[tuple[DatasetKey, Sequence[Made]]]:
        yield FLIGHTS, [commit(2)]
        raise StorageError("the table cannot be read")

    with Ledger.open(path) as ledger:
        ledger.replace_all(WEATHER, [commit(1, dataset=WEATHER)])
    with pytest.raises(StorageError):
        rebuild(path, tables())
    with Ledger.open(path) as ledger:
        assert ledger.datasets() == [WEATHER]
    path.unlink()
    with pytest.raises(StorageError):
        rebuild(path, tables())
    assert not path.exists()


def test_a_broken_ledger_that_cannot_be_moved_is_not_writable(
    read_only_folder: Callable[[Callable[[Path], None]], Path],
) -> None:
    def no_ledger(folder: Path) -> None:
        (folder / "ledger.db").write_bytes(b"no database at all" * 100)

    folder = read_only_folder(no_ledger)
    with pytest.raises(LedgerNotWritable):
        rebuild(folder / "ledger.db", [])

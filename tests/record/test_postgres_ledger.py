"""What is other where the ledger is in PostgreSQL: reaching it, losing it, and its secrets."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from flowforge_assets import Project
from flowforge_assets.core.event import Event
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made
from flowforge_assets.errors.record import (
    LedgerBroken,
    LedgerDriverMissing,
    LedgerLocked,
    LedgerNewer,
    LedgerRefused,
    LedgerUnreachable,
    LedgerUrlUnfit,
    RecordError,
)
from flowforge_assets.record.database import PostgresPlace
from flowforge_assets.record.jobs import JobLog
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.record.opened import open_database
from flowforge_assets.record.parity import ParityRecord, newest_parity, record_parity
from flowforge_assets.record.rebuild import rebuild
from flowforge_assets.record.run import RunRecord
from flowforge_assets.record.untold import Untold
from postgres_server import PostgresCluster, postgres_cluster

CANARY = "c4nary-p4ss"
FEED = """
from pathlib import Path

import polars as pl

from flowforge_assets import Bronze, Col, Silver, Table, asset, col

class Raw(Bronze):
    n: Col[int] = col()

class Seen(Silver):
    n: Col[int] = col()

def called(what: str) -> None:
    with (Path(__file__).parent / "calls").open("a") as calls:
        calls.write(what)

@asset
def raw() -> Table[Raw]:
    called("raw ")
    return pl.DataFrame({"n": [1, 2]})

@asset
def seen(raw: Table[Raw]) -> Table[Seen]:
    called("seen ")
    return raw
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[PostgresCluster]:
    with postgres_cluster() as made:
        yield made


def in_postgres(place: PostgresPlace, *statements: str) -> None:
    with psycopg.connect(place.url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def test_many_may_make_a_new_ledger_at_once(postgres_place: PostgresPlace) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: Ledger.open(postgres_place).close(), range(8)))
    with Ledger.open(postgres_place) as ledger:
        assert ledger.is_unlearnt


def test_jobs_and_ledgers_share_a_schema_and_no_other(
    postgres_place: PostgresPlace, commit: Callable[..., Made]
) -> None:
    made = commit()
    with Ledger.open(postgres_place) as ledger:
        ledger.replace_all(made.dataset, [made])
        log = JobLog(postgres_place)
        assert log.places() == set()
        log.close()
        with Ledger.open(replace(postgres_place, schema="of_another")) as other:
            assert other.datasets() == []
        assert ledger.datasets() == [made.dataset]


def test_verdicts_on_queries_are_kept_too(postgres_place: PostgresPlace) -> None:
    key, noon = DatasetKey("gold.a"), datetime(2026, 1, 1, tzinfo=UTC)
    found = ParityRecord(key, "bigquery", "q", "verified", 1, 10, "engine", "", noon)
    for verdict in (found, replace(found, verdict="differs", rows=11)):
        record_parity(postgres_place, [verdict])
        assert newest_parity(postgres_place, key, "bigquery") == verdict


def test_what_a_server_is_still_to_be_told_is_kept_too(postgres_place: PostgresPlace) -> None:
    begun = Untold("there", "flow run", "run", "state", [{"prefect.resource.id": "prefect.flow.f"}])
    ended = replace(begun, events=[{"id": "1"}], are_prefects=True)
    with Ledger.open(postgres_place) as ledger:
        book = ledger.untold
        for untold in (begun, ended):
            book.keep(untold)
            assert [book.find(named) for named in book.of_server("there")] == [untold]
        assert [book.claim(ended.named) for _ in range(2)] == [True, False]
        assert book.leave("run", is_end_told=True)
        assert book.find(begun.named) == replace(ended, is_left=True)
        book.forget(ended.named)
        assert book.of_server("there") == []


def test_a_newer_or_foreign_schema_is_refused(postgres_place: PostgresPlace) -> None:
    Ledger.open(postgres_place).close()
    newer = f"UPDATE {postgres_place.schema}.meta SET value = '99'"  # noqa: S608 - ours
    in_postgres(postgres_place, newer)
    with pytest.raises(LedgerNewer, match="have version `99`"):
        Ledger.open(postgres_place)
    in_postgres(postgres_place, "CREATE SCHEMA foreign_one", "CREATE TABLE foreign_one.t (a int)")
    foreign = replace(postgres_place, schema="foreign_one")
    with pytest.raises(LedgerBroken, match="another program's tables"):
        Ledger.open(foreign)
    done = rebuild(foreign, [])
    assert "foreign_one_broken_" in str(done.moved_to)
    with Ledger.open(foreign) as ledger:
        assert not ledger.is_unlearnt


def test_a_writer_waits_for_another_and_no_longer_than_it_may(
    postgres_place: PostgresPlace, run: Callable[..., RunRecord]
) -> None:
    with Ledger.open(postgres_place, timeout_seconds=0.05) as ledger:
        other = open_database(postgres_place)
        with other.transaction(), pytest.raises(LedgerLocked, match="held by another process"):
            ledger.begin_run(run())
        other.close()
        ledger.begin_run(run())
        assert len(ledger.runs()) == 1


def test_what_cannot_be_reached_is_named_without_a_secret(
    postgres_place: PostgresPlace, caplog: pytest.LogCaptureFixture
) -> None:
    refused = postgres_place.url.replace("user=postgres", f"user=nobody password={CANARY}")
    wrong: dict[str, type[RecordError]] = {
        f"postgresql://u:{CANARY}@127.0.0.1:9/db": LedgerUnreachable,
        f"postgresql//u:{CANARY}@127.0.0.1/db": LedgerUrlUnfit,
        f"postgresql://u:p@h/db?pass={CANARY}": LedgerUrlUnfit,
        refused: LedgerRefused,
    }
    for url, kind in wrong.items():
        place = PostgresPlace(url, "flowforge_shop_prod")
        with pytest.raises(kind) as caught:
            Ledger.open(place)
        shown = "".join(traceback.format_exception(caught.value)) + repr(place) + str(place)
        assert CANARY not in shown + caplog.text


def test_without_the_driver_it_says_what_to_install(
    postgres_place: PostgresPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(LedgerDriverMissing) as caught:
        Ledger.open(postgres_place)
    assert "flowforge-assets[postgres]" in str(caught.value)


def test_a_server_that_was_started_again_between_two_calls_is_not_missed(
    cluster: PostgresCluster, run: Callable[..., RunRecord]
) -> None:
    with ExitStack() as left:
        with cluster.running() as url:
            ledger = left.enter_context(Ledger.open(PostgresPlace(url, "s")))
            ledger.begin_run(run())
        with pytest.raises(LedgerUnreachable):
            ledger.runs()
        with cluster.running():
            assert len(ledger.runs()) == 1
            ledger.begin_run(run(run_id="20260101T120001-0001"))
            assert len(ledger.runs()) == 2
        with pytest.raises(LedgerUnreachable), ledger._database.transaction():
            pytest.fail("nobody is there")


def test_a_server_that_goes_away_during_a_run_loses_nothing(
    cluster: PostgresCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "flowforge.toml").write_text(
        '[project]\nname = "far"\nmodules = ["far_feed"]\n[env.dev]\n'
        'ledger = { env = "FAR_LEDGER" }\n'
    )
    (tmp_path / "far_feed.py").write_text(FEED)
    with ExitStack() as running:
        monkeypatch.setenv("FAR_LEDGER", running.enter_context(cluster.running()))
        project = Project.load(tmp_path)

        def stop_at_the_second(event: Event) -> None:
            if event.event == "step_started" and event.asset == "seen":
                running.close()

        with pytest.raises(LedgerUnreachable):
            project.run(on_event=stop_at_the_second)
    with cluster.running():
        project = Project.load(tmp_path)
        result = project.run()
        assert (result.status, result.made, result.fresh) == ("succeeded", 0, 2)
        assert (tmp_path / "calls").read_text() == "raw seen "
        with Ledger.open(project.environment.ledger) as ledger:
            # two of one second have no order
            assert sorted(each.status for each in ledger.runs()) == ["killed", "succeeded"]
        assert not project.environment.ledger_path.exists()
        assert project.rebuild_ledger().datasets == 2
        assert project.plan().steps == ()

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flowforge_assets.record.ledger import Ledger
from flowforge_assets.record.untold import Untold, UntoldBook

SERVER = "http://prefect.example/api"
FLOW_RUN = "01a20690-4b79-7a2b-abb9-9570ef7dad52"
BEGUN = Untold(
    SERVER,
    FLOW_RUN,
    "20260101T120000-4f3a09c2",
    "of its state",
    [{"prefect.resource.id": "prefect.flow.ü"}],
)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[UntoldBook]:
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        yield ledger.untold


def test_what_is_kept_is_found_again_the_oldest_first(book: UntoldBook) -> None:
    later = replace(
        BEGUN,
        run_id="20250102T120000-4f3a09c2",  # by a clock that was set back
        events=[{"id": "1", "payload": {"rows": 3}}],
        are_prefects=True,
        is_left=True,
    )
    book.keep(BEGUN)
    book.keep(later)
    assert book.of_server(SERVER) == [BEGUN.named, later.named]
    assert [book.find(named) for named in book.of_server(SERVER)] == [BEGUN, later]


def test_a_run_that_ends_takes_the_place_of_its_beginning(book: UntoldBook) -> None:
    ended = replace(BEGUN, events=[])
    book.keep(BEGUN)
    book.keep(ended)
    assert book.of_server(SERVER) == [BEGUN.named]
    assert book.find(BEGUN.named) == ended


def test_two_runs_of_one_flow_run_are_two(book: UntoldBook) -> None:
    again = replace(BEGUN, run_id="20260102T120000-4f3a09c2")
    book.keep(BEGUN)
    book.keep(again)
    book.forget(BEGUN.named)
    assert book.of_server(SERVER) == [again.named]
    assert book.find(BEGUN.named) is None


def test_each_server_has_its_own(book: UntoldBook) -> None:
    elsewhere = replace(BEGUN, server="http://127.0.0.1:4200/api", flow_run_id="another")
    book.keep(BEGUN)
    book.keep(elsewhere)
    assert book.of_server(SERVER) == [BEGUN.named]
    assert book.of_server(elsewhere.server) == [elsewhere.named]


def test_only_the_newest_hundred_of_a_server_are_kept(
    book: UntoldBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = replace(BEGUN, server="http://127.0.0.1:4200/api", run_id="elsewhere")
    book.keep(elsewhere)
    for number in range(102):
        noon = datetime(2026, 1, 1, 12, number // 60, number % 60, tzinfo=UTC)
        monkeypatch.setattr("flowforge_assets.record.sqlite_database.utc_now", lambda at=noon: at)
        book.keep(replace(BEGUN, run_id=f"{102 - number:03}"))
    kept = [run_id for _, run_id in book.of_server(SERVER)]
    assert kept == [f"{number:03}" for number in range(100, 0, -1)]
    assert book.of_server(elsewhere.server) == [elsewhere.named]


def test_one_claims_what_is_to_be_told_until_it_is_kept_again_or_gone(book: UntoldBook) -> None:
    book.keep(BEGUN)
    assert book.claim(BEGUN.named)
    assert not book.claim(BEGUN.named)
    book.keep(replace(BEGUN, events=[]))
    assert book.claim(BEGUN.named)
    book.forget(BEGUN.named)
    assert not book.claim(BEGUN.named)


@pytest.mark.parametrize("events", [None, [{"id": "1"}]])
def test_a_run_is_left_to_others_where_it_lacks_something(
    book: UntoldBook, events: list[dict[str, object]] | None
) -> None:
    assert not book.leave(BEGUN.run_id, is_end_told=True)
    lacking = replace(BEGUN, events=events)
    book.keep(lacking)
    assert book.leave(BEGUN.run_id, is_end_told=True)
    assert book.find(BEGUN.named) == replace(lacking, is_left=True)


def test_a_run_that_lacks_nothing_is_dropped_when_its_end_was_told(book: UntoldBook) -> None:
    book.keep(replace(BEGUN, events=[]))
    assert book.leave(BEGUN.run_id, is_end_told=False)
    assert book.of_server(SERVER) == [BEGUN.named]
    assert not book.leave(BEGUN.run_id, is_end_told=True)
    assert book.of_server(SERVER) == []

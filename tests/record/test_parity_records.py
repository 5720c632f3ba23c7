from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.record.parity import ParityRecord, newest_parity, record_parity
from flowforge_assets.record.rebuild import rebuild

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
TOTALS = DatasetKey("gold.totals")
VERIFIED = ParityRecord(
    asset=TOTALS,
    target="postgres",
    query="c0de",
    verdict="verified",
    seed=7,
    rows=12,
    engine="PostgreSQL 17",
    reason="",
    at=NOON,
)


def test_the_newest_verdict_of_a_target_is_found(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    older = replace(VERIFIED, query="older", at=NOON - timedelta(days=1))
    elsewhere = replace(VERIFIED, target="snowflake", at=NOON + timedelta(days=1))
    record_parity(path, [VERIFIED, older, elsewhere])
    assert newest_parity(path, TOTALS, "postgres") == VERIFIED
    assert newest_parity(path, TOTALS, "bigquery") is None


def test_a_verdict_takes_the_place_of_the_one_on_the_same_query(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    differs = replace(VERIFIED, verdict="differs", at=NOON - timedelta(hours=1))
    record_parity(path, [VERIFIED])
    record_parity(path, [differs])
    assert newest_parity(path, TOTALS, "postgres") == differs


def test_a_sound_ledger_keeps_its_verdicts_when_it_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    record_parity(path, [VERIFIED])
    rebuild(path, [])
    assert newest_parity(path, TOTALS, "postgres") == VERIFIED


def test_a_broken_ledger_is_made_again_without_them(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    Ledger.open(path).close()
    path.write_bytes(b"no database" * 500)
    rebuild(path, [])
    assert newest_parity(path, TOTALS, "postgres") is None

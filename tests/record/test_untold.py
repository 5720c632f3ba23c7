from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from flowforge_assets.record.untold import (
    Untold,
    claim_untold,
    forget_untold,
    keep_untold,
    read_untold,
)

FLOW_RUN = "01a20690-4b79-7a2b-abb9-9570ef7dad52"
BEGUN = Untold(FLOW_RUN, "20260101T120000-4f3a09c2", [{"prefect.resource.id": "prefect.flow.ü"}])


def test_what_is_kept_is_read_again_the_oldest_first(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    later = replace(
        BEGUN,
        run_id="20260102T120000-4f3a09c2",
        events=[{"id": "1", "payload": {"rows": 3}}],
        state=("COMPLETED", "Made 1."),
        are_prefects=True,
    )
    keep_untold(path, later)
    keep_untold(path, BEGUN)
    assert read_untold(path) == [BEGUN, later]


def test_a_run_that_ends_takes_the_place_of_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ended = replace(BEGUN, events=[])
    keep_untold(path, BEGUN)
    keep_untold(path, ended)
    assert read_untold(path) == [ended]


def test_two_runs_of_one_flow_run_are_two(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    again = replace(BEGUN, run_id="20260102T120000-4f3a09c2")
    keep_untold(path, BEGUN)
    keep_untold(path, again)
    forget_untold(path, BEGUN)
    assert read_untold(path) == [again]


def test_only_the_newest_hundred_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    for number in range(102):
        keep_untold(path, replace(BEGUN, run_id=f"{number:03}"))
    assert [untold.run_id for untold in read_untold(path)] == [f"{n:03}" for n in range(2, 102)]


def test_one_claims_what_is_to_be_told_until_it_is_kept_again_or_gone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    keep_untold(path, BEGUN)
    assert claim_untold(path, BEGUN)
    assert not claim_untold(path, BEGUN)
    keep_untold(path, replace(BEGUN, events=[]))
    assert claim_untold(path, BEGUN)
    forget_untold(path, BEGUN)
    assert not claim_untold(path, BEGUN)

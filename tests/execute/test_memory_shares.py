"""What a run does with the memory that it may have."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flowforge_assets.execute.handover import Handover
from flowforge_assets.execute.memory import MemoryShares

ROOT = Path(__file__).parents[2]


def test_frames_have_all_of_it_where_nothing_is_queried() -> None:
    shares = MemoryShares.of(1000, workers=2, has_queries=False)
    assert (shares.frames, shares.queries, shares.steps) == (1000, 0, 2)


def test_frames_and_queries_share_it() -> None:
    shares = MemoryShares.of(1000, workers=0, has_queries=True)
    assert (shares.frames, shares.queries, shares.steps) == (500, 500, 1)


def test_steps_at_once_share_what_is_left() -> None:
    assert Handover(1000, steps=4).free_bytes == 250


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the cap is one of Linux")
def test_more_rows_than_fit_are_written_under_a_cap() -> None:
    """The rows are about 600 MB in memory, of which the libraries leave less than that."""
    script = str(ROOT / "benchmarks" / "memory_cap.py")
    ran = subprocess.run(
        [sys.executable, script, "--rows", "10000000", "--cap-mb", "1500"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "succeeded" in ran.stdout

"""A kill at any moment of maintenance leaves the rows, and what was made, as they were."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from killed_maintenance import kill_often
from killed_project import seed_of_today

pytestmark = pytest.mark.slow


def test_kill_9_in_maintenance_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`FLOWFORGE_KILLS` says how often."""
    seed = seed_of_today()
    with capsys.disabled():
        print(f"\nFLOWFORGE_KILL_SEED={seed}")  # noqa: T201 - to repeat a failure
    kill_often(int(os.environ.get("FLOWFORGE_KILLS", "2")), seed=seed, folder=tmp_path)

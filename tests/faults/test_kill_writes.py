"""A kill at any moment of any way of writing loses no row and doubles none."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from flowforge_assets import Project
from killed_project import assert_a_rerun_completes, copy_of, killed_after, ran_whole, seed_of_today

pytestmark = pytest.mark.slow
WRITTEN = Path(__file__).parents[1] / "fixtures/projects/written"


def test_kill_9_in_every_way_of_writing_loses_and_doubles_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`FLOWFORGE_KILLS` says how often; each time the next run takes up what was left."""
    kills = int(os.environ.get("FLOWFORGE_KILLS", "4"))
    seed = seed_of_today()
    with capsys.disabled():
        print(f"\nFLOWFORGE_KILL_SEED={seed}")  # noqa: T201 - to repeat a failure
    chance = random.Random(seed)  # noqa: S311 - it chooses moments
    whole = copy_of(WRITTEN, tmp_path / "whole")
    seconds = ran_whole(whole, "")
    reference = Project.load(whole)
    while kills:
        root = copy_of(WRITTEN, tmp_path / f"killed {kills}")
        for _ in range(min(kills, 3)):
            killed_after(chance.uniform(0.3, 1.0) * seconds, root, "")
            kills -= 1
        assert_a_rerun_completes(root, reference, "")

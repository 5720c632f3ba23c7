"""A kill while a table is brought to other columns loses no row and leaves it whole."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from flowforge_assets import Project
from killed_project import (
    assert_a_rerun_completes,
    content,
    copy_of,
    killed_after,
    ran_whole,
    seed_of_today,
)

pytestmark = pytest.mark.slow
WRITTEN = Path(__file__).parents[1] / "fixtures/projects/written"
FIRST, ALL = "2026-01-01T00..2026-01-01T05", "2026-01-01T00..2026-01-01T11"
OLD = "class Log(Silver):\n    event: Col[int] = key()\n    user: Col[Int32] = col()"
NEW = (
    "class Log(Silver):\n    event: Col[int] = key()\n"
    '    person: Col[int] = col(renamed_from="user")\n'
    "    note: Col[str | None] = col(optional=True)"
)


def changed(root: Path, *pairs: tuple[str, str]) -> None:
    """Writes the project's module anew."""
    path = root / "written.py"
    text = path.read_text()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    shutil.rmtree(root / "__pycache__", ignore_errors=True)


def test_kill_9_while_columns_change_leaves_old_rows_or_new_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`FLOWFORGE_KILLS` says how often; each time the next run completes the change."""
    kills = int(os.environ.get("FLOWFORGE_KILLS", "2"))
    seed = seed_of_today()
    with capsys.disabled():
        print(f"\nFLOWFORGE_KILL_SEED={seed}")  # noqa: T201 - to repeat a failure
    chance = random.Random(seed)  # noqa: S311 - it chooses moments
    before = copy_of(WRITTEN, tmp_path / "before")
    narrow = 'raw.select("event", user=pl.col("user").cast(pl.Int32))'
    changed(
        before,
        ("class Log(Silver):\n    event: Col[int] = key()\n    user: Col[int] = col()", OLD),
        ("Col, Frame, Gold, Hourly,", "Col, Frame, Gold, Hourly, Int32,"),
        (
            'Frame[Log]:\n    return raw.select("event", "user")',
            f"Frame[Log]:\n    return {narrow}",
        ),
    )
    ran_whole(before, FIRST)
    changed(before, (OLD, NEW), (narrow, 'raw.select("event", person="user")'))
    whole = Path(shutil.copytree(before, tmp_path / "whole"))
    seconds = ran_whole(whole, ALL)
    reference = Project.load(whole)
    for number in range(kills):
        root = Path(shutil.copytree(before, tmp_path / f"killed {number}"))
        killed_after(chance.uniform(0.1, 1.0) * seconds, root, ALL)
        content(Project.load(root))  # every table can be read as it is declared now
        assert_a_rerun_completes(root, reference, ALL)

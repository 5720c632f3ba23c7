"""A kill at any moment of any way of writing loses no row and doubles none."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from flowforge_assets import Project
from killed_project import (
    HOURS,
    assert_a_rerun_completes,
    copy_of,
    killed_after,
    ran_whole,
    seed_of_today,
)
from store_place import StorePlace

pytestmark = pytest.mark.slow
WRITTEN = Path(__file__).parents[1] / "fixtures/projects/written"
_FIRST_HOURS = "2026-01-01T00..2026-01-01T02"
STORES = [
    "delta-local",
    "parquet-local",
    pytest.param("delta-moto_s3", marks=pytest.mark.emulator),
    pytest.param("parquet-moto_s3", marks=pytest.mark.emulator),
]


@pytest.mark.parametrize("kind", STORES)
def test_kill_9_in_every_way_of_writing_loses_and_doubles_nothing(
    kind: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`FLOWFORGE_KILLS` says how often; each time the next run takes up what was left."""
    is_far = not kind.endswith("local")
    partitions = _FIRST_HOURS if is_far else HOURS
    kills = int(os.environ.get("FLOWFORGE_KILLS", "1" if is_far else "4"))
    seed = seed_of_today()
    with capsys.disabled():
        print(f"\n{kind}: FLOWFORGE_KILL_SEED={seed}")  # noqa: T201 - to repeat a failure
    chance = random.Random(seed)  # noqa: S311 - it chooses moments
    whole = _copy(request, kind, tmp_path / "whole")
    seconds = ran_whole(whole, partitions)
    reference = Project.load(whole)
    while kills:
        root = _copy(request, kind, tmp_path / f"killed {kills}")
        for _ in range(min(kills, 3)):
            killed_after(chance.uniform(0.1, 1.0) * seconds, root, partitions)
            kills -= 1
        assert_a_rerun_completes(root, reference, partitions)


def _copy(request: pytest.FixtureRequest, kind: str, folder: Path) -> Path:
    """The project with a store of the kind `FORMAT-PLACE`."""
    form, _, emulator = kind.partition("-")
    root = copy_of(WRITTEN, folder)
    with (root / "flowforge.toml").open("a") as file:
        file.write(f'\n[env.dev]\nformat = "{form}"\n')
        if emulator != "local":
            place: StorePlace = request.getfixturevalue(emulator)
            url = f"{place.url}/{folder.name}"
            file.write(f"\n[env.dev.store]\n{place.toml().replace(place.url, url)}")
    return root

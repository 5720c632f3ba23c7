"""A kill at any moment gives a reader of changes each of them once."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import pytest

from flowforge_assets import Project
from killed_project import killed_after, ran_whole, seed_of_today

pytestmark = pytest.mark.slow

SETTINGS = """
[project]
modules = ["killed_ticks"]

[env.dev]
format = "FORMAT"

[env.dev.resources.Clock]
path = "count.txt"
"""
CODE = """
from pathlib import Path

import polars as pl

from flowforge_assets import (
    Before, Bronze, Changes, Col, Frame, Gold, Resource, Silver, asset, col, key, newest,
)


class Clock(Resource):
    path: str

    def count(self) -> int:
        return int((Path(__file__).parent / self.path).read_text())


class Ticks(Bronze):
    number: Col[int] = col()


class Log(Silver):
    number: Col[int] = col()


class Merged(Silver):
    number: Col[int] = key()


class Total(Gold):
    ticks: Col[int] = col()


def now(clock: Clock) -> int:
    return clock.count()


@asset(write="append", version=now)
def ticks(clock: Clock, before: Before[Ticks]) -> Frame[Ticks]:
    last = newest(before, Ticks.number)
    return pl.LazyFrame({"number": range(0 if last is None else last + 1, clock.count())})


@asset(write="append")
def log(ticks: Changes[Ticks]) -> Frame[Log]:
    return ticks


@asset(write="merge")
def merged(ticks: Changes[Ticks]) -> Frame[Merged]:
    return ticks


@asset
def total(before: Before[Total], ticks: Changes[Ticks]) -> Frame[Total]:
    return pl.concat([before, ticks.select(ticks=pl.len().cast(pl.Int64))]).sum()
"""


@pytest.mark.parametrize("form", ["delta", "parquet"])
def test_kill_9_gives_each_change_once(
    tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`FLOWFORGE_KILLS` says how often."""
    kills = int(os.environ.get("FLOWFORGE_KILLS", "4"))
    seed = seed_of_today()
    with capsys.disabled():
        print(f"\nFLOWFORGE_KILL_SEED={seed}")  # noqa: T201 - to repeat a failure
    chance = random.Random(seed)  # noqa: S311 - it chooses moments
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "flowforge.toml").write_text(SETTINGS.replace("FORMAT", form))
    (tmp_path / "killed_ticks.py").write_text(CODE)
    count = 3
    (tmp_path / "count.txt").write_text(str(count))
    seconds = ran_whole(tmp_path, "")
    for _ in range(kills):
        count += 3
        (tmp_path / "count.txt").write_text(str(count))
        killed_after(chance.uniform(0.1, 1.0) * seconds, tmp_path, "")
    ran_whole(tmp_path, "")
    project = Project.load(tmp_path)
    everything = list(range(count))
    for key in ("bronze.ticks", "silver.log", "silver.merged"):
        assert sorted(project.read(key)["number"]) == everything, key
    assert project.read("gold.total").item() == count
    sys.modules.pop("killed_ticks", None)

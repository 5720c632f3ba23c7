"""The example project with late events: what holds of it whatever keeps its tables."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets import Project
from forked import COMMAND, Forked

EVENTS = Path(__file__).parents[2] / "projects" / "events"

pytestmark = pytest.mark.slow


@pytest.fixture(params=["delta", "parquet"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of the project that keeps its tables in one of the formats."""
    copy = tmp_path / "events"
    ignored = shutil.ignore_patterns(".flowforge", "__pycache__", "tests", ".*_cache")
    shutil.copytree(EVENTS, copy, ignore=ignored)
    with (copy / "flowforge.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[env.dev]\nformat = "{request.param}"\n')
    return copy


def flowforge(folder: Path, *words: str) -> list[dict[str, object]]:
    """What a command says in JSON, line by line or whole."""
    process = Forked(COMMAND, *words, "--json", "-C", str(folder))
    assert process.wait(300) == 0, process.printed
    if words[0] == "run":
        return [json.loads(line) for line in process.printed.splitlines()]
    return [json.loads(process.printed)["data"]]


def test_it_is_made_whole_and_a_lost_ledger_is_told_again_by_the_tables(folder: Path) -> None:
    (report,) = flowforge(folder, "check")
    assert report["assets"] == 10
    finished = flowforge(folder, "run")[-1]
    assert (finished["status"], finished["made"]) == ("succeeded", 10)
    (plan,) = flowforge(folder, "plan")
    assert plan["steps"] == []
    (folder / ".flowforge/dev/ledger.db").unlink()
    flowforge(folder, "ledger", "rebuild")
    (plan,) = flowforge(folder, "plan")
    assert (plan["steps"], plan["kept"]) == ([], [])


def test_hour_by_hour_it_comes_to_the_same_as_all_at_once(tmp_path: Path) -> None:
    at_once, in_bits = here(tmp_path / "at_once"), here(tmp_path / "in_bits")
    assert at_once.run("+sessions", partitions="..2026-03-01T09").status == "succeeded"
    for hour in range(10):
        result = in_bits.run("+sessions", partitions=f"..2026-03-01T{hour:02}")
        assert result.status == "succeeded"
    for dataset in ("silver.events", "silver.sessions"):
        assert not at_once.read(dataset).is_empty()
        assert rows(at_once, dataset).equals(rows(in_bits, dataset))


def here(folder: Path) -> Project:
    """The project with nothing made, that keeps what it makes in a folder of its own."""
    project = Project.load(EVENTS)
    project.environment = replace(project.environment, root=folder)
    return project


def rows(project: Project, dataset: str) -> pl.DataFrame:
    return project.read(dataset).sort(pl.all())

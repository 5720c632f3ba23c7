"""What the command line says of files."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from command_line import Call

TIDES = '''\
from datetime import date
from pathlib import Path

from flowforge_assets import Artifact, Daily, File, asset

DAY = Daily(start="2026-01-01", end="2026-01-02")


class Tide(Artifact, suffix=".txt", owners=["sea@example.com"]):
    """How high the water is.

    By the harbour's own gauge.
    """


class TideOfDay(Artifact, suffix=".txt", partition=DAY.on("day")): ...


@asset
def tide(out: Path) -> File[Tide]:
    (out / "tide.txt").write_text("high")
    return out / "tide.txt"


@asset
def tide_of_day(day: date, tide: File[Tide], out: Path) -> File[TideOfDay]:
    (out / "tide.txt").write_text(f"{tide.read_text()} on {day}")
    return out / "tide.txt"
'''


@pytest.fixture
def tides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a project that makes files; we are in it."""
    folder = tmp_path / "tides"
    folder.mkdir()
    (folder / "flowforge.toml").write_text('[project]\nmodules = ["tide_project"]\n')
    (folder / "tide_project.py").write_text(TIDES)
    monkeypatch.chdir(folder)
    yield folder
    sys.modules.pop("tide_project", None)


Golden = Callable[[str, str], None]


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("artifact_never", "show gold.tide"),
        ("artifact_check", "check -v"),
        ("artifact_run", "run"),
        ("artifact_ls", "ls"),
        ("artifact_show", "show gold.tide"),
        ("artifact_show_days", "show gold.tide_of_day"),
        ("artifact_show_day", "show gold.tide_of_day -p 2026-01-02"),
    ],
)
def test_files_are_shown(golden: Golden, call: Call, tides: Path, name: str, command: str) -> None:
    if name in {"artifact_ls", "artifact_show", "artifact_show_days", "artifact_show_day"}:
        call("run", "-q")
    golden(f"cli/{name}.txt", call(*command.split()).text(folder=tides))


def test_a_file_is_said_as_json(call: Call, tides: Path) -> None:
    call("run", "-q")
    data = call("show", "gold.tide", "--json").data
    (file,) = data["files"]
    assert Path(file["path"]).read_text(encoding="utf-8") == "high"
    assert file["sha256"] == sha256(b"high").hexdigest()
    assert (file["bytes"], file["version"], file["partition"]) == (4, 0, None)
    assert (data["kind"], data["version"], data["oldest_version"]) == ("artifact", 0, 0)


def test_versions_that_can_be_read_are_counted(call: Call, tides: Path) -> None:
    call("run", "-q")
    call("run", "-q", "-s", "gold.tide", "--force")
    data = call("show", "gold.tide", "--json").data
    assert (data["version"], data["files"][0]["version"]) == (1, 0)


def test_the_list_says_that_it_is_an_artifact(call: Call, tides: Path) -> None:
    assert {each["kind"] for each in call("ls", "--json").data["datasets"]} == {"artifact"}


def test_a_run_that_makes_files_counts_no_rows(call: Call, tides: Path) -> None:
    ended = [e for e in call("run", "--json").events if e["event"] == "step_finished"]
    assert [event.get("rows") for event in ended] == [None] * 3


def test_the_ledger_is_rebuilt_from_files(call: Call, tides: Path) -> None:
    call("run", "-q")
    assert call("ledger", "rebuild", "-y").code == 0
    assert call("plan", "--json").data["steps"] == []


def test_the_pointer_of_an_artifact_is_a_file_that_people_can_read(call: Call, tides: Path) -> None:
    call("run", "-q")
    pointer = tides / ".flowforge/dev/lake/gold/tide/_flowforge/artifact-0.json"
    assert json.loads(pointer.read_text(encoding="utf-8"))["dataset"] == "gold.tide"

"""`flowforge cancel`, of a run in another process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flowforge_assets import Project
from flowforge_assets.execute.turn import Ready, Turn
from flowforge_assets.record.leases import EVERYTHING
from flowforge_assets.record.ledger import Ledger

if TYPE_CHECKING:
    from command_line import Call

SLOW = """
import time
from datetime import date
from pathlib import Path

import polars as pl

from flowforge_assets import Bronze, Col, Daily, Table, asset, col

DAY = Daily("2026-01-01", "2028-12-31")


class Days(Bronze, partition=DAY.on("day")):
    day: Col[date] = col()


@asset
def days(day: date) -> Table[Days]:
    Path(__file__).with_name("began").touch()
    time.sleep(0.05)
    return pl.DataFrame({"day": [day]})
"""
FILES = {
    "flowforge.toml": '[project]\nname = "slow"\nmodules = ["slow_days"]\n',
    "slow_days.py": SLOW,
}


@pytest.mark.slow
def test_a_run_ends_after_what_is_going_on(
    call: Call, write_project: Callable[[Mapping[str, str]], Path]
) -> None:
    root = write_project(FILES)
    command = Path(sys.executable).with_name("flowforge")
    with subprocess.Popen(
        [command, "-C", root, "run", "--json"], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            while not (root / "began").exists():
                assert process.poll() is None
            [run] = call("-C", str(root), "history", "--json").data["runs"]
            other = call("-C", str(root), "cancel", "another")
            assert (other.code, "FF-514" in other.err, run["run_id"] in other.err) == (
                1,
                True,
                True,
            )
            asked = call("-C", str(root), "cancel")
            assert asked.out == f"{run['run_id']} ends with the steps that are going on\n"
            said, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert '"cancelled"' in said.splitlines()[-1]
    left = Project.load(root).plan().steps[0].partitions
    assert 0 < left.count() < 1096


@pytest.mark.slow
def test_a_run_that_waits_for_another_ends_without_making_anything(call: Call, shop: Path) -> None:
    command = Path(sys.executable).with_name("flowforge")
    environment = Project.load(shop).environment
    other = Turn("another", environment.folder, pytest.fail)
    with (
        Ledger.open(environment.ledger) as ledger,
        other.of(ledger, lambda: Ready(None, {EVERYTHING: None})),
        subprocess.Popen(
            [command, "-C", shop, "run", "--force", "--json"],
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            waiting = json.loads(process.stdout.readline())
            assert waiting["event"] == "waiting"
            asked = call("-C", str(shop), "cancel")
            run_id = waiting["run_id"]
            assert asked.out == f"{run_id} ends: it waited for its turn, and made nothing\n"
            said, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 1
    assert "FF-507" in said
    assert "it was cancelled while it waited for another run" in said
    assert run_id not in call("-C", str(shop), "history").out


def test_without_a_run_there_is_none_to_end(call: Call, shop: Path) -> None:
    ran = call("-C", str(shop), "cancel")
    assert ran.code == 1
    assert ran.err.splitlines()[0] == "error[FF-514]: no run goes on"

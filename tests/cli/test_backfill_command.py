from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from command_line import Call

WriteProject: TypeAlias = Callable[[Mapping[str, str]], Path]
CODE = """
from datetime import date

import polars as pl

from flowforge_assets import Bronze, Col, Daily, Partitions, Table, asset, col


class Raw(Bronze, partition=Daily("2026-01-01", "2026-01-31").on("day")):
    day: Col[date] = col()


@asset
def raw(days: Partitions[date]) -> Table[Raw]:
    if date(2026, 1, 20) in days:
        raise ValueError("no such file")
    return pl.DataFrame({"day": list(days)})
"""


@pytest.fixture
def folder(write_project: WriteProject) -> Path:
    toml = '[project]\nname = "days"\nmodules = ["days_by_command"]\n'
    return write_project({"flowforge.toml": toml, "days_by_command.py": CODE})


def test_it_is_begun_listed_and_resumed(call: Call, folder: Path) -> None:
    here = ("-C", str(folder))
    ran = call("backfill", "raw", "-p", "2026-01-01..2026-01-30", "--chunk", "10", *here)
    assert ran.code == 1
    assert "30 partitions of `bronze.raw` in 3 chunks" in ran.err
    assert "1/3  2026-01-01..2026-01-10" in ran.err
    assert "no such file" in ran.err
    assert "failed: 2 of 3 chunks made, 1 failed" in ran.out
    listed = call("backfills", "--json", *here).data["backfills"]
    assert [(each["status"], each["chunks_done"], each["partitions_done"]) for each in listed] == [
        ("failed", 2, 20)
    ]
    id_ = listed[0]["backfill_id"]
    assert id_ in call("backfills", *here).out
    again = call("backfill", "--resume", id_, "--json", *here)
    events = [json.loads(line) for line in again.out.splitlines()]
    chunks = [each for each in events if each["event"] == "chunk_finished"]
    assert [(each["chunk"], each["partitions"]) for each in chunks] == [
        (2, "2026-01-11..2026-01-20")
    ]
    assert (events[-1]["event"], events[-1]["status"]) == ("backfill_finished", "failed")


def test_one_that_has_ended_is_not_cancelled(call: Call, folder: Path) -> None:
    here = ("-C", str(folder))
    call("backfill", "-p", "2026-01-01..2026-01-05", *here)
    id_ = call("backfills", "--json", *here).data["backfills"][0]["backfill_id"]
    assert "has ended before: succeeded" in call("backfills", "cancel", id_, *here).err
    unknown = call("backfills", "cancel", "x", *here)
    assert (unknown.code, "FF-751" in unknown.err) == (1, True)


def test_with_nothing_to_do_it_says_so(call: Call, folder: Path) -> None:
    here = ("-C", str(folder))
    assert "no backfill yet" in call("backfills", *here).err
    call("run", "-p", "2026-01-01", *here)
    ran = call("backfill", "raw", "-p", "2026-01-01", *here)
    assert (ran.code, "nothing to backfill" in ran.err) == (0, True)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("raw", "-p", "1990-01-01"), "FF-831"),
        (("--resume", "x"), "FF-751"),
        (("raw", "--resume", "x"), "FF-809"),
        (("raw", "--job", "nightly"), "FF-809"),
        (("raw", "--engine", "prefect"), "FF-752"),
        (("raw", "--engine", "prefect", "--job", "nightly"), "FF-752"),
    ],
)
def test_what_it_cannot_do_is_refused(
    call: Call, folder: Path, words: tuple[str, ...], code: str
) -> None:
    ran = call("backfill", *words, "-C", str(folder))
    assert (ran.code != 0, f"error[{code}]" in ran.err) == (True, True)

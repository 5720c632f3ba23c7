"""What the ledger says of runs that were killed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets import Bronze, Col, Frame, asset, col
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.record.run import RunCounts
from pipelines import pipeline


class One(Bronze):
    n: Col[int] = col()


class Two(Bronze):
    n: Col[int] = col()


class Three(Bronze):
    n: Col[int] = col()


@asset
def one() -> Frame[One]:
    return pl.LazyFrame({"n": [1]})


@asset
def two() -> Frame[Two]:
    return pl.LazyFrame({"n": [2]})


@asset
def three() -> Frame[Three]:
    raise RuntimeError


@pytest.mark.parametrize("store", ["memory", "delta"])
def test_what_a_killed_run_made_is_counted(tmp_path: Path, store: str) -> None:
    lake = pipeline(tmp_path, one, two, three, store=store)
    run_id = lake.run().run_id
    with closing(sqlite3.connect(lake.environment.ledger_path)) as ledger, ledger:
        # as if it were killed at its end, and before it could write down one of its commits
        ledger.execute("UPDATE runs SET ended_at = NULL, status = 'running', made = 0, failed = 0")
        ledger.execute("UPDATE steps SET status = 'planned' WHERE asset = 'two'")
    lake.run(["bronze.one"])
    with Ledger.open(lake.environment.ledger_path) as told:
        killed = told.find_run(run_id)
    assert killed is not None
    assert (killed.status, killed.counts) == ("killed", RunCounts(made=2, failed=1))

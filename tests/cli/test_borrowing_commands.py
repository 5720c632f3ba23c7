"""What the commands say of datasets that others make, lend, or that are read in part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import polars as pl
import pytest

if TYPE_CHECKING:
    from command_line import Call

Write: TypeAlias = Callable[[Mapping[str, str]], Path]
CONFIG = """
[project]
modules = ["given_rates"]
[env.dev]
read_from = "prod"
sample = 0.5
[env.prod]
"""
MODULE = '''
import polars as pl

from flowforge_assets import Bronze, Col, Frame, Gold, Silver, asset, col, external, key


class Rates(Bronze):
    """What a euro costs."""

    currency: Col[str] = key()
    rate: Col[float] = col()


class Double(Silver):
    currency: Col[str] = key()
    rate: Col[float] = col()


class Total(Gold):
    total: Col[float] = col()


external(Rates, at="given/rates.parquet")


@asset
def double(rates: Frame[Rates]) -> Frame[Double]:
    return rates.with_columns(rate=Rates.rate * 2)


@asset
def total(double: Frame[Double]) -> Frame[Total]:
    return double.select(total=Double.rate.sum())
'''


@pytest.fixture
def rates(write_project: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = write_project({"flowforge.toml": CONFIG, "given_rates.py": MODULE})
    frame = pl.DataFrame({"currency": [f"c{n}" for n in range(100)], "rate": [1.0] * 100})
    frame.write_parquet(root / "given/rates.parquet", mkdir=True)
    monkeypatch.chdir(root)
    return root


def test_ls_lists_what_others_make(call: Call, rates: Path) -> None:
    (first, *_) = call("ls", "--json").data["datasets"]
    assert (first["key"], first["kind"], first["state"]) == ("bronze.rates", "external", "external")


def test_show_says_that_someone_else_makes_it_and_what_is_read(call: Call, rates: Path) -> None:
    lines = [line.split(maxsplit=2) for line in call("show", "rates").out.splitlines()]
    assert ["made", "by", "someone else"] in lines
    assert ["sample", "assets", "read 50% of it"] in lines
    assert ["rows", "100"] in lines


def test_lineage_ends_at_what_others_make(call: Call, rates: Path) -> None:
    assert "bronze.rates  external  given/rates.parquet" in call("lineage", "gold.total").out
    assert "bronze.rates.rate" in call("lineage", "gold.total.total").out


def test_what_others_make_has_no_why(call: Call, rates: Path) -> None:
    ran = call("why", "rates")
    assert (ran.code, "error[FF-815]" in ran.err) == (2, True)


def test_plan_and_run_say_what_is_borrowed_and_what_is_read_in_part(
    call: Call, rates: Path
) -> None:
    call("run", "-e", "prod")
    notes = [
        "`silver.double` from `prod`",
        "a sample of 50% is read of `silver.double`",
    ]
    assert call("plan", "-s", "total", "--json").data["notes"] == notes
    assert f"note: {notes[0]}\nnote: {notes[1]}\n" in call("plan", "-s", "total").err
    ran = call("run", "-s", "total", "--json")
    assert [event["message"] for event in ran.events if event["event"] == "note"] == notes


def test_why_tells_of_a_change_at_the_lender(call: Call, rates: Path) -> None:
    call("run", "-e", "prod")
    call("run", "-s", "total")
    assert "fresh" in call("why", "total").out
    pl.DataFrame({"currency": ["x"], "rate": [9.0]}).write_parquet(rates / "given/rates.parquet")
    call("run", "-e", "prod")
    assert "newer input: `silver.double` was made" in call("why", "total").out


def test_why_tells_of_a_change_outside(call: Call, rates: Path) -> None:
    call("run", "-e", "prod")
    pl.DataFrame({"currency": ["x"], "rate": [9.0]}).write_parquet(rates / "given/rates.parquet")
    said = call("why", "double", "-e", "prod").out
    assert "newer input: `bronze.rates` changed outside (`given/rates.parquet`)" in said


def test_a_borrowed_dataset_is_shown_from_where_it_is(call: Call, rates: Path) -> None:
    call("run", "-e", "prod")
    assert ".flowforge/prod/lake/silver/double" in call("show", "double", "--json").data["uri"]


GONE = "external `bronze.rates` is not there: `given/rates.parquet`"


@pytest.fixture
def gone(call: Call, rates: Path) -> Path:
    """The rates were there when all was made, and are not any more."""
    assert call("run", "-e", "prod").code == 0
    (rates / "given/rates.parquet").unlink()
    return rates


def test_plan_says_that_an_external_dataset_is_gone(call: Call, gone: Path) -> None:
    ran = call("plan", "-e", "prod")
    assert f"note: {GONE}" in ran.err
    assert "silver.double waits: `bronze.rates` is not there" in ran.out


def test_run_ends_with_1_for_an_external_dataset_that_is_gone(call: Call, gone: Path) -> None:
    ran = call("run", "-e", "prod")
    assert ran.code == 1
    assert f"error[FF-640]: {GONE}" in ran.err
    assert "flowforge run -s" not in ran.err


def test_why_says_what_is_gone(call: Call, gone: Path) -> None:
    ran = call("why", "double", "-e", "prod")
    assert (GONE in ran.err, "waits for `bronze.rates`" in ran.out) == (True, True)
    assert "nothing changed since" not in ran.out
    (fate,) = call("why", "double", "-e", "prod", "--json").data["partitions"]
    assert (fate["state"], fate["missing"]) == ("waiting", "bronze.rates")


def test_ls_shows_what_is_gone_and_what_waits_for_it(call: Call, gone: Path) -> None:
    states = {
        each["key"]: each["state"] for each in call("ls", "-e", "prod", "--json").data["datasets"]
    }
    assert (states["bronze.rates"], states["silver.double"]) == ("gone", "waiting")


def test_show_says_that_an_external_dataset_is_gone(call: Call, gone: Path) -> None:
    lines = [
        line.split(maxsplit=1) for line in call("show", "rates", "-e", "prod").out.splitlines()
    ]
    assert ["version", "not there"] in lines
    assert "bronze.rates (not there)" in call("show", "double", "-e", "prod").out


def test_what_is_gone_is_not_in_order(call: Call, gone: Path) -> None:
    ran = call("test", "--stored", "-e", "prod")
    assert (ran.code, f"error[FF-640]: {GONE}" in ran.err) == (1, True)


def test_what_others_make_is_held_against_its_rules(call: Call, rates: Path) -> None:
    frame = pl.DataFrame({"currency": ["chf", "chf"], "rate": [1.0, 2.0]})
    frame.write_parquet(rates / "given/rates.parquet")
    ran = call("test", "--stored", "-s", "double", "--json")
    (external, _) = ran.data["datasets"]
    assert ran.code == 1
    assert (external["dataset"], external["rows"], external["passed"]) == ("bronze.rates", 2, False)

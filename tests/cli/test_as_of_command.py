"""`show --version`, `show --at`, and `run --as-of`: what was, and what is made from it."""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl
import pytest
from deltalake import write_deltalake

from command_line import own_imports
from flowforge_assets import Artifact, Project
from flowforge_assets.cli.main import main
from flowforge_assets.errors.past import NoPastError
from flowforge_assets.errors.project import UsageError
from flowforge_assets.errors.storage import NoVersionError
from flowforge_assets.plan.as_of import read_time

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import Call

STEPS = """\
from pathlib import Path

import polars as pl

from flowforge_assets import Artifact, Bronze, Col, File, Frame, Gold, Rows, Silver, asset
from flowforge_assets import col, external, key


class Numbers(Bronze):
    n: Col[int] = key()


class Doubled(Silver):
    n: Col[int] = key()


class Seen(Silver):
    n: Col[int] = key()


class Totals(Gold):
    total: Col[int] = col()


class Report(Artifact, suffix=".txt"): ...


class Rates(Silver):
    rate: Col[int] = col()


rates = external(Rates, at="rates")


@asset
def numbers() -> Frame[Numbers]:
    return pl.LazyFrame({"n": [int(x) for x in Path("numbers.txt").read_text().split()]})


@asset
def doubled(numbers: Frame[Numbers]) -> Frame[Doubled]:
    return numbers.select(n=Numbers.n * 2)


@asset(write="view")
def seen(numbers: Frame[Numbers]) -> Frame[Seen]:
    return numbers.select(n=Numbers.n + 100)


@asset
def totals(doubled: Frame[Doubled], seen: Frame[Seen]) -> Frame[Totals]:
    both = pl.concat([doubled, seen])
    return both.select(total=pl.col("n").sum())


@asset
def report(doubled: Frame[Doubled], out: Path) -> File[Report]:
    file = out / "report.txt"
    file.write_text(str(doubled.collect().height))
    return file
"""


USES_RATES = """

class Priced(Gold):
    rate: Col[int] = col()


@asset
def priced(rates: Frame[Rates]) -> Frame[Priced]:
    return rates
"""


def laid(folder: Path, name: str = "past_project", more: str = "") -> Path:
    folder.mkdir()
    (folder / "flowforge.toml").write_text(f'[project]\nmodules = ["{name}"]\n')
    (folder / f"{name}.py").write_text(STEPS + more)
    return folder


@pytest.fixture
def steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that reads rates of others and never ran; we are in it."""
    folder = laid(tmp_path / "steps", "rates_project", USES_RATES)
    monkeypatch.chdir(folder)
    return folder


def ran_with(call: Call, folder: Path, numbers: str) -> None:
    (folder / "numbers.txt").write_text(numbers)
    assert call("run", "-q", "-s", "numbers", "--force").code == 0
    assert call("run", "-q", "-s", "not report").code == 0


@pytest.fixture(scope="module")
def _made_three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = laid(tmp_path_factory.mktemp("made") / "steps")
    with own_imports(folder), pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for numbers in ("1", "1 2", "1 2 3"):
            (folder / "numbers.txt").write_text(numbers)
            assert main(["run", "-q", "-s", "numbers", "--force"]) == 0
            assert main(["run", "-q", "-s", "not report"]) == 0
    return folder


@pytest.fixture
def three(_made_three: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that ran three times, with other numbers each time; we are in it."""
    folder = tmp_path / "steps"
    shutil.copytree(_made_three, folder)
    monkeypatch.chdir(folder)
    return folder


def column(name: str, *, version: int | None = None, at: datetime | None = None) -> list[int]:
    frame = Project.load(".").read(name, version=version, at=at)
    return sorted(frame.to_series().to_list())


def moments(key: str) -> list[datetime]:
    """When each version of a table came."""
    project = Project.load(".")
    return [each.at for each in project.table(project.dataset(key)).versions()]


@pytest.mark.usefixtures("three")
def test_rows_are_read_as_they_were_at_a_version_or_a_time() -> None:
    assert column("bronze.numbers", version=0) == [1]
    first, second, _ = moments("bronze.numbers")
    assert column("bronze.numbers", at=first) == [1]
    assert column("bronze.numbers", at=second) == [1, 2]
    with pytest.raises(NoVersionError):
        column("bronze.numbers", at=datetime(2000, 1, 1, tzinfo=UTC))


@pytest.mark.usefixtures("three")
def test_show_says_what_was(call: Call) -> None:
    shown = call("show", "numbers", "--version", "1", "--json")
    assert shown.code == 0
    assert (shown.data["version"], shown.data["rows"]) == (1, 2)
    at = moments("bronze.numbers")[0].isoformat()
    assert call("show", "numbers", "--at", at, "--json").data["rows"] == 1
    assert call("show", "numbers", "--json").data["rows"] == 3


@pytest.mark.usefixtures("three")
def test_version_and_time_are_not_both_said(call: Call) -> None:
    both = call("show", "numbers", "--version", "1", "--at", "2026-01-01")
    assert (both.code, "FF-809" in both.err) == (2, True)
    assert "FF-809" in call("show", "numbers", "--at", "noon").err
    assert "FF-603" in call("show", "numbers", "--version", "9").err


@pytest.mark.usefixtures("three")
def test_a_view_has_no_past_of_its_own(call: Call) -> None:
    assert "FF-670" in call("show", "seen", "--version", "0").err


@pytest.mark.usefixtures("three")
def test_a_run_reads_inputs_as_they_were(call: Call) -> None:
    second = moments("bronze.numbers")[1].isoformat()
    ran = call("run", "-s", "doubled", "--as-of", second)
    assert ran.code == 0, ran.err
    assert "version 1 of" in ran.err
    assert column("silver.doubled") == [2, 4]
    assert column("bronze.numbers") == [1, 2, 3]


@pytest.mark.usefixtures("three")
def test_a_plan_says_that_inputs_are_newer_than_what_was_read(call: Call) -> None:
    assert call("run", "-q", "-s", "doubled", "--as-of", "numbers@0").code == 0
    assert column("silver.doubled") == [2]
    steps = {step["asset"]: step["reason"] for step in call("plan", "--json").data["steps"]}
    assert steps["doubled"] == "input newer"
    assert call("run", "-q", "-s", "not report").code == 0
    assert column("silver.doubled") == [2, 4, 6]


@pytest.mark.usefixtures("three")
def test_what_the_run_makes_is_read_as_it_makes_it_and_views_as_their_inputs_were(
    call: Call,
) -> None:
    assert call("run", "-q", "-s", "doubled or totals", "--as-of", "numbers@0").code == 0
    assert column("gold.totals") == [2 + 101]


@pytest.mark.usefixtures("three")
def test_sources_are_not_made_by_a_run_over_the_past(call: Call, three: Path) -> None:
    (three / "numbers.txt").write_text("9")
    assert call("run", "-q", "-s", "+doubled", "--as-of", "numbers@1").code == 0
    assert column("bronze.numbers") == [1, 2, 3]
    assert column("silver.doubled") == [2, 4]


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("-s", "numbers", "--as-of", "numbers@0"), "FF-809"),
        (("-s", "doubled", "--as-of", "totals@0"), "FF-809"),
        (("--as-of", "numbers@0"), "FF-809"),
        (("-s", "doubled", "--as-of", "2026-01-01", "--as-of", "2026-01-02"), "FF-809"),
        (("-s", "doubled", "--as-of", "numbersx@0"), "FF-807"),
        (("-s", "doubled", "--as-of", "numbers@9"), "FF-603"),
        (("-s", "doubled", "--as-of", "2000-01-01"), "FF-603"),
        (("--resume", "x", "--as-of", "2000-01-01"), "FF-809"),
    ],
)
def test_what_cannot_be_is_refused(call: Call, argv: tuple[str, ...], code: str) -> None:
    ran = call("run", *argv)
    assert ran.code != 0
    assert code in ran.err


@pytest.mark.usefixtures("three")
def test_files_are_told_as_they_were(call: Call, three: Path) -> None:
    assert call("run", "-q", "-s", "report").code == 0
    ran_with(call, three, "1 2 3 4")
    assert call("run", "-q", "-s", "report").code == 0
    old = call("show", "report", "--version", "0", "--json").data
    new = call("show", "report", "--json").data
    assert (old["version"], new["version"]) == (0, 1)
    assert old["files"][0]["sha256"] != new["files"][0]["sha256"]
    project = Project.load(".")
    report: type[Artifact] = sys.modules["past_project"].Report
    assert project.read(report, version=0).read_text() == "3"
    assert project.read(report).read_text() == "4"


@pytest.mark.usefixtures("steps")
def test_tables_of_others_are_read_as_they_were_where_they_keep_that(call: Call) -> None:
    for rate in (7, 8):
        write_deltalake("rates", pl.DataFrame({"rate": [rate]}), mode="overwrite")
    assert call("run", "-q", "-s", "priced").code == 0
    assert column("gold.priced") == [8]
    ran = call("run", "-q", "-s", "priced", "--as-of", "rates@0")
    assert ran.code == 0, ran.err
    assert column("gold.priced") == [7]
    assert column("silver.rates", version=0) == [7]
    assert [s["reason"] for s in call("plan", "-s", "priced", "--json").data["steps"]] == [
        "input newer"
    ]


def test_files_of_others_have_no_past(steps: Path, call: Call) -> None:
    (steps / "rates").mkdir()
    pl.DataFrame({"rate": [7]}).write_parquet("rates/a.parquet")
    assert "FF-670" in call("run", "-s", "priced", "--as-of", "2026-01-01").err
    with pytest.raises(NoPastError):
        column("silver.rates", version=0)


def test_a_time_is_read_with_an_offset_or_in_utc() -> None:
    assert read_time("2026-01-31") == datetime(2026, 1, 31, tzinfo=UTC)
    assert read_time("2026-01-31T12:00+02:00") == datetime(2026, 1, 31, 10, tzinfo=UTC)
    with pytest.raises(UsageError):
        read_time("yesterday")

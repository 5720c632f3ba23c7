"""`maintain` and `restore` on a project: the plan, the rows, the ledger and who is stale."""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from command_line import own_imports
from flowforge_assets import Project
from flowforge_assets.cli.main import main
from flowforge_assets.errors.past import NotRestorableError, UnconfirmedRestoreError
from flowforge_assets.execute.maintain import upkeep
from flowforge_assets.project.keeping import Keeping

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import Call

NAME = "upkept_project"
STEPS = """\
from datetime import date
from pathlib import Path

import polars as pl

from flowforge_assets import Artifact, Bronze, Changes, Col, Daily, File, Frame, Gold, Silver
from flowforge_assets import asset, col, key

DAY = Daily(start="2026-01-01", end="2026-01-04")


class Visits(Bronze, partition=DAY.on("day")):
    visit: Col[int] = key()
    day: Col[date] = col()


class Added(Silver):
    visit: Col[int] = col()
    day: Col[date] = col()


class Latest(Silver):
    visit: Col[int] = key()
    day: Col[date] = col()


class States(Silver):
    visit: Col[int] = key()
    day: Col[date] = col()
    since: Col[date] = col(valid_from=True)
    until: Col[date | None] = col(valid_to=True)


class Counts(Gold):
    day: Col[date] = key()
    visits: Col[int] = col()


class Seen(Gold):
    visits: Col[int] = col()


class Report(Artifact, suffix=".txt"): ...


@asset
def visits(day: date) -> Frame[Visits]:
    count = int(Path("count.txt").read_text())
    return pl.LazyFrame({"visit": range(count)}).select(
        visit=pl.col("visit") + day.day * 100, day=pl.lit(day)
    )


@asset(write="append", per=DAY.on("day"))
def added(day: date, visits: Frame[Visits]) -> Frame[Added]:
    return visits


@asset(write="merge", per=DAY.on("day"))
def latest(day: date, visits: Frame[Visits]) -> Frame[Latest]:
    return visits


@asset(write="scd2", per=DAY.on("day"))
def states(day: date, visits: Frame[Visits]) -> Frame[States]:
    return visits


@asset
def counts(visits: Frame[Visits]) -> Frame[Counts]:
    return visits.group_by("day").agg(visits=pl.len().cast(pl.Int64))


@asset(write="view")
def seen(counts: Frame[Counts]) -> Frame[Seen]:
    return counts.select(Counts.visits.sum())


@asset
def report(counts: Frame[Counts], out: Path) -> File[Report]:
    file = out / "report.txt"
    file.write_text(str(counts.collect()["visits"].sum()))
    return file
"""


@pytest.fixture(scope="module", params=["delta", "parquet"])
def _made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of all ways of writing that ran twice, day by day, with other numbers."""
    folder = tmp_path_factory.mktemp("made") / "upkept"
    folder.mkdir()
    text = f'[project]\nmodules = ["{NAME}"]\n[env.dev]\nformat = "{request.param}"\n'
    (folder / "flowforge.toml").write_text(text)
    (folder / f"{NAME}.py").write_text(STEPS)
    with own_imports(folder), pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for count in ("2", "3"):
            (folder / "count.txt").write_text(count)
            for day in (1, 2, 3, 4):
                argv = ["-p", f"2026-01-0{day}", "-s", "visits"]
                assert main(["run", "-q", "--force", *argv]) == 0
            assert main(["run", "-q"]) == 0
    return folder


@pytest.fixture
def upkept(_made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of such a project; we are in it."""
    folder = tmp_path / "upkept"
    shutil.copytree(_made, folder)
    monkeypatch.chdir(folder)
    return folder


def rows() -> dict[str, list[tuple[object, ...]]]:
    project = Project.load(".")
    return {
        key: sorted(project.read(key).rows(), key=repr)
        for key, dataset in project.graph.datasets.items()
        if dataset.kind == "table"
    }


def planned(call: Call) -> str:
    ran = call("plan", "--json")
    assert ran.code == 0, ran.err
    return ran.out


def keeping_nothing(call: Call, *more: str) -> dict[str, dict[str, object]]:
    ran = call("maintain", "--older-than", "0d", "--log-older-than", "0d", "--json", *more)
    assert ran.code == 0, ran.err
    return {each["table"]: each for each in ran.data["tables"]}


@pytest.mark.usefixtures("upkept")
def test_plan_rows_and_history_are_as_they_were_after_maintenance(call: Call) -> None:
    before, held = planned(call), rows()
    done = keeping_nothing(call)
    assert {"bronze.visits", "silver.added", "gold.seen", "gold.report"} <= set(done)
    assert planned(call) == before
    assert rows() == held


def test_a_ledger_made_again_after_maintenance_gives_the_same_plan(
    upkept: Path, call: Call
) -> None:
    (upkept / "count.txt").write_text("4")
    assert call("run", "-q", "--force", "-s", "visits", "-p", "2026-01-02").code == 0
    before = planned(call)
    assert "input newer" in before
    keeping_nothing(call)
    shutil.rmtree(upkept / ".flowforge/dev/cache", ignore_errors=True)
    for path in (upkept / ".flowforge/dev").glob("ledger.db*"):
        path.unlink()
    assert call("ledger", "rebuild").code == 0
    assert planned(call) == before
    assert call("run", "-q").code == 0
    keeping_nothing(call)
    assert call("ledger", "rebuild").code == 0
    assert '"steps": []' in planned(call)


@pytest.mark.usefixtures("upkept")
def test_a_second_maintenance_has_nothing_to_do(call: Call) -> None:
    assert call("maintain").code == 0
    assert call("maintain").out.startswith("maintained: 0 tables, 0 B freed")
    keeping_nothing(call)
    keeping_nothing(call)  # what the first one has put together was read until then
    assert not any(each["vacuumed"] for each in keeping_nothing(call).values())


def test_a_dry_run_changes_nothing(upkept: Path, call: Call) -> None:
    lake = upkept / ".flowforge/dev/lake"
    before = sorted(lake.rglob("*"))
    dry = keeping_nothing(call, "--dry-run")
    assert sorted(lake.rglob("*")) == before
    assert any(each["vacuumed"] for each in dry.values())
    assert "would be maintained" in call("maintain", "--older-than", "0d", "--dry-run").out


@pytest.mark.usefixtures("upkept")
def test_only_the_selected_are_maintained(call: Call) -> None:
    assert set(keeping_nothing(call, "-s", "counts")) == {"gold.counts"}


def test_a_table_that_cannot_be_read_does_not_keep_others_from_it(upkept: Path, call: Call) -> None:
    folder = upkept / ".flowforge/dev/lake/gold/counts"
    for path in [*folder.glob("_delta_log/*.json"), *folder.glob("_flowforge/*.json")]:
        path.write_text("{")
    ran = call("maintain", "--json")
    assert ran.code == 1
    failed = {each["table"] for each in ran.data["tables"] if each["failed"]}
    assert failed == {"gold.counts"}
    assert ran.answer["errors"][0]["code"] == "FF-607"


def test_versions_that_unfinished_runs_may_need_are_kept() -> None:
    now = datetime(2026, 1, 10, tzinfo=UTC)
    began = datetime(2026, 1, 2, tzinfo=UTC)
    one_day = Keeping(timedelta(days=1), timedelta(days=1))
    assert upkeep(one_day, now, runs_since=None).keep_since.day == 9
    assert upkeep(one_day, now, runs_since=began).keep_since == began
    assert upkeep(Keeping(), now, runs_since=None).log_since.day == 11


@pytest.mark.usefixtures("upkept")
@pytest.mark.parametrize("text", ["7", "d", "7 days", "1y", ""])
def test_ages_that_cannot_be_read_are_refused(call: Call, text: str) -> None:
    assert "FF-809" in call("maintain", "--older-than", text).err


def test_the_project_file_says_how_long_versions_are_kept(upkept: Path, call: Call) -> None:
    with (upkept / "flowforge.toml").open("a") as file:
        file.write('[env.dev.maintain]\nolder_than = "0d"\ntarget_mb = 1\n')
    assert any(each["vacuumed"] for each in call("maintain", "--json").data["tables"])
    with (upkept / "flowforge.toml").open("a") as file:
        file.write('log_older_than = "soon"\nolder = "7d"\n')
    ran = call("maintain")
    assert ran.code == 2
    assert {"FF-805", "FF-803"} <= {each for each in ("FF-805", "FF-803") if each in ran.err}


@pytest.mark.usefixtures("upkept")
def test_a_restored_table_has_the_rows_of_then_and_its_readers_are_stale(call: Call) -> None:
    old = Project.load(".").read("gold.counts", version=0).sort("day").rows()
    ran = call("restore", "counts", "--version", "0", "-y")
    assert ran.code == 0, ran.err
    assert "restored gold.counts to version 0" in ran.out
    assert "`report`" in ran.err
    assert Project.load(".").read("gold.counts").sort("day").rows() == old
    steps = {step["asset"]: step["detail"] for step in call("plan", "--json").data["steps"]}
    assert "bronze.visits" in steps["counts"]
    assert "report" in steps
    assert call("history", "counts", "--json").data["steps"][0]["reason"] == "restored"


@pytest.mark.usefixtures("upkept")
def test_the_ledger_says_of_a_restored_table_what_the_table_says(call: Call) -> None:
    assert call("restore", "visits", "--version", "3", "-y").code == 0
    before = planned(call)
    assert call("ledger", "rebuild").code == 0
    assert planned(call) == before
    assert call("run", "-q").code == 0
    assert '"steps": []' in planned(call)


@pytest.mark.usefixtures("upkept")
def test_partitions_that_came_later_are_never_made_after_a_restore(call: Call) -> None:
    assert call("restore", "visits", "--version", "1", "-y").code == 0
    steps = call("plan", "-s", "visits", "--json").data["steps"]
    assert [(each["partitions"], each["reason"]) for each in steps] == [
        ("2026-01-03..2026-01-04", "never made")
    ]


@pytest.mark.usefixtures("upkept")
def test_what_was_put_together_is_adopted_as_it_was_recorded(call: Call) -> None:
    keeping_nothing(call)
    assert call("adopt", "added").code == 0
    assert '"steps": []' in planned(call)
    project = Project.load(".")
    adopted = project.table(project.dataset("added")).made()[-1]
    assert (adopted.restart, bool(adopted.changed)) == (False, False)


@pytest.mark.usefixtures("upkept")
def test_files_are_restored(call: Call) -> None:
    assert call("restore", "report", "--version", "0", "-y").code == 0
    project = Project.load(".")
    report = sys.modules[NAME].Report
    assert project.read(report) == project.read(report, version=0)


@pytest.mark.usefixtures("upkept")
def test_a_restore_is_agreed_to(call: Call) -> None:
    ran = call("restore", "counts", "--version", "0")
    assert (ran.code, UnconfirmedRestoreError.code in ran.err) == (2, True)
    assert "FF-809" in call("restore", "counts", "-y").err
    assert "FF-603" in call("restore", "counts", "--version", "99", "-y").err
    view = call("restore", "seen", "--version", "0", "-y")
    assert NotRestorableError.code in view.err


@pytest.mark.usefixtures("upkept")
def test_what_is_at_a_version_is_not_restored_to_it(call: Call) -> None:
    ran = call("restore", "report", "--at", "2100-01-01", "-y")
    assert (ran.code, "there is nothing to restore" in ran.err) == (1, True)


def test_a_damaged_table_is_healed_by_making_it_again_and_by_no_restore(
    upkept: Path, call: Call
) -> None:
    held = sorted(Project.load(".").read("gold.counts").rows())
    for path in (upkept / ".flowforge/dev/lake/gold/counts").rglob("part-*"):
        path.unlink()
    assert "FF-608" in call("show", "counts").err
    assert "FF-608" in call("restore", "counts", "--version", "0", "-y").err
    assert call("run", "-q", "-s", "counts", "--force").code == 0
    assert sorted(Project.load(".").read("gold.counts").rows()) == held


def test_what_was_never_made_is_not_restored(tmp_path: Path, call: Call) -> None:
    (tmp_path / "flowforge.toml").write_text(f'[project]\nmodules = ["{NAME}"]\n')
    (tmp_path / f"{NAME}.py").write_text(STEPS)
    assert "FF-602" in call("restore", "counts", "--version", "0", "-C", str(tmp_path)).err

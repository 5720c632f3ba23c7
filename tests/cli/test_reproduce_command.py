"""`reproduce KEY@VERSION`: what was made comes out again, or it is said how it differs."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import polars as pl
import pytest

from command_line import own_imports
from flowforge_assets import Bronze, Col, Project, col, key
from flowforge_assets.cli.main import main
from flowforge_assets.declare.describe import describe
from flowforge_assets.errors.past import NotReproducibleError
from flowforge_assets.execute.as_of import own_log
from flowforge_assets.execute.row_bags import bag_difference

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from command_line import Call, Ran

NAME = "reproduced_project"
STEPS = """\
from datetime import date
from pathlib import Path
from typing import Annotated

import polars as pl

from flowforge_assets import Artifact, Before, Bronze, Changes, Col, Daily, File, Frame, Gold
from flowforge_assets import Lag, Silver, asset, col, key

DAY = Daily(start="2026-01-01", end="2026-01-03")


class Visits(Bronze, partition=DAY.on("day")):
    visit: Col[int] = key()
    day: Col[date] = col()


class Added(Silver):
    visit: Col[int] = col()
    day: Col[date] = col()


class Latest(Silver):
    visit: Col[int] = key()
    day: Col[date] = col()


class New(Silver):
    visit: Col[int] = key()


class States(Silver):
    visit: Col[int] = key()
    day: Col[date] = col()
    since: Col[date] = col(valid_from=True)
    until: Col[date | None] = col(valid_to=True)


class Running(Silver, partition=DAY.on("day")):
    day: Col[date] = key()
    visits: Col[int] = col()


class Counts(Gold):
    day: Col[date] = key()
    visits: Col[int] = col()


class Seen(Silver):
    visits: Col[int] = col()


class Most(Gold):
    visits: Col[int] = col()


class Taken(Gold):
    visit: Col[int] = key()


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


@asset(write="insert")
def new(visits: Frame[Visits]) -> Frame[New]:
    return visits.select("visit")


@asset(write="scd2", per=DAY.on("day"))
def states(day: date, visits: Frame[Visits]) -> Frame[States]:
    return visits


@asset
def running(
    day: date, visits: Frame[Visits], before: Annotated[Frame[Running], Lag(1)] | None
) -> Frame[Running]:
    mine = visits.select(pl.len().cast(pl.Int64))
    parts = [mine.rename({"len": "visits"})]
    if before is not None:
        parts.append(before.select("visits"))
    return pl.concat(parts).sum().select(day=pl.lit(day), visits="visits")


@asset
def counts(visits: Frame[Visits]) -> Frame[Counts]:
    return visits.group_by("day").agg(visits=pl.len().cast(pl.Int64))


@asset(write="view")
def seen(counts: Frame[Counts]) -> Frame[Seen]:
    return counts.select(Counts.visits.sum())


@asset
def most(seen: Frame[Seen], before: Before[Most]) -> Frame[Most]:
    return pl.concat([seen, before]).max()


@asset(write="merge")
def taken(visits: Changes[Visits]) -> Frame[Taken]:
    return visits.select("visit")


@asset
def report(counts: Frame[Counts], out: Path) -> File[Report]:
    file = out / "report.txt"
    file.write_text(str(counts.collect()["visits"].sum()))
    return file
"""


@pytest.fixture(scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of all ways of writing that ran three times, with other numbers."""
    folder = tmp_path_factory.mktemp("made") / "reproduced"
    folder.mkdir()
    (folder / "flowforge.toml").write_text(f'[project]\nmodules = ["{NAME}"]\n')
    (folder / f"{NAME}.py").write_text(STEPS)
    with own_imports(folder), pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for count in ("2", "4", "3"):
            (folder / "count.txt").write_text(count)
            assert main(["run", "-q", "--force", "-s", "visits"]) == 0
            assert main(["run", "-q"]) == 0
    return folder


@pytest.fixture
def folder(_made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of such a project; we are in it."""
    folder = tmp_path / "reproduced"
    shutil.copytree(_made, folder)
    monkeypatch.chdir(folder)
    return folder


def again(call: Call, what: str, *more: str) -> Ran:
    return call("reproduce", what, "--json", *more)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "name",
    ["added", "latest", "new", "states", "running", "counts", "most", "taken", "report"],
)
def test_each_way_of_writing_gives_the_same_again(call: Call, name: str) -> None:
    project = Project.load(".")
    log = own_log(lambda: project.store, project.dataset(name))
    for version in log.versions():
        ran = again(call, f"{name}@{version.version}")
        assert ran.code == 0, (version, ran.out, ran.err)
        assert ran.data["equal"]


def test_nothing_is_written_by_it(folder: Path, call: Call) -> None:
    lake = folder / ".flowforge/dev"
    before = sorted(
        (path, path.stat().st_size) for path in lake.rglob("*") if "cache" not in str(path)
    )
    assert again(call, "counts@1").code == 0
    after = sorted(
        (path, path.stat().st_size) for path in lake.rglob("*") if "cache" not in str(path)
    )
    assert [path for path, _ in after] == [path for path, _ in before]
    assert call("plan", "--json").data["steps"] == []


@pytest.mark.usefixtures("folder")
def test_some_partitions_can_be_made_again(call: Call) -> None:
    ran = again(call, "running@0", "-p", "2026-01-01")
    assert (ran.code, ran.data["partitions"], ran.data["rows"]) == (0, "2026-01-01", 1)
    assert "FF-672" in call("reproduce", "running@0", "-p", "2026-01-03").err


@pytest.mark.usefixtures("folder")
def test_a_source_is_made_again_from_what_is_there_now(call: Call) -> None:
    same = call("reproduce", "visits@2")
    assert same.code == 0, same.err
    assert "nothing keeps what was" in same.err
    other = again(call, "visits@1")
    assert other.code == 1
    assert (other.data["missing"], other.data["extra"]) == (3, 0)
    assert other.data["examples"] == ["visit=103", "visit=203", "visit=303"]


def test_other_code_is_told_and_run(
    folder: Path, call: Call, edit: Callable[[Path, str, str], None]
) -> None:
    edit(folder / f"{NAME}.py", "agg(visits=pl.len().cast", "agg(visits=(pl.len() * 2).cast")
    ran = call("reproduce", "counts@0")
    assert ran.code == 1
    assert "code of `counts` are others now" in ran.err
    assert "differs gold.counts@0" in ran.out
    assert "3 of 3 rows lack, 3 are new" in ran.out


@pytest.mark.usefixtures("folder")
def test_what_hinders_it_is_said(call: Call) -> None:
    assert "FF-603" in call("reproduce", "counts@99").err
    assert "FF-809" in call("reproduce", "counts").err
    assert NotReproducibleError.code in call("reproduce", "seen@0").err
    assert "made again as a whole" in call("reproduce", "added@0", "-p", "2026-01-01").err
    assert call("restore", "counts", "--version", "0", "-y").code == 0
    assert "was made by no step" in call("reproduce", "counts@3").err


@pytest.mark.usefixtures("folder")
def test_a_version_whose_inputs_were_vacuumed_is_not_made_again(call: Call) -> None:
    assert call("maintain", "-s", "visits", "--older-than", "0d").code == 0
    assert call("maintain", "-s", "visits", "--older-than", "0d").code == 0
    ran = call("reproduce", "counts@0")
    assert ran.code == 1
    assert "`bronze.visits` is no longer kept as it was read" in ran.err


def test_what_a_reader_of_changes_has_not_seen_yet_is_not_vacuumed(
    folder: Path, call: Call
) -> None:
    project = Project.load(".")
    seen = project.history().lookup(project.dataset("taken").key)[0].inputs
    (version,) = (each.version for each in seen.values())
    (folder / "count.txt").write_text("5")
    assert call("run", "-q", "--force", "-s", "visits").code == 0
    for _ in range(2):
        assert call("maintain", "-s", "visits", "--older-than", "0d").code == 0
    assert Project.load(".").read("bronze.visits", version=version).height == 9
    assert call("run", "-q", "-s", "taken").code == 0
    assert Project.load(".").read("gold.taken").height == 15


def test_an_input_that_was_made_anew_is_not_the_one_that_was_read(folder: Path, call: Call) -> None:
    shutil.rmtree(folder / ".flowforge/dev/lake/bronze/visits")
    assert call("run", "-q", "-s", "visits").code == 0
    assert "was made anew since" in call("reproduce", "counts@0").err


class Priced(Bronze):
    number: Col[int] = key()
    price: Col[float] = col()
    name: Col[str] = col(tags=["pii"])


class Named(Bronze):
    name: Col[str] = key(tags=["pii"])


def priced(*prices: float) -> pl.LazyFrame:
    rows = {"number": range(len(prices)), "price": prices, "name": ["x"] * len(prices)}
    return pl.LazyFrame(rows, schema={"number": pl.Int64, "price": pl.Float64, "name": pl.String})


def test_rows_are_compared_as_bags_and_last_digits_forgiven() -> None:
    dataset = describe(Priced)
    same = bag_difference(priced(1.5, 2.5), priced(1.5, 2.5), dataset, without_stamps=False)
    assert (same.is_none, same.is_rounded, same.rows) == (True, False, 2)
    near = bag_difference(priced(0.1 + 0.2, 2.5), priced(0.3, 2.5), dataset, without_stamps=False)
    assert (near.is_none, near.is_rounded) == (True, True)
    far = bag_difference(priced(1.5, 2.5), priced(1.5, 2.6), dataset, without_stamps=False)
    assert (far.missing, far.extra, far.examples) == (1, 1, ("number=1",))
    twice = pl.concat([priced(1.5), priced(1.5)])
    assert bag_difference(twice, priced(1.5), dataset, without_stamps=False).missing == 1


def test_keys_that_are_private_are_not_shown() -> None:
    one, two = (pl.LazyFrame({"name": [name]}) for name in ("Ann", "Bob"))
    found = bag_difference(one, two, describe(Named), without_stamps=False)
    assert (found.missing, found.extra, found.examples) == (1, 1, ())

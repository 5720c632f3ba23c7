"""Files that steps read and make."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import pytest

from flowforge_assets import (
    All,
    Artifact,
    Bronze,
    Col,
    Daily,
    File,
    Frame,
    Gold,
    Has,
    Hourly,
    Lag,
    Latest,
    Partitions,
    Table,
    Window,
    asset,
    col,
)
from flowforge_assets.core.partition import WHOLE
from flowforge_assets.declare.describe import key_of
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.run import InputMissingError, ManyFilesError, ReturnedFileError
from flowforge_assets.errors.storage import DamagedFileError
from flowforge_assets.execute.spec import spec_of
from flowforge_assets.plan.fit import misfits
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.storage.store import Artifacts
from pipelines import Pipeline, graph_of, pipeline, reasons

DAY = Daily(start="2026-01-01", end="2026-01-03")
STORES = pytest.mark.parametrize("store", ["memory", "delta", "parquet"])
SAID: dict[str, Any] = {}
FOLDERS: list[Path] = []


class Points(Bronze):
    x: Col[int] = col()


class Mean(Artifact, suffix=".txt"): ...


class Page(Artifact, suffix=".html"): ...


class Summary(Gold):
    rows: Col[int] = col()


class Above(Gold):
    x: Col[int] = col()


@asset
def points() -> Table[Points]:
    return pl.DataFrame({"x": SAID.get("points", [1, 2, 6])})


@asset
def train(points: Table[Points], out: Path) -> tuple[File[Mean], Frame[Summary], File[Page]]:
    assert list(out.iterdir()) == []
    FOLDERS.append(out)
    mean, page = out / "mean.txt", out / "page.html"
    mean.write_text(str(points["x"].mean()), encoding="utf-8")
    page.write_text(SAID.get("page", "<p>"), encoding="utf-8")
    return mean, pl.LazyFrame({"rows": [points.height]}), page


@asset
def above(mean: File[Mean], points: Frame[Points]) -> Frame[Above]:
    return points.filter(Points.x > float(mean.read_text(encoding="utf-8")))


class Counted(Artifact, suffix=".txt", partition=DAY.on("day")): ...


class Newest(Gold):
    n: Col[int] = col()


class Daily2(Gold, partition=DAY.on("day")):
    n: Col[int] = col()
    day: Col[date] = col()


@asset
def counted(day: date, before: Annotated[File[Counted], Lag(1)] | None, out: Path) -> File[Counted]:
    count = 0 if before is None else int(before.read_text(encoding="utf-8"))
    (out / "n.txt").write_text(str(count + SAID.get(str(day), 1)), encoding="utf-8")
    return out / "n.txt"


@asset
def newest(last: Annotated[File[Counted], Latest()]) -> Frame[Newest]:
    return pl.LazyFrame({"n": [int(last.read_text(encoding="utf-8"))]})


@asset
def daily(day: date, mine: File[Counted]) -> Frame[Daily2]:
    return pl.LazyFrame({"n": [int(mine.read_text(encoding="utf-8"))], "day": [day]})


class Returned(Artifact, suffix=".bin"): ...


@asset
def returns(out: Path) -> File[Returned]:
    (out / "here.bin").write_bytes(b"here")
    (out / "here.txt").write_bytes(b"here")
    (out / "folder.bin").mkdir()
    found: Path = SAID["returned"](out)
    return found


@asset
def returns_two(points: Table[Points], out: Path) -> tuple[File[Returned], File[Page]]:
    (out / "here.bin").write_bytes(b"here")
    return out / "here.bin", out / "nowhere.html"


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    SAID.clear()
    FOLDERS.clear()


def artifacts(of: Pipeline, cls: type[Artifact]) -> Artifacts:
    return of.store.artifact(spec_of(of.graph.datasets[key_of(cls)]))


def text(of: Pipeline, cls: type[Artifact]) -> str:
    return artifacts(of, cls).file(WHOLE).path.read_text(encoding="utf-8")


def left_over(of: Pipeline, cls: type[Artifact]) -> list[str]:
    """The files that no version points to."""
    folder = Path(artifacts(of, cls).uri.removeprefix("file://"))
    named = {file.path.name for file in artifacts(of, cls).files().values()}
    return sorted(
        path.name for path in folder.iterdir() if path.is_file() and path.name not in named
    )


@STORES
def test_a_call_makes_files_beside_a_table_and_another_reads_them(
    tmp_path: Path, store: str
) -> None:
    lake = pipeline(tmp_path, points, train, above, store=store)
    assert lake.run().errors == ()
    assert (text(lake, Mean), text(lake, Page)) == ("3.0", "<p>")
    assert lake.rows(Summary) == [(3,)]
    assert lake.rows(Above) == [(6,)]
    assert lake.plan().steps == ()


def test_a_call_gets_a_fresh_folder_which_is_gone_afterwards(tmp_path: Path) -> None:
    lake = pipeline(tmp_path, points, train)
    lake.run()
    lake.run(["gold.mean"], force=True)
    assert len(set(FOLDERS)) == 2
    assert not any(folder.exists() for folder in FOLDERS)


@STORES
def test_a_file_that_is_as_it_was_stops_the_wave(tmp_path: Path, store: str) -> None:
    lake = pipeline(tmp_path, points, train, above, store=store)
    lake.run()
    SAID["page"] = "<b>"
    lake.codes["gold.mean"] = "2"
    lake.run()
    assert lake.ended() == {("train", None): "made", ("above", None): "fresh"}
    assert text(lake, Page) == "<b>"
    assert artifacts(lake, Mean).file(WHOLE).version == 0
    assert lake.plan().steps == ()


@STORES
def test_another_file_makes_its_readers_anew(tmp_path: Path, store: str) -> None:
    lake = pipeline(tmp_path, points, train, above, store=store)
    lake.run()
    SAID["points"] = [1, 2, 6, 7]
    lake.run(force=True)
    assert lake.rows(Above) == [(6,), (7,)]
    read = lake.table(Above).made()[-1].inputs
    assert read[key_of(Mean)] == artifacts(lake, Mean).version()


@STORES
def test_each_partition_has_a_file_of_its_own(tmp_path: Path, store: str) -> None:
    lake = pipeline(tmp_path, counted, newest, daily, store=store)
    assert lake.run().errors == ()
    assert list(artifacts(lake, Counted).files()) == ["2026-01-01", "2026-01-02", "2026-01-03"]
    assert lake.rows(Newest) == [(3,)]
    assert lake.rows(Daily2, "n") == [1, 2, 3]


def test_a_partition_whose_file_changed_makes_only_its_readers_anew(tmp_path: Path) -> None:
    lake = pipeline(tmp_path, counted, newest, daily)
    lake.run()
    SAID["2026-01-03"] = 7
    lake.run(["gold.counted"], partitions="2026-01-03", force=True)
    assert reasons(lake.plan()) == {
        "newest": ("input newer", ""),
        "daily": ("input newer", "2026-01-03"),
    }


def test_files_of_several_partitions_are_committed_together(tmp_path: Path) -> None:
    @asset
    def plain(day: date, out: Path) -> File[Counted]:
        (out / "n.txt").write_text(str(day), encoding="utf-8")
        return out / "n.txt"

    lake = pipeline(tmp_path, plain)
    lake.run()
    version = artifacts(lake, Counted).version()
    assert version is not None
    assert version.version == 0
    assert len(artifacts(lake, Counted).files()) == 3


@STORES
def test_the_ledger_is_made_again_from_the_files(tmp_path: Path, store: str) -> None:
    lake = pipeline(tmp_path, points, train, above, counted, daily, store=store)
    lake.run()
    lake.environment.ledger_path.unlink()
    lake.run()
    assert lake.ended() == {}


@STORES
def test_a_step_whose_table_lacks_leaves_its_files_alone(tmp_path: Path, store: str) -> None:
    lake = pipeline(tmp_path, points, train, store=store)
    lake.run()
    with Ledger.open(lake.environment.ledger_path) as ledger:
        ledger.replace_all(key_of(Summary), [])  # as if the run had been killed before its commit
    before = artifacts(lake, Page).version()
    assert [step.commits for step in lake.plan().steps] == [("gold.summary",)]
    lake.run()
    assert artifacts(lake, Page).version() == before
    assert left_over(lake, Page) == left_over(lake, Mean) == []
    assert lake.plan().steps == ()


def test_a_file_from_elsewhere_is_copied_and_left_there(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.bin"
    elsewhere.write_bytes(b"there")
    SAID["returned"] = lambda _: elsewhere
    lake = pipeline(tmp_path / "lake", returns)
    lake.run()
    assert artifacts(lake, Returned).file(WHOLE).path.read_bytes() == b"there"
    assert elsewhere.read_bytes() == b"there"


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (lambda _: None, "`returns` returned None, not the file of `gold.returned`"),
        (lambda out: str(out / "here.bin"), "returned `str`"),
        (
            lambda out: out / "nowhere.bin",
            "`nowhere.bin`, which `returns` returned .* is not there",
        ),
        (lambda out: out / "folder.bin", "is a folder"),
        (lambda out: out / "here.txt", "`gold.returned`, whose files end in `.bin`"),
    ],
)
def test_what_is_no_file_of_the_artifact_is_refused(
    tmp_path: Path, returned: object, said: str
) -> None:
    SAID["returned"] = returned
    lake = pipeline(tmp_path, returns)
    (error,) = lake.run().errors
    assert isinstance(error, ReturnedFileError)
    with pytest.raises(ReturnedFileError, match=said):
        raise error
    assert artifacts(lake, Returned).version() is None


def test_nothing_is_left_of_a_call_whose_other_file_lacks(tmp_path: Path) -> None:
    lake = pipeline(tmp_path, points, returns_two)
    (error,) = lake.run().errors
    assert isinstance(error, ReturnedFileError)
    assert left_over(lake, Returned) == []


@STORES
def test_a_damaged_file_fails_its_reader_until_it_is_made_again(tmp_path: Path, store: str) -> None:
    lake = pipeline(tmp_path, points, train, above, store=store)
    lake.run()
    path = artifacts(lake, Mean).file(WHOLE).path
    path.chmod(0o644)
    path.write_text("9.9", encoding="utf-8")
    (error,) = lake.run(["gold.above"], force=True).errors
    assert isinstance(error, DamagedFileError)
    lake.run(["gold.mean"], force=True)
    assert lake.run(["gold.above"], force=True).errors == ()


class Hours(Artifact, partition=Hourly("2026-01-01T00", "2026-01-03T23")): ...


@asset
def hours(hour: datetime, out: Path) -> File[Hours]:
    (out / "hour").write_text(str(hour), encoding="utf-8")
    return out / "hour"


@asset
def hours_of_day(day: date, hour: File[Hours]) -> Frame[Daily2]:
    return pl.LazyFrame({"n": [0], "day": [day]})


def test_a_step_that_reads_many_files_fails(tmp_path: Path) -> None:
    lake = pipeline(tmp_path, hours, hours_of_day)
    error = lake.run().errors[0]
    assert isinstance(error, ManyFilesError)
    with pytest.raises(ManyFilesError, match=r"one file of `gold.hours`, and 24 are meant"):
        raise error


@asset
def hopes(mean: Annotated[File[Mean], Has(missing="skip")]) -> Frame[Newest]:
    return pl.LazyFrame({"n": [1]})


@asset
def may_do_without(
    mean: Annotated[File[Mean], Has(missing="skip")] | None,
) -> Frame[Newest]:
    return pl.LazyFrame({"n": [0 if mean is None else 1]})


def test_a_file_that_was_never_made_can_be_done_without(tmp_path: Path) -> None:
    lake = pipeline(tmp_path, points, train, may_do_without)
    lake.run(["gold.newest"])
    assert lake.rows(Newest) == [(0,)]
    lake.run()
    assert lake.rows(Newest) == [(1,)]


def test_a_file_that_is_skipped_must_be_optional(tmp_path: Path) -> None:
    lake = pipeline(tmp_path, points, train, hopes)
    (error,) = lake.run(["gold.newest"]).errors
    assert isinstance(error, InputMissingError)
    assert "of which none was made" in error.message


@asset
def all_of_them(files: Annotated[File[Counted], All()]) -> Frame[Newest]:
    return pl.LazyFrame({"n": [0]})


@asset
def unsaid(files: File[Counted]) -> Frame[Newest]:
    return pl.LazyFrame({"n": [0]})


@asset
def window(day: date, files: Annotated[File[Counted], Window(-2)]) -> Frame[Daily2]:
    return pl.LazyFrame({"n": [0], "day": [day]})


@asset
def sets(days: Partitions[date], out: Path) -> File[Counted]:
    return out


@pytest.mark.parametrize("reader", [all_of_them, unsaid, window])
def test_reading_many_files_is_refused_where_it_can_be_seen(
    reader: Callable[..., object],
) -> None:
    found = [str(error) for error in misfits(graph_of(counted, reader))]
    assert len(found) == 1
    assert "FF-717" in found[0]
    assert "reads one file of `gold.counted`, and many are meant" in found[0]


def test_a_file_for_a_set_of_keys_is_refused() -> None:
    error: FlowForgeError
    (error,) = misfits(graph_of(sets))
    assert isinstance(error, ManyFilesError)
    assert "takes sets of keys" in error.message

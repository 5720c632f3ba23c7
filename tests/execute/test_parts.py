"""Parts of a run as a worker makes them, here in this process and by copies of what travels."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event as StopSignal
from typing import TYPE_CHECKING, TypeAlias, cast

import pytest

from flowforge_assets import FlowForgeError, Project, Resource
from flowforge_assets.core.event import Event
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.base import Problems
from flowforge_assets.errors.part import NotPortableError, OtherProjectError, PartLostError
from flowforge_assets.execute.part import Part, part_of, project_ref
from flowforge_assets.execute.part_run import PartResult, run_part
from flowforge_assets.execute.part_submit import PartSubmission, take_up
from flowforge_assets.execute.portions import portions_of
from flowforge_assets.execute.run import LocalRun
from flowforge_assets.execute.session import begun
from flowforge_assets.record.ledger import Ledger

if TYPE_CHECKING:
    from prefect.futures import PrefectFuture

Write: TypeAlias = Callable[[Mapping[str, str]], Path]

TOML = '[project]\nname = "parts"\nmodules = ["lake"]\n'
LAKE = """\
from datetime import date
from pathlib import Path

import polars as pl

from flowforge_assets import Bronze, Col, Daily, Frame, Gold, Silver, Table, asset, col, key

DAY = Daily(start="2026-01-01", end="2026-01-04")
CALLS = Path(__file__).parent / "calls"


class Raw(Bronze, partition=DAY.on("day")):
    day: Col[date] = key()
    n: Col[int] = col()


class Clean(Silver, partition=DAY.on("day")):
    day: Col[date] = key()
    n: Col[int] = col()


class Total(Gold):
    n: Col[int] = col()


@asset
def raw(day: date) -> Table[Raw]:
    with CALLS.open("a") as calls:
        calls.write(f"{day}\\n")
    BODY
    return pl.DataFrame({"day": [day], "n": [day.day]})


@asset
def clean(raw: Frame[Raw]) -> Frame[Clean]:
    return raw


@asset
def total(clean: Frame[Clean]) -> Frame[Total]:
    return clean.select(pl.col("n").sum())
"""
NO_SECOND_DAY = 'if day.day == 2: raise ValueError("no delivery")'


@pytest.fixture
def root(write_project: Write) -> Path:
    return write_project({"flowforge.toml": TOML, "lake.py": LAKE.replace("BODY", "pass")})


@contextmanager
def run_of(project: Project, events: list[Event]) -> Generator[LocalRun]:
    with begun(project.session(), on_event=events.append, stop=StopSignal()) as run:
        yield run


def travelled(part: Part) -> PartResult:
    """What the part gives, all of it copied as between two processes."""
    sent: Part = pickle.loads(pickle.dumps(part))  # noqa: S301 - it is our own
    result: PartResult = pickle.loads(pickle.dumps(run_part(sent)))  # noqa: S301 - as above
    return result


def parts_of(run: LocalRun, project: Project) -> Iterator[Part]:
    """The parts of all steps, each made up when those before it have ended."""
    for step in run.plan.steps:
        yield part_of(run, project_ref(project.session()), [step], memory_mb=100)


def test_a_run_is_made_part_by_part_under_its_own_id(root: Path) -> None:
    project, events = Project.load(root), list[Event]()
    with run_of(project, events) as run:

        def work() -> bool:
            for part in parts_of(run, project):
                take_up(run, part.plan.steps, travelled(part))
            return False

        result = run.through(work)
    assert (result.status, result.made, result.errors) == ("succeeded", 3, ())
    assert project.read("gold.total").to_dicts() == [{"n": 10}]
    ended = [(each.asset, each.partition, each.rows) for each in events if each.status == "made"]
    assert ended == [
        *(("raw", f"2026-01-0{day}", 1) for day in range(1, 5)),
        *(("clean", f"2026-01-0{day}", 1) for day in range(1, 5)),
        ("total", None, 1),
    ]
    with Ledger.open(project.environment.ledger_path) as ledger:
        assert [(run.run_id, run.status) for run in ledger.runs()] == [(result.run_id, "succeeded")]
    assert not project.plan().steps


def test_readers_of_what_failed_in_another_part_are_skipped(root: Path) -> None:
    (root / "lake.py").write_text(LAKE.replace("BODY", NO_SECOND_DAY))
    project = Project.load(root)
    with run_of(project, []) as run:

        def work() -> bool:
            for part in parts_of(run, project):
                take_up(run, part.plan.steps, travelled(part))
            return False

        result = run.through(work)
    assert (result.made, result.failed, result.skipped) == (0, 1, 2)
    assert [error.code for error in result.errors] == ["FF-701"]
    assert "no delivery" in getattr(result.errors[0], "traceback_text", "")
    assert project.read("silver.clean")["n"].to_list() == [1, 3, 4]


def test_what_a_killed_worker_has_committed_is_not_made_twice(root: Path) -> None:
    project = Project.load(root)
    with run_of(project, []) as run:
        first = next(parts_of(run, project))
        run_part(first)
        # it died after the commit and before the ledger heard of it
        run.ledger.forget(DatasetKey("bronze.raw"))
        again = travelled(first)
        assert len((root / "calls").read_text().splitlines()) == 4
        assert (again.error, again.tally.made) == (None, {DatasetKey("bronze.raw")})
        assert sum(made.rows for made in again.commits) == 4
        assert run.ledger.current(
            DatasetKey("bronze.raw"),
            project.graph.datasets[DatasetKey("bronze.raw")].partitioning.dimensions,
        )
        take_up(run, first.plan.steps, again)
        run.end("cancelled")
    assert {step.asset_id for step in project.plan().steps} == {"silver.clean", "gold.total"}
    assert project.read("bronze.raw").sort("day")["n"].to_list() == [1, 2, 3, 4]


def test_a_worker_with_other_code_makes_nothing(root: Path, tmp_path: Path) -> None:
    project = Project.load(root)
    with run_of(project, []) as run:
        part = next(parts_of(run, project))
        shutil.copytree(root, tmp_path / "other", ignore=shutil.ignore_patterns(".flowforge"))
        (tmp_path / "other" / "lake.py").write_text(LAKE.replace("BODY", "day = day"))
        other = run_part(replace(part, ref=replace(part.ref, root=tmp_path / "other")))
        newer = run_part(replace(part, version="99"))
        run.end("cancelled")
    assert isinstance(other.error, OtherProjectError)
    assert other.error.message == (
        "the worker has another version of `bronze.raw` than the run was planned with"
    )
    assert isinstance(newer.error, OtherProjectError)
    assert newer.error.message.endswith("the run was planned by 99")
    assert not (root / "calls").exists()


class Api(Resource):
    pass


def test_a_run_that_needs_its_own_process_is_refused(root: Path) -> None:
    def why(project: Project, **asked: object) -> str:
        with pytest.raises(NotPortableError) as caught:
            project_ref(project.session(**asked))  # type: ignore[arg-type]  # as each case asks
        return caught.value.message.partition(": ")[2]

    project = Project.load(root)
    assert why(project, resources=[Api()]) == "it was given resources ready-made: `Api`"
    project.run()
    assert why(project, as_of=["bronze.raw@0"]) == "it reads inputs as they were (`--as-of`)"
    in_memory = Project.load(root, store="memory://parts")
    assert why(in_memory) == "its tables are in the memory of this process"
    elsewhere = Project.load(root, store=str(root / "lake"))
    assert why(elsewhere) == "its store is not that of the project file"
    session = replace(project.session(), root=None)
    with pytest.raises(NotPortableError):
        project_ref(session)


def test_partitions_without_an_order_are_dealt_to_all_workers(root: Path) -> None:
    project = Project.load(root)
    steps, parents = project.plan().steps, project.graph.parents
    whole = portions_of(steps, parents, workers=2)
    assert [portion.after for portion in whole] == [(), (0,), (1,)]
    dealt = portions_of([replace(step, most=1) for step in steps], parents, workers=2)
    assert [portion.steps[0].partitions.render() for portion in dealt] == [
        "2026-01-01..2026-01-02", "2026-01-03..2026-01-04",
        "2026-01-01..2026-01-02", "2026-01-03..2026-01-04", "",
    ]  # fmt: skip
    assert [portion.after for portion in dealt] == [(), (), (0, 1), (0, 1), (2, 3)]
    in_order = portions_of([replace(s, most=1, is_ordered=True) for s in steps], parents, workers=2)
    assert [portion.after for portion in in_order] == [(), (0,), (1,)]


class Crashed:
    """The future of a task under which each worker that had it died."""

    wrapped_future = property(lambda self: self)

    def exception(self) -> Exception:
        return MemoryError("KilledWorker")


class Answers:
    """A server that does."""

    is_lost = False

    def is_gone(self) -> bool:
        return False


def test_a_part_under_which_workers_die_fails_alone_and_its_tables_are_asked(root: Path) -> None:
    project, ended = Project.load(root), list[DatasetKey]()
    with run_of(project, []) as run:
        submission = PartSubmission(
            run,
            project_ref(project.session()),
            portions_of(run.plan.steps, run.scope.graph.parents, workers=2),
            memory_mb=100,
            ended=ended.append,
            server=Answers(),
        )
        first, *others = submission._tasks
        first.future = cast("PrefectFuture[PartResult]", Crashed())
        submission._take_up(first)
        run.end("cancelled")
    [error] = run.tally.errors
    assert isinstance(error, PartLostError)
    assert error.message == "`raw` was not made by the cluster: MemoryError"
    assert run.tally.in_doubt == {DatasetKey("bronze.raw")}
    assert ended == [DatasetKey("bronze.raw")]
    assert [each.waits_for for each in others] == [0, 1]
    assert [step.asset for step in submission.rest()] == ["clean", "total"]


def test_errors_of_several_kinds_are_the_same_after_a_copy() -> None:
    errors = Problems([NotPortableError("a", hint="b"), OtherProjectError("c")])
    copied: FlowForgeError = pickle.loads(pickle.dumps(errors))  # noqa: S301 - it is our own
    assert copied.render() == errors.render()

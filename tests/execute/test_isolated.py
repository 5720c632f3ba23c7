"""Assets that are called in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets import Bronze, Col, Frame, Out, Project, Resource, Silver, Written, asset, col
from flowforge_assets.core.event import Event
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.asset import DECLARED, Write
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.check import ReturnValueError
from flowforge_assets.errors.declaration import AssetOptionError
from flowforge_assets.errors.isolated import NotIsolableError, ProcessDiedError
from flowforge_assets.errors.job import JobCancelledError
from flowforge_assets.errors.run import ReturnedFileError, StepFailedError, StepTimeoutError
from flowforge_assets.execute.isolated_answer import Question
from pipelines import graph_of, pipeline

pytestmark = pytest.mark.slow  # each child imports polars

Make = Callable[..., Project]
DOUBLES = DatasetKey("silver.doubles")

HEAD = """
import os
import resource
import signal
import sys
import time
from datetime import date
from pathlib import Path

import polars as pl

from flowforge_assets import (
    Artifact, Bronze, Changes, Col, Context, Daily, File, Frame, Resource, Rows, Silver, Table,
    asset, check, col, key, BadRows,
)

DAY = Daily(start="2026-01-01", end="2026-01-02")


class Numbers(Bronze, partition=DAY.on("day")):
    day: Col[date] = col()
    number: Col[int] = col(ge=0)


class Doubles(Silver, partition=DAY.on("day")):
    day: Col[date] = col()
    number: Col[int] = key()
    pid: Col[int] = col()


@asset
def numbers(day: date) -> Frame[Numbers]:
    return pl.LazyFrame({"day": [day] * 2, "number": [day.day, day.day + 10]})

"""


@pytest.fixture
def project(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Make]:
    """Loads a project with this code after the numbers; what it imported is forgotten."""
    module = f"isolated_{abs(hash(request.node.nodeid)):x}"
    monkeypatch.setattr(sys, "path", list(sys.path))

    def make(code: str, settings: str = "") -> Project:
        (tmp_path / "flowforge.toml").write_text(f'[project]\nmodules = ["{module}"]\n{settings}')
        (tmp_path / f"{module}.py").write_text(HEAD + code)
        return Project.load(tmp_path)

    yield make
    sys.modules.pop(module, None)


def doubles(
    *body: str, head: str = "isolated=True", reads: str = "Frame", gives: str = "Frame"
) -> str:
    lines = "\n    ".join(body)
    signature = f"numbers: {reads}[Numbers]) -> {gives}[Doubles]"
    return f"@asset({head})\ndef doubles({signature}:\n    {lines}\n"


DOUBLED = 'return numbers.with_columns(pl.col("number") * 2, pid=pl.lit(os.getpid(), pl.Int64))'


def the_error(project: Project) -> FlowForgeError:
    [error] = project.run(partitions="2026-01-01").errors
    return error


def rows(project: Project) -> list[int]:
    return sorted(project.read("silver.doubles")["number"])


@pytest.mark.parametrize(
    ("reads", "gives"), [("Frame", "Frame"), ("Table", "Table"), ("Frame", "Table")]
)
def test_rows_go_to_another_process_and_come_back(project: Make, reads: str, gives: str) -> None:
    body = DOUBLED + (".collect()" if (reads, gives) == ("Frame", "Table") else "")
    found = project(doubles(body, reads=reads, gives=gives))
    assert found.run().errors == ()
    assert rows(found) == [2, 4, 22, 24]
    pids = found.read("silver.doubles")["pid"].unique()
    assert len(pids) == 2
    assert os.getpid() not in pids


def test_row_objects_keys_context_and_resources_are_made_there(project: Make) -> None:
    found = project(
        """
class Shop(Resource):
    factor: int


@asset(isolated=True)
def doubles(
    numbers: Rows[Numbers], day: date, shop: Shop, context: Context
) -> Rows[Doubles]:
    assert context.asset == "doubles" and context.partitions.render() == str(day)
    for each in numbers:
        yield Doubles(day=day, number=each.number * shop.factor, pid=0)
""",
        "[env.dev.resources.Shop]\nfactor = 3\n",
    )
    assert found.run().errors == ()
    assert rows(found) == [3, 6, 33, 36]


def test_a_query_runs_there(project: Make, tmp_path: Path) -> None:
    folder = tmp_path / "assets" / "gold"
    folder.mkdir(parents=True)
    query = "/*\nisolated = true\n*/\nselect sum(number)::bigint as total from bronze.numbers"
    (folder / "total.sql").write_text(query)
    found = project("")
    assert found.run().errors == ()
    assert found.read("gold.total").item() == 26


def test_files_are_made_there(project: Make) -> None:
    found = project(
        """
class Report(Artifact, name="gold.report", suffix=".txt"): ...


@asset(isolated=True)
def report(numbers: Frame[Numbers], out: Path) -> File[Report]:
    path = out / "report.txt"
    path.write_text(str(numbers.select(pl.col("number").sum()).collect().item()))
    return path
"""
    )
    assert found.run().errors == ()
    assert Path(found.read("gold.report")).read_text() == "26"  # type: ignore[arg-type]


def test_what_the_rules_refuse_is_not_written(project: Make) -> None:
    error = the_error(project(doubles(DOUBLED.replace('"number") * 2', '"number") * 0'))))
    assert error.code == "FF-710"


def test_its_own_failure_keeps_its_place_and_traceback(project: Make) -> None:
    error = the_error(project(doubles("raise ValueError('no such number')")))
    assert isinstance(error, StepFailedError)
    assert "no such number" in error.message
    assert "in doubles" in error.traceback_text


def test_a_lazy_failure_is_its_own(project: Make) -> None:
    error = the_error(
        project(
            doubles(
                "return numbers.select(pl.col('number').cast(pl.Date).str.to_date())",
                head="isolated=True",
            )
        )
    )
    assert isinstance(error, StepFailedError)


def test_a_wrong_return_value_keeps_its_code(project: Make) -> None:
    error = the_error(project(doubles("return 7", head="isolated=True")))
    assert isinstance(error, ReturnValueError)


def test_a_crash_of_native_code_fails_that_step_alone(project: Make) -> None:
    body = ("if day.day == 1:", "    os.abort()", DOUBLED)
    code = doubles(*body).replace("numbers: Frame[Numbers]", "numbers: Frame[Numbers], day: date")
    found = project(code)
    result = found.run()
    [error] = result.errors
    assert isinstance(error, ProcessDiedError)
    assert "died of SIGABRT" in error.message
    assert rows(found) == [4, 24]


def test_a_crash_of_the_last_try_counts(project: Make, tmp_path: Path) -> None:
    body = (
        f"seen = Path({str(tmp_path / 'seen')!r})",
        "if not seen.exists():",
        "    seen.touch()",
        "    os.abort()",
        DOUBLED,
    )
    found = project(doubles(*body, head="isolated=True, retries=1"))
    assert found.run(partitions="2026-01-01").errors == ()


@pytest.mark.parametrize("limit", ["RLIMIT_AS", "RLIMIT_DATA"])
def test_memory_that_cannot_be_had_fails_that_step_alone(project: Make, limit: str) -> None:
    body = (
        f"resource.setrlimit(resource.{limit}, (3_000_000_000, 3_000_000_000))",
        "many = pl.select(pl.int_range(0, 2_000_000_000).alias('number')).sort(-pl.col('number'))",
        "return many.lazy()",
    )
    error = the_error(project(doubles(*body, head="isolated=True")))
    assert isinstance(error, (ProcessDiedError, StepFailedError))
    assert "alloc" in error.message or "memory" in error.message.lower()


def test_a_kill_for_want_of_memory_is_named(project: Make) -> None:
    error = the_error(project(doubles("os.kill(os.getpid(), signal.SIGKILL)")))
    assert isinstance(error, ProcessDiedError)
    assert "was killed by SIGKILL" in error.message
    assert "more memory" in (error.hint or "")


def test_a_process_that_exits_is_told(project: Make) -> None:
    error = the_error(project(doubles("os._exit(3)")))
    assert isinstance(error, ProcessDiedError)
    assert "ended with 3 and gave no answer" in error.message


def test_a_timeout_kills_it(project: Make) -> None:
    body = ("time.sleep(60)", DOUBLED)
    begun = time.monotonic()
    error = the_error(project(doubles(*body, head="isolated=True, timeout=1")))
    assert isinstance(error, StepTimeoutError)
    assert time.monotonic() - begun < 30


def test_a_run_that_is_stopped_kills_it(project: Make, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    body = (f"Path({str(mark)!r}).write_text(str(os.getpid()))", "time.sleep(60)", DOUBLED)
    found = project(doubles(*body, head="isolated=True"))
    stop = threading.Event()

    def heard(event: Event) -> None:
        if event.event == "step_started" and event.asset == "doubles":
            threading.Thread(target=stop_when_there, args=(mark, stop)).start()

    result = found.run(partitions="2026-01-01", on_event=heard, stop=stop)
    assert result.status == "cancelled"
    [error] = result.errors
    assert isinstance(error, JobCancelledError)
    assert not Path(f"/proc/{mark.read_text()}").exists()


def stop_when_there(mark: Path, stop: threading.Event) -> None:
    """Sets `stop` as soon as the child has begun."""
    for _ in range(600):
        if mark.exists() and mark.read_text():
            break
        stop.wait(0.1)
    stop.set()


def test_what_it_prints_is_for_people(project: Make, capsys: pytest.CaptureFixture[str]) -> None:
    project(doubles("print('so far so good')", DOUBLED)).run(partitions="2026-01-01")
    shown = capsys.readouterr()
    assert "so far so good" in shown.err
    assert shown.out == ""


def test_nothing_stays_of_what_it_wrote(project: Make, tmp_path: Path) -> None:
    left = tmp_path / ".flowforge" / "dev" / "isolated" / "999999999-x"
    left.mkdir(parents=True)
    found = project(doubles(DOUBLED))
    found.run(partitions="2026-01-01")
    assert list(tmp_path.glob(".flowforge/**/isolated/*")) == []


def test_a_wrong_path_keeps_its_code(project: Make) -> None:
    error = the_error(
        project(
            """
class Report(Artifact, name="gold.report"): ...


@asset(isolated=True)
def report(out: Path) -> File[Report]:
    return "report.txt"
"""
        )
    )
    assert isinstance(error, ReturnedFileError)


class Some(Bronze):
    number: Col[int] = col()


class Other(Silver):
    number: Col[int] = col()


class Client(Resource):
    url: str = ""


@asset(isolated=True)
def some(client: Client) -> Frame[Some]:
    return pl.LazyFrame({"number": [1]})


def test_a_resource_that_is_given_cannot_be_taken_along(tmp_path: Path) -> None:
    lake = pipeline(tmp_path, some)
    lake.given = (Client(),)
    [error] = lake.run().errors
    assert isinstance(error, NotIsolableError)
    assert "`Client` was given" in error.message


def test_what_no_module_declares_cannot_be_isolated(tmp_path: Path) -> None:
    @asset(isolated=True)
    def some() -> Frame[Some]:
        return pl.LazyFrame({"number": [1]})

    [error] = pipeline(tmp_path, some).run().errors
    assert isinstance(error, NotIsolableError)
    assert error.hint is not None
    assert "at the top of a module" in error.hint


def test_a_process_whose_run_is_gone_ends(project: Make, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    body = (f"Path({str(mark)!r}).write_text('there')", "time.sleep(60)", DOUBLED)
    found = project(doubles(*body))
    found_at = {each.name: key for key, each in DECLARED.items() if "isolated_" in each.module}
    module, identity = found_at["doubles"]
    head: dict[str, object] = {
        "module": module, "identity": identity, "name": "doubles", "path": sys.path,
        "folder": str(tmp_path), "unit": found.graph.steps(found.graph.assets[DOUBLES]).parse(
            "2026-01-01", found.clock()).to_json(),
        "given": {}, "absent": [], "env": "dev", "run_id": "", "step_id": "", "attempt": 1,
        "now": "2026-01-02T00:00:00+00:00", "resources": {}, "memory_bytes": None,
    }  # fmt: skip
    command = [sys.executable, "-m", "flowforge_assets.execute.isolated_child"]
    child = subprocess.Popen(command, stdin=subprocess.PIPE)
    assert child.stdin is not None
    frame = pl.LazyFrame({"day": [], "number": []}).serialize()
    Question(head, {"numbers": frame}).write(child.stdin)
    stop = threading.Event()
    stop_when_there(mark, stop)
    assert mark.exists()
    child.stdin.close()
    assert child.wait(30) == 1


@pytest.mark.parametrize("write", ["view", "overwrite"])
def test_what_no_step_calls_cannot_be_isolated(write: Write) -> None:
    def of_view(some: Frame[Some]) -> Frame[Other]:
        return some

    def of_job(out: Out[Other]) -> Written[Other]:
        return out.written()

    function = asset(isolated=True, write=write)(of_view if write == "view" else of_job)
    with pytest.raises(AssetOptionError, match="`isolated` of `of_"):
        graph_of(function)

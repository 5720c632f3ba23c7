"""What a server is owed of earlier runs, by a project that ran without one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event as StopSignal
from typing import Final, TypeAlias

import pytest

from flowforge_assets import Project
from flowforge_assets.execute.run import LocalRun
from flowforge_assets.execute.session import begun
from flowforge_assets.execute.state import read_history
from flowforge_assets.execute.told_later import owed
from flowforge_assets.record.history import History
from flowforge_assets.record.run import RunStatus
from flowforge_assets.record.untold import Untold

WriteProject: TypeAlias = Callable[[Mapping[str, str]], Path]
NAME: Final = "flowforge://dev/bronze/raw"
FILES: Final = {
    "flowforge.toml": '[project]\nname = "told"\nmodules = ["told"]\n',
    "told.py": """\
from flowforge_assets import Bronze, Col, Rows, asset, col


class Raw(Bronze):
    n: Col[int] = col()


@asset
def raw() -> Rows[Raw]:
    yield Raw(n=1)
""",
}


@pytest.fixture
def project(write_project: WriteProject) -> Project:
    return Project.load(write_project(FILES))


@pytest.fixture
def run(project: Project) -> Iterator[LocalRun]:
    """One that has planned before all that the tests do."""
    with begun(project.session(), on_event=lambda _: None, stop=StopSignal()) as run:
        yield run


@pytest.fixture
def history(project: Project, run: LocalRun) -> Callable[[], History]:
    session = project.session()
    return lambda: read_history(run.ledger, session.graph, session.environment, session.store)


def untold(run_id: str) -> Untold:
    flow_run_id = "01a20690-4b79-7a2b-abb9-9570ef7dad52"
    return Untold("http://prefect.example/api", flow_run_id, run_id, "its state", [])


def ran(project: Project, run: LocalRun, status: RunStatus, *, ago: timedelta = timedelta()) -> str:
    """The id of a run that has made all, and ended so in the ledger."""
    # from here on nobody holds what is to be made
    run.ledger.leases.free(run.scope.run_id)
    run_id = project.run("raw", force=True).run_id

    def clock() -> datetime:
        return project.clock() - ago

    (record,) = (each for each in run.ledger.runs() if each.run_id == run_id)
    run.ledger.end_run(run_id, status, record.counts, clock=clock)
    return run_id


def nothing() -> History:
    raise AssertionError


def test_what_a_killed_run_has_made_since_this_one_planned_is_told(
    project: Project, run: LocalRun, history: Callable[[], History]
) -> None:
    run_id = ran(project, run, "killed")
    found = owed(run, untold(run_id), history)
    assert found is not None
    assert found.end == ("CRASHED", "The process of the run was killed.")
    (event,) = found.untold.events or ()
    assert event["resource"] == {"prefect.resource.id": NAME, "prefect.resource.name": "bronze.raw"}
    assert found.untold.are_prefects


def test_of_itself_a_run_tells_as_it_ends(run: LocalRun) -> None:
    assert owed(run, untold(run.scope.run_id), nothing) is None


def test_of_a_run_that_goes_on_nothing_is_told(project: Project, run: LocalRun) -> None:
    going_on = replace(untold(run.scope.run_id), run_id=ran(project, run, "running"))
    assert owed(run, going_on, nothing) is None


@pytest.mark.parametrize(
    ("status", "state"),
    [("succeeded", "COMPLETED"), ("failed", "FAILED"), ("cancelled", "CANCELLED")],
)
def test_how_a_run_ended_is_told_when_its_process_tells_nothing_more(
    project: Project, run: LocalRun, status: RunStatus, state: str
) -> None:
    ended = replace(untold(ran(project, run, status)), events=[])
    assert owed(run, ended, nothing) is None
    left = owed(run, replace(ended, is_left=True), nothing)
    assert left is not None
    assert left.end == (state, "Made 1, failed 0, fresh 0.")


def test_a_run_that_ended_long_ago_tells_nothing_more(
    project: Project, run: LocalRun, history: Callable[[], History]
) -> None:
    assert owed(run, untold(ran(project, run, "succeeded")), nothing) is None
    run_id = ran(project, run, "succeeded", ago=timedelta(minutes=11))
    found = owed(run, untold(run_id), history)
    assert found is not None
    assert found.end == ("COMPLETED", "Made 1, failed 0, fresh 0.")
    assert len(found.untold.events or ()) == 1


def test_of_a_run_that_is_known_no_more_only_that_it_is_over_is_told(run: LocalRun) -> None:
    found = owed(run, untold("20200101T000000-00000000"), nothing)
    assert found is not None
    assert (found.end[0], found.untold.events) == ("CRASHED", [])

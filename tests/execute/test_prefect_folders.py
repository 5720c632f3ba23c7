"""Compiled folders on this machine, as deployments of a real server come and go."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from command_line import own_imports
from flowforge_assets.cli.main import main
from flowforge_assets.compile.deployment import Owner
from flowforge_assets.execute.prefect_api import load_prefect
from server_of_prefect import Server
from worker_of_prefect import make_pool

pytestmark = [pytest.mark.prefect, pytest.mark.slow]

Call: TypeAlias = Callable[..., dict[str, Any]]
TOML = """\
[project]
name = "folders_swept"
modules = ["swept"]
[pool.here]
type = "process"
name = "deploy-swept"
[job.nightly]
pool = "here"
[job.weekly]
pool = "here"
"""


@pytest.fixture
def call(prefect_server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """`call("deploy")` in this process: the data of its answer."""
    load_prefect()
    # Prefect is loaded with its reports of usage off.
    from prefect.settings import PREFECT_API_URL, temporary_settings

    def run(*argv: str) -> dict[str, Any]:
        capsys.readouterr()
        with temporary_settings({PREFECT_API_URL: prefect_server.url}), own_imports(tmp_path):
            assert main([*argv, "--json", "-C", str(tmp_path)]) == 0
        data: dict[str, Any] = json.loads(capsys.readouterr().out)["data"]
        return data

    return run


def begin_run(server: Server, version: str) -> str:
    """A run of a version that goes on, with the tags that its deployment gave it."""
    flow = server.post("flows/", {"name": "folders_swept"})["id"]
    names = ["flowforge", "flowforge-project:folders_swept", "flowforge-env:dev"]
    tags = [*names, f"flowforge-version:{version}"]
    state = {"type": "RUNNING", "name": "Running"}
    run: str = server.post("flow_runs/", {"flow_id": flow, "tags": tags, "state": state})["id"]
    return run


def end_run(server: Server, run: str) -> None:
    ended = {"state": {"type": "COMPLETED", "name": "Completed"}, "force": True}
    server.post(f"flow_runs/{run}/set_state", ended)


def test_a_run_that_ends_while_runs_are_read_hides_no_other(
    prefect_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_prefect()
    # Prefect is loaded with its reports of usage off.
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from flowforge_assets.execute.deploy import versions_in_use

    for version in ("one", "two"):
        begin_run(prefect_server, version)
    read = SyncPrefectClient.read_flow_runs

    def read_and_end(*args: Any, **named: Any) -> object:  # noqa: ANN401 - passed on
        runs = read(*args, **named)
        for run in runs:
            end_run(prefect_server, str(run.id))
        return runs

    monkeypatch.setattr("flowforge_assets.execute.deploy._PAGE", 1)
    monkeypatch.setattr(SyncPrefectClient, "read_flow_runs", read_and_end)
    owner = Owner("folders_swept", "dev")
    with temporary_settings({PREFECT_API_URL: prefect_server.url}):
        assert versions_in_use(owner, ["none", "one", "two"]) == {"one", "two"}
        assert versions_in_use(owner, ["one", "two"]) == set()


def test_a_folder_stays_as_long_as_a_deployment_or_a_run_may_use_it(
    prefect_server: Server, call: Call, tmp_path: Path
) -> None:
    make_pool(prefect_server, "deploy-swept")
    (tmp_path / "flowforge.toml").write_text(TOML)
    kept = tmp_path / ".flowforge" / "deploy" / "dev"

    def deploy(code: str, *jobs: str) -> tuple[str, list[str]]:
        (tmp_path / "swept.py").write_text(code)
        said = call("deploy", *jobs)
        return said["version"], said["removed_folders"]

    one, removed = deploy("")
    assert removed == []
    two, removed = deploy("# two\n", "weekly")
    assert removed == []  # `nightly` is of the first still
    assert deploy("# two\n") == (two, [one])
    assert not (kept / one).exists()
    run = begin_run(prefect_server, two)
    three, removed = deploy("# three\n")
    assert removed == []
    assert call("undeploy", "--dry-run")["removed_folders"] == []
    assert call("deploy", "--dry-run")["unlisted"] == {}
    end_run(prefect_server, run)
    assert deploy("# three\n") == (three, [two])
    assert (kept / three / "flow.py").is_file()
    assert call("undeploy")["removed_folders"] == [three]
    assert [path.name for path in kept.iterdir()] == [".lock"]

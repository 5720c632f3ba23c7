"""Deployments on a real server; each test has a project, so a flow, of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from flowforge_assets.compile.deployment import Deployment, Owner, describe_deployments
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.base import FlowForgeError, Problems
from flowforge_assets.errors.deploy import (
    BlockMissingError,
    DeploymentTakenError,
    DeployRefusedError,
    NeverFiresError,
    OtherProjectError,
    ScheduleError,
    UnknownJobVariableError,
    WorkPoolMissingError,
    WorkPoolTypeError,
)
from flowforge_assets.errors.project import PrefectUnreachableError
from flowforge_assets.execute.prefect_api import load_prefect
from flowforge_assets.project.config import read_config
from flowforge_assets.project.environment import Environment
from pool_templates import templates
from server_of_prefect import Server, free_port

pytestmark = [pytest.mark.prefect, pytest.mark.slow]

Deploy: TypeAlias = Callable[..., list[str]]
DATASETS = [DatasetKey("silver.clean")]
POOL = '[pool.here]\ntype = "process"\nname = "deploy-here"\n'


@pytest.fixture(scope="module")
def server(prefect_server: Server) -> Server:
    """With a work pool of each kind, as Prefect's packages make them."""
    for kind, template in templates().items():
        pool = {"name": f"deploy-{kind}", "type": kind, "base_job_template": template}
        prefect_server.post("work_pools/", pool)
    here = {"name": "deploy-here", "type": "process", "base_job_template": templates()["process"]}
    prefect_server.post("work_pools/", here)
    return prefect_server


@pytest.fixture
def deploy(server: Server, tmp_path: Path) -> Deploy:
    """`deploy(toml)` deploys what a project file says; what was changed: `add dev.nightly`."""
    load_prefect()
    # Prefect is loaded with its reports of usage off.
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from flowforge_assets.execute.deploy import deploy as deploy_to_server
    from flowforge_assets.execute.deploy import undeploy
    from flowforge_assets.execute.deployed import BundlePlace

    def run(
        toml: str | None,
        *jobs: str,
        url: str = server.url,
        is_dry: bool = False,
        id_: str | None = None,
    ) -> list[str]:
        name = tmp_path.name
        owner = Owner(name, "dev", id_)
        with temporary_settings({PREFECT_API_URL: url}):
            if toml is None:
                changes = undeploy(owner=owner, is_dry=is_dry)
            else:
                changes = deploy_to_server(
                    described(tmp_path, name, toml, *jobs, id_=id_),
                    BundlePlace(tmp_path / "build", tmp_path),
                    owner=owner,
                    removes=not jobs,
                    is_dry=is_dry,
                )
        return [" ".join((c.action, c.name.removeprefix(f"{name}/"), *c.details)) for c in changes]

    return run


@pytest.fixture
def save_secret(server: Server, deploy: Deploy) -> Callable[[str], None]:
    """Keeps a block `secret/NAME` on the server; Prefect is loaded by `deploy`."""
    from prefect.blocks.system import Secret
    from prefect.settings import PREFECT_API_URL, temporary_settings
    from pydantic import SecretStr

    def save(name: str) -> None:
        with temporary_settings({PREFECT_API_URL: server.url}):
            Secret(value=SecretStr("x")).save(name)

    return save


def described(
    root: Path, name: str, toml: str, *jobs: str, id_: str | None = None
) -> tuple[Deployment, ...]:
    ledger = '[env.dev]\nstore = "file:///lake"\nledger = { env = "LEDGER_URL" }\n'
    id_line = f'id = "{id_}"\n' if id_ else ""
    text = f'[project]\nname = "{name}"\n{id_line}{ledger}{POOL}{toml}'
    (root / "flowforge.toml").write_text(text)
    config = read_config(root)
    return describe_deployments(
        config, Environment.of(config, "dev"), version="abc", datasets=DATASETS, jobs=jobs
    )


def deployments(server: Server, flow: str) -> dict[str, dict[str, Any]]:
    found = server.post("deployments/filter", {"flows": {"name": {"any_": [flow]}}})
    return {each["name"]: each for each in found}


def automations(server: Server, flow: str) -> dict[str, dict[str, Any]]:
    found = server.post("automations/filter", {"limit": 200})
    return {e["name"].removeprefix(f"{flow}/"): e for e in found if e["name"].startswith(flow)}


def refusals(deploy: Deploy, toml: str) -> list[FlowForgeError]:
    with pytest.raises(FlowForgeError) as caught:
        deploy(toml)
    error = caught.value
    return list(error.errors) if isinstance(error, Problems) else [error]


NIGHTLY = """\
[job.nightly]
pool = "here"
select = "silver.clean"
schedule = { cron = "0 5 * * *", timezone = "Europe/Berlin" }
after = ["silver.clean"]
concurrency = { limit = 2, on_collision = "cancel_new" }
[job.hourly]
pool = "here"
schedule = { interval = "1h" }
[job.weekly]
pool = "here"
schedule = { rrule = "FREQ=WEEKLY;BYDAY=MO" }
"""


def test_a_second_deploy_changes_nothing(deploy: Deploy, server: Server, tmp_path: Path) -> None:
    would = deploy(NIGHTLY, is_dry=True)
    assert deployments(server, tmp_path.name) == {}
    first = deploy(NIGHTLY)
    assert [line.partition(" schedules")[0] for line in first] == [
        "add dev.hourly pool: deploy-here",
        "add dev.nightly pool: deploy-here",
        "add dev.weekly pool: deploy-here",
        "add dev.nightly: run after Runs it when one of flowforge://dev/silver/clean was made.",
    ]
    assert would == first
    assert deploy(NIGHTLY) == []
    assert deploy(NIGHTLY, is_dry=True) == []
    found = deployments(server, tmp_path.name)["dev.nightly"]
    assert found["version"] == "abc"
    assert found["entrypoint"] == "flow.py:make"
    assert found["parameters"]["select"] == "silver.clean"
    assert found["global_concurrency_limit"]["limit"] == 2
    assert found["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
    assert found["job_variables"]["env"]["FLOWFORGE_HOME"] == str(tmp_path)


def test_what_is_gone_from_the_file_is_gone_from_the_server(
    deploy: Deploy, server: Server, tmp_path: Path
) -> None:
    deploy(NIGHTLY)
    changes = deploy('[job.nightly]\npool = "here"\nselect = "silver.clean"\n')
    cron = "cron 0 5 * * *, timezone Europe/Berlin"
    assert changes == [
        f"change dev.nightly schedules: {cron} -> none concurrency: 2 cancel_new -> none",
        "remove dev.nightly: run after",
        "remove dev.hourly",
        "remove dev.weekly",
    ]
    found = deployments(server, tmp_path.name)
    assert list(found) == ["dev.nightly"]
    assert found["dev.nightly"]["schedules"] == []
    assert found["dev.nightly"]["global_concurrency_limit"] is None
    assert automations(server, tmp_path.name) == {}


def test_only_what_has_changed_is_touched(deploy: Deploy, server: Server, tmp_path: Path) -> None:
    deploy(NIGHTLY)
    [before] = deployments(server, tmp_path.name)["dev.hourly"]["schedules"]
    changes = deploy(NIGHTLY.replace('"0 5 * * *"', '"0 6 * * *"'), "nightly")
    assert changes == [
        (
            "change dev.nightly schedules: cron 0 5 * * *, timezone Europe/Berlin -> "
            "cron 0 6 * * *, timezone Europe/Berlin"
        )
    ]
    found = deployments(server, tmp_path.name)
    assert [each["schedule"]["cron"] for each in found["dev.nightly"]["schedules"]] == ["0 6 * * *"]
    assert found["dev.hourly"]["schedules"] == [before]


def test_undeploy_removes_ours_alone(deploy: Deploy, server: Server, tmp_path: Path) -> None:
    deploy(NIGHTLY)
    theirs = deployments(server, tmp_path.name)["dev.hourly"]
    theirs = {k: theirs[k] for k in ("flow_id", "entrypoint")} | {"name": "theirs", "tags": ["x"]}
    server.post("deployments/", theirs)
    assert len(deploy(None, is_dry=True)) == 4
    assert deploy(None)[:2] == ["remove dev.nightly: run after", "remove dev.hourly"]
    assert list(deployments(server, tmp_path.name)) == ["theirs"]
    assert deploy(None) == []


def test_a_name_that_others_have_taken_is_left_to_them(
    deploy: Deploy, server: Server, tmp_path: Path
) -> None:
    flow = server.post("flows/", {"name": tmp_path.name})
    server.post("deployments/", {"name": "dev.nightly", "flow_id": flow["id"], "tags": ["theirs"]})
    [error] = refusals(deploy, NIGHTLY)
    assert isinstance(error, DeploymentTakenError)
    assert deployments(server, tmp_path.name)["dev.nightly"]["tags"] == ["theirs"]


def test_another_project_of_the_same_name_is_seen(
    deploy: Deploy, server: Server, tmp_path: Path
) -> None:
    deploy(NIGHTLY, id_="ours")
    before = deployments(server, tmp_path.name)
    other = '[job.other]\npool = "here"\n'
    for toml, id_ in ((other, "theirs"), (other, None), (NIGHTLY, None), (None, "theirs")):
        with pytest.raises(OtherProjectError, match="its id is `ours`"):
            deploy(toml, id_=id_)
    assert deployments(server, tmp_path.name) == before
    assert deploy(NIGHTLY, id_="ours") == []


def test_a_project_that_gets_an_id_stays_the_owner_of_what_it_deployed(deploy: Deploy) -> None:
    weekly = '[job.weekly]\npool = "here"\nafter = ["silver.clean"]\n'
    deploy(weekly)
    changed = deploy(weekly, id_="ours")
    assert [line.partition(":")[0] for line in changed] == [
        "change dev.weekly tags",
        "change dev.weekly",
    ]
    assert deploy(weekly, id_="ours") == []
    assert len(deploy(None, id_="ours")) == 2


def test_work_pools_are_there_of_the_type_that_is_said(deploy: Deploy) -> None:
    toml = """\
[job.one]
pool = "gone"
[job.two]
pool = "other"
[job.three]
pool = "own"
[pool.gone]
type = "process"
name = "deploy-nowhere"
[pool.other]
type = "process"
name = "deploy-ecs"
[pool.own]
type = "process"
name = "deploy-process"
variables = { strem_output = true }
"""
    found = {type(each): each for each in refusals(deploy, toml)}
    assert set(found) == {WorkPoolMissingError, WorkPoolTypeError, UnknownJobVariableError}
    assert found[WorkPoolMissingError].hint == (
        "make it: `prefect work-pool create deploy-nowhere --type process`"
    )
    assert "is of type `ecs`, not `process`" in found[WorkPoolTypeError].message
    assert found[UnknownJobVariableError].hint == "did you mean `stream_output`?"


def test_a_server_that_refuses_is_heard(deploy: Deploy) -> None:
    toml = """\
[job.one]
pool = "own"
[pool.own]
type = "process"
name = "deploy-process"
variables = { name = 5 }
"""
    [error] = refusals(deploy, toml)
    assert isinstance(error, DeployRefusedError)


def test_a_server_that_is_lost_is_told(deploy: Deploy) -> None:
    from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings

    nobody = f"http://127.0.0.1:{free_port()}/api"
    with (
        temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}),
        pytest.raises(PrefectUnreachableError),
    ):
        deploy(None, url=nobody)


def test_rules_are_read_as_prefect_reads_them(deploy: Deploy) -> None:
    toml = """\
[job.over]
pool = "here"
schedule = { rrule = "FREQ=DAILY;UNTIL=20210101T000000" }
[job.zulu]
pool = "here"
schedule = { rrule = "FREQ=DAILY;UNTIL=20990101T000000Z" }
[job.wrong]
pool = "here"
schedule = { rrule = "FREQ=DAILY;BYHOUR=noon" }
"""
    found = [type(each) for each in refusals(deploy, toml)]
    assert sorted(found, key=str) == [NeverFiresError, ScheduleError, ScheduleError]


CLOUDS = """\
[job.docker]
pool = "docker"
[job.kubernetes]
pool = "kubernetes"
[job.ecs]
pool = "ecs"
[job.azure]
pool = "azure"
[job.run]
pool = "run"
[pool.docker]
type = "docker"
name = "deploy-docker"
image = "shop:1"
mem_limit = "2g"
env = { PASSWORD = { secret = "deploy-secret" } }
[pool.kubernetes]
type = "kubernetes"
name = "deploy-kubernetes"
image = "shop:1"
memory_limit = "2Gi"
[pool.ecs]
type = "ecs"
name = "deploy-ecs"
image = "shop:1"
cpu = 1024
task_role_arn = "arn:aws:iam::1:role/shop"
[pool.azure]
type = "azure-container-instance"
name = "deploy-azure-container-instance"
image = "shop:1"
subscription_id = { secret = "deploy-secret" }
resource_group_name = "shop"
cpu = 1
[pool.run]
type = "cloud-run-v2"
name = "deploy-cloud-run-v2"
image = "shop:1"
memory = "2Gi"
"""


def test_pools_of_every_cloud_take_their_variables(
    deploy: Deploy, server: Server, save_secret: Callable[[str], None], tmp_path: Path
) -> None:
    [error] = refusals(deploy, CLOUDS)
    assert isinstance(error, BlockMissingError)
    assert "`secret/deploy-secret`" in error.message
    save_secret("deploy-secret")
    assert len(deploy(CLOUDS)) == 5
    assert deploy(CLOUDS) == []
    found = deployments(server, tmp_path.name)
    steps = {json.dumps(each["pull_steps"]) for each in found.values()}
    assert len(steps) == 1
    assert "/opt/flowforge" in steps.pop()
    env = found["dev.docker"]["job_variables"]["env"]
    assert env["PASSWORD"] == "{{ prefect.blocks.secret.deploy-secret }}"  # noqa: S105 - a name
    assert "FLOWFORGE_HOME" not in env


def test_blocks_hear_of_failures(
    deploy: Deploy, server: Server, save_secret: Callable[[str], None], tmp_path: Path
) -> None:
    toml = '[job.nightly]\npool = "here"\non_failure = ["secret/deploy-hook"]\n'
    [error] = refusals(deploy, toml)
    assert isinstance(error, BlockMissingError)
    save_secret("deploy-hook")
    assert len(deploy(toml)) == 2
    assert deploy(toml) == []
    [found] = automations(server, tmp_path.name).values()
    deployment = deployments(server, tmp_path.name)["dev.nightly"]["id"]
    assert set(found["trigger"]["expect"]) == {
        "prefect.flow-run.Failed",
        "prefect.flow-run.Crashed",
    }
    related = {"prefect.resource.id": f"prefect.deployment.{deployment}"}
    assert found["trigger"]["match_related"] == related

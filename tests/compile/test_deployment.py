from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

import pytest

from flowforge_assets.compile.deployment import (
    Deployment,
    Owner,
    deployment_name,
    describe_deployments,
    id_in,
    schedule_json,
)
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.base import FlowForgeError, Problems
from flowforge_assets.errors.deploy import (
    LocalLedgerError,
    LocalStoreError,
    NoJobsError,
    UnknownPoolError,
    UpstreamKeyError,
)
from flowforge_assets.project.config import read_config
from flowforge_assets.project.environment import Environment
from flowforge_assets.project.job_schedule import Cron, Every, Recurrence
from flowforge_assets.project.jobs import Concurrency
from flowforge_assets.project.pools import BlockReference

Write: TypeAlias = Callable[[Mapping[str, str]], Path]
HEAD = '[project]\nname = "shop"\n[uses.finance]\npath = "../finance"\nenv = "live"\n'
REMOTE = """\
[env.prod]
store = "file:///disk/of/all"
ledger = { env = "LEDGER_URL" }
[pool.k8s]
type = "kubernetes"
name = "prod-k8s"
image = "registry.example/shop:1"
cluster_config = { block = "kubernetes-cluster-config/prod" }
env = { REGION = "eu", PASSWORD = { secret = "lake" } }
"""
DATASETS = [DatasetKey("gold.rates"), DatasetKey("silver.clean")]


def described(
    write: Write, text: str, *jobs: str, env: str = "prod", version: str = "abc"
) -> tuple[Deployment, ...]:
    config = read_config(write({"flowforge.toml": HEAD + text}))
    environment = Environment.of(config, env)
    return describe_deployments(config, environment, version=version, datasets=DATASETS, jobs=jobs)


def problems(write: Write, text: str, env: str = "prod") -> list[FlowForgeError]:
    with pytest.raises(FlowForgeError) as caught:
        described(write, text, env=env)
    error = caught.value
    return error.errors if isinstance(error, Problems) else [error]


def test_a_job_becomes_a_deployment(write_project: Write) -> None:
    text = """\
[job.nightly]
select = "gold.*"
schedule = { cron = "0 5 * * *" }
concurrency = 2
parameters = { force = true }
on_failure = ["ops", "shop.alerts:page_us"]
pool = "k8s"
"""
    [found] = described(write_project, text + REMOTE)
    assert found.full_name == "shop/prod.nightly"
    assert found.version == "abc"
    assert found.owner == ("flowforge", "flowforge-project:shop", "flowforge-env:prod")
    assert set(found.tags) == {*found.owner, "flowforge-job:nightly", "flowforge-version:abc"}
    assert found.parameters == {
        "select": "gold.*",
        "partitions": None,
        "force": True,
        "env": "prod",
    }
    assert (found.schedule, found.concurrency) == (Cron("0 5 * * *"), Concurrency(2))
    assert found.pool.name == "prod-k8s"
    # The function is called by the flow itself.
    assert found.on_failure == (BlockReference("webhook", "ops"),)


def test_a_project_with_an_id_is_told_from_others_of_its_name(write_project: Write) -> None:
    head = HEAD.replace("[uses", 'id = "ab12"\n[uses')
    config = read_config(write_project({"flowforge.toml": head + "[job.nightly]\ndue = true\n"}))
    environment = Environment.of(config, "dev")
    [found] = describe_deployments(config, environment, version="abc", datasets=DATASETS)
    assert id_in(found.tags) == id_in(found.owner) == "ab12"
    assert Owner("shop", "dev").is_named_by(found.tags)
    assert not Owner("shop", "prod").is_named_by(found.tags)
    assert id_in(Owner("shop", "dev").tags) is None


def test_secrets_are_named_and_blocks_are_left_to_who_deploys(write_project: Write) -> None:
    [found] = described(write_project, '[job.nightly]\npool = "k8s"\n' + REMOTE)
    assert found.job_variables == {
        "cluster_config": BlockReference("kubernetes-cluster-config", "prod"),
        "env": {
            "REGION": "eu",
            "PASSWORD": "{{ prefect.blocks.secret.lake }}",
            "FLOWFORGE_BUNDLE": "abc",
        },
        "image": "registry.example/shop:1",
    }


def test_what_is_described_depends_on_no_machine(write_project: Write, tmp_path: Path) -> None:
    text = '[job.nightly]\nschedule = { interval = "1h" }\n'
    [found] = described(write_project, text, env="dev")
    assert str(tmp_path) not in repr((found.job_variables, found.parameters, found.tags))


def test_upstream_datasets_are_known_by_the_keys_of_their_assets(write_project: Write) -> None:
    text = '[job.after]\nafter = ["gold.rates", "finance/gold.fx", "s3://bucket/x"]\n'
    [found] = described(write_project, text, env="dev")
    assert found.after == (
        "flowforge://dev/gold/rates",
        "flowforge://live/gold/fx",
        "s3://bucket/x",
    )


def test_upstream_datasets_that_nobody_knows_are_refused_at_once(write_project: Write) -> None:
    text = '[job.after]\nafter = ["gold.rate", "finanze/gold.fx"]\n'
    found = problems(write_project, text, env="dev")
    assert [type(each) for each in found] == [UpstreamKeyError] * 2
    assert {each.hint for each in found} == {
        "did you mean `gold.rates`?",
        "did you mean `finance`?",
    }
    assert all(each.place is not None and each.place.line == 6 for each in found)


def test_all_jobs_are_described_by_name_or_those_that_are_asked_for(write_project: Write) -> None:
    text = "[job.b]\ndue = true\n[job.a]\ndue = true\n"
    assert [each.job for each in described(write_project, text, env="dev")] == ["a", "b"]
    assert [each.job for each in described(write_project, text, "b", env="dev")] == ["b"]


def test_a_job_that_is_not_there_is_told(write_project: Write) -> None:
    with pytest.raises(NoJobsError) as caught:
        described(write_project, "[job.nightly]\ndue = true\n", "nihgtly", env="dev")
    assert caught.value.hint == "did you mean `nightly`?"


def test_a_project_without_jobs_has_nothing_to_deploy(write_project: Write) -> None:
    [error] = problems(write_project, "", env="dev")
    assert isinstance(error, NoJobsError)


def test_runs_elsewhere_need_a_ledger_and_tables_that_they_share(write_project: Write) -> None:
    text = '[job.nightly]\npool = "k8s"\n' + REMOTE.replace("ledger = ", "# ").replace(
        "file:///disk/of/all", "lake"
    )
    found = problems(write_project, text)
    assert {type(each) for each in found} == {LocalLedgerError, LocalStoreError}
    assert "is a file on this machine" in found[0].message


def test_a_pool_of_another_environment_is_not_there(write_project: Write) -> None:
    text = '[job.nightly]\npool = "big"\n[env.prod.pool.big]\ntype = "process"\n'
    [error] = problems(write_project, text, env="dev")
    assert isinstance(error, UnknownPoolError)


def test_names_of_two_environments_never_meet() -> None:
    assert deployment_name("prod", "a-b") != deployment_name("prod-a", "b")
    assert deployment_name("prod.a", "b") != deployment_name("prod", "a-b")


def test_an_interval_is_counted_from_one_day_so_that_it_stays(write_project: Write) -> None:
    assert schedule_json(Every(timedelta(hours=1))) == {
        "interval": 3600.0,
        "anchor_date": "2020-01-01T00:00:00Z",
        "timezone": "UTC",
    }
    assert schedule_json(Recurrence("FREQ=DAILY")) == {"rrule": "FREQ=DAILY", "timezone": "UTC"}

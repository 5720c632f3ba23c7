from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from flowforge_assets.errors.base import FlowForgeError, Problems
from flowforge_assets.errors.deploy import (
    JobVariableError,
    NoImageError,
    UnknownJobVariableError,
)
from flowforge_assets.errors.project import ConfigValueError
from flowforge_assets.project.config import read_config
from flowforge_assets.project.pools import (
    BlockReference,
    Pool,
    SecretBlock,
    find_pool,
)

Write: TypeAlias = Callable[[Mapping[str, str]], Path]
ECS = """\
[pool.aws]
type = "ecs"
name = "prod-ecs"
image = "registry.example/shop:1"
cpu = 1024
aws_credentials = { block = "aws-credentials/prod" }
network_configuration = { subnets = ["subnet-1"] }
capacity_provider_strategy = [{ capacityProvider = "spot", weight = 1 }]
env = { REGION = "eu", PASSWORD = { secret = "lake-password" } }
variables = { our_own = 1 }
"""


def problem(text: str, write_project: Write) -> FlowForgeError:
    with pytest.raises(FlowForgeError) as caught:
        read_config(write_project({"flowforge.toml": text}))
    assert not isinstance(caught.value, Problems), caught.value
    return caught.value


def test_a_whole_pool_is_read(write_project: Write) -> None:
    assert read_config(write_project({"flowforge.toml": ECS})).pools["aws"] == Pool(
        table="aws",
        kind="ecs",
        name="prod-ecs",
        variables={
            "image": "registry.example/shop:1",
            "cpu": 1024,
            "aws_credentials": BlockReference("aws-credentials", "prod"),
            "network_configuration": {"subnets": ["subnet-1"]},
            "capacity_provider_strategy": ({"capacityProvider": "spot", "weight": 1},),
        },
        env={"REGION": "eu", "PASSWORD": SecretBlock("lake-password")},
        extra={"our_own": 1},
    )


def test_an_environment_has_its_own_pool_of_a_name(write_project: Write) -> None:
    text = '[pool.big]\ntype = "process"\n[env.prod.pool.big]\ntype = "process"\nname = "prod"\n'
    config = read_config(write_project({"flowforge.toml": text}))
    prod = find_pool("big", config.environment("prod").pool, config.pools)
    dev = find_pool("big", config.environment("dev").pool, config.pools)
    assert prod is not None
    assert dev is not None
    assert (prod.name, dev.name) == ("prod", "big")


def test_processes_of_the_default_pool_are_always_there() -> None:
    found = find_pool("default", {}, {})
    assert found == Pool("default", "process", "default")
    assert not found.is_remote
    assert find_pool("other", {}, {}) is None


def test_a_misspelt_variable_gets_a_hint(write_project: Write) -> None:
    text = '[pool.k8s]\ntype = "kubernetes"\nimage = "shop:1"\nmemory_limt = "1Gi"\n'
    error = problem(text, write_project)
    assert isinstance(error, UnknownJobVariableError)
    assert error.hint == "did you mean `memory_limit`?"
    assert error.place is not None
    assert error.place.line == 4


def test_a_variable_of_another_type_of_pool_is_refused(write_project: Write) -> None:
    text = '[pool.local]\ntype = "process"\nimage = "shop:1"\n'
    assert isinstance(problem(text, write_project), UnknownJobVariableError)


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("kubernetes", "cpu_limit = 2", "a text that fits"),
        ("kubernetes", 'memory_limit = "lots"', "a text that fits"),
        ("kubernetes", 'image_pull_policy = "Sometimes"', "one of `IfNotPresent`"),
        ("kubernetes", "labels = { team = 1 }", "a table of texts"),
        ("kubernetes", "backoff_limit = -1", "a whole number from 0"),
        ("kubernetes", 'stream_output = "yes"', "true or false"),
        ("kubernetes", 'cluster_config = "prod"', "a block of the server"),
        ("docker", 'volumes = "/data:/data"', "a list of texts"),
        ("docker", 'mem_limit = "2 GB"', "a text that fits"),
        ("ecs", 'cpu = "1024"', "a whole number from 0"),
        ("ecs", 'launch_type = "LAMBDA"', "one of `FARGATE`"),
        ("ecs", 'task_role_arn = "admin"', "a text that fits"),
        ("ecs", 'network_configuration = "none"', "a table"),
        ("ecs", "capacity_provider_strategy = [1]", "a list of tables"),
        ("azure-container-instance", "cpu = 0", "a number above 0"),
        ("cloud-run-v2", 'memory = "2"', "a text that fits"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(
    kind: str, text: str, said: str, write_project: Write
) -> None:
    error = problem(f'[pool.it]\ntype = "{kind}"\nimage = "shop:1"\n{text}\n', write_project)
    assert isinstance(error, JobVariableError)
    assert f"is not {said}" in error.message
    assert error.place is not None
    assert error.place.line == 4


def test_an_unfit_value_is_not_repeated(write_project: Write) -> None:
    text = '[pool.it]\ntype = "process"\nenv = { PASSWORD = { secrt = "hunter2" } }\n'
    error = problem(text, write_project)
    assert isinstance(error, JobVariableError)
    assert "hunter2" not in error.render()


def test_a_pool_of_containers_without_an_image_is_refused(write_project: Write) -> None:
    error = problem('[pool.k8s]\ntype = "kubernetes"\n', write_project)
    assert isinstance(error, NoImageError)
    assert error.place is not None
    assert error.place.line == 2


def test_a_task_definition_of_ecs_has_the_image(write_project: Write) -> None:
    arn = "arn:aws:ecs:eu-west-1:1:task-definition/shop:1"
    text = f'[pool.aws]\ntype = "ecs"\ntask_definition_arn = "{arn}"\n'
    assert "aws" in read_config(write_project({"flowforge.toml": text})).pools


@pytest.mark.parametrize("text", ['type = "kubernetesx"', "type = 1", "name = 'x'"])
def test_a_pool_has_a_type(text: str, write_project: Write) -> None:
    with pytest.raises(FlowForgeError) as caught:
        read_config(write_project({"flowforge.toml": f"[pool.it]\n{text}\n"}))
    found = caught.value.errors if isinstance(caught.value, Problems) else [caught.value]
    assert any(isinstance(e, ConfigValueError) and "one of" in e.message for e in found)

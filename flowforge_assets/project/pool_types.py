"""The kinds of work pools, and which variables the infrastructure of each takes.

The names are those of the base job templates of Prefect's own packages, so that what its pages say
of a variable holds here too: Prefect 3.8's process worker, prefect-docker 0.7, prefect-kubernetes
0.8, prefect-aws 0.7 (ECS), prefect-azure 0.4 (Container Instances), prefect-gcp 0.6 (Cloud Run v2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

PoolKind: TypeAlias = Literal[
    "process", "docker", "kubernetes", "ecs", "azure-container-instance", "cloud-run-v2"
]
VariableForm: TypeAlias = Literal[
    "text", "whole", "number", "flag", "texts", "mapping", "table", "tables", "block"
]
"""`mapping` has texts for values, `table` anything; `block` names a block of the server."""


@dataclass(frozen=True, slots=True)
class JobVariable:
    """One variable: its form, and, where not every text will do, the `choices` or a `pattern`."""

    form: VariableForm
    choices: tuple[str, ...] = ()
    pattern: str = ""
    example: str = ""


@dataclass(frozen=True, slots=True)
class PoolType:
    """What the pools of one kind take.

    `image` says in which of the variables a container's image may stand: none for processes.
    `package` brings its worker, for `pip install`.
    """

    variables: Mapping[str, JobVariable]
    image: tuple[str, ...]
    package: str


_TEXT: Final = JobVariable("text")
_WHOLE: Final = JobVariable("whole")
_NUMBER: Final = JobVariable("number")
_FLAG: Final = JobVariable("flag")
_TEXTS: Final = JobVariable("texts")
_MAPPING: Final = JobVariable("mapping")
_TABLE: Final = JobVariable("table")
_BLOCK: Final = JobVariable("block")
_IMAGE: Final = JobVariable("text", example='"registry.example/shop:1"')
# A pool's own `name` and `env` are read apart: the first is that of the work pool.
_ALL: Final[Mapping[str, JobVariable]] = {"labels": _MAPPING, "command": _TEXT}

_PROCESS: Final = PoolType(
    {**_ALL, "stream_output": _FLAG, "working_dir": _TEXT}, image=(), package="prefect"
)
_DOCKER: Final = PoolType(
    {
        **_ALL,
        "image": _IMAGE,
        "registry_credentials": _BLOCK,
        "image_pull_policy": JobVariable("text", ("IfNotPresent", "Always", "IfPossible", "Never")),
        "networks": _TEXTS,
        "network_mode": _TEXT,
        "auto_remove": _FLAG,
        "volumes": JobVariable("texts", example='["/data:/data"]'),
        "stream_output": _FLAG,
        "mem_limit": JobVariable("text", pattern=r"\d+[bkmg]?", example='"2g"'),
        "memswap_limit": JobVariable("text", pattern=r"-1|\d+[bkmg]?", example='"4g"'),
        "privileged": _FLAG,
        "container_create_kwargs": _TABLE,
    },
    image=("image",),
    package="prefect-docker",
)
_QUANTITY: Final = r"\d+(\.\d+)?(m|[kMGTPE]i?|Ki)?"
_KUBERNETES: Final = PoolType(
    {
        **_ALL,
        "annotations": _MAPPING,
        "namespace": _TEXT,
        "image": _IMAGE,
        "service_account_name": _TEXT,
        "image_pull_policy": JobVariable("text", ("IfNotPresent", "Always", "Never")),
        "backoff_limit": _WHOLE,
        "finished_job_ttl": _WHOLE,
        "job_watch_timeout_seconds": _WHOLE,
        "pod_watch_timeout_seconds": _WHOLE,
        "stream_output": _FLAG,
        "cluster_config": _BLOCK,
        "cpu_request": JobVariable("text", pattern=_QUANTITY, example='"500m"'),
        "cpu_limit": JobVariable("text", pattern=_QUANTITY, example='"2"'),
        "memory_request": JobVariable("text", pattern=_QUANTITY, example='"1Gi"'),
        "memory_limit": JobVariable("text", pattern=_QUANTITY, example='"4Gi"'),
    },
    image=("image",),
    package="prefect-kubernetes",
)
_ARN: Final = r"arn:[a-z-]+:[a-z-]+:.*"
_ECS: Final = PoolType(
    {
        **_ALL,
        "task_definition_arn": JobVariable("text", pattern=_ARN, example='"arn:aws:ecs:..."'),
        "aws_credentials": _BLOCK,
        "cluster": _TEXT,
        "family": _TEXT,
        "launch_type": JobVariable("text", ("FARGATE", "EC2", "EXTERNAL", "FARGATE_SPOT")),
        "capacity_provider_strategy": JobVariable("tables"),
        "image": _IMAGE,
        "cpu": JobVariable("whole", example="1024"),
        "memory": JobVariable("whole", example="2048"),
        "container_name": _TEXT,
        "prefect_api_key_secret_arn": JobVariable("text", pattern=_ARN, example='"arn:aws:..."'),
        "prefect_api_auth_string_secret_arn": JobVariable(
            "text", pattern=_ARN, example='"arn:aws:..."'
        ),
        "task_role_arn": JobVariable("text", pattern=_ARN, example='"arn:aws:iam::...:role/..."'),
        "execution_role_arn": JobVariable(
            "text", pattern=_ARN, example='"arn:aws:iam::...:role/..."'
        ),
        "vpc_id": _TEXT,
        "configure_cloudwatch_logs": _FLAG,
        "cloudwatch_logs_options": _MAPPING,
        "cloudwatch_logs_prefix": _TEXT,
        "network_configuration": _TABLE,
        "auto_deregister_task_definition": _FLAG,
        "match_latest_revision_in_family": _FLAG,
    },
    image=("image", "task_definition_arn"),
    package="prefect-aws",
)
_AZURE: Final = PoolType(
    {
        **_ALL,
        "image": _IMAGE,
        "resource_group_name": _TEXT,
        "subscription_id": _TEXT,
        "identities": _TEXTS,
        "entrypoint": _TEXT,
        "image_registry": _TABLE,
        "cpu": JobVariable("number", example="1.0"),
        "gpu_count": _WHOLE,
        "gpu_sku": _TEXT,
        "memory": JobVariable("number", example="2.0"),
        "subnet_ids": _TEXTS,
        "dns_servers": _TEXTS,
        "aci_credentials": _BLOCK,
        "stream_output": _FLAG,
        "task_start_timeout_seconds": _WHOLE,
        "task_watch_poll_interval": _NUMBER,
        "keep_container_group": _FLAG,
    },
    image=("image",),
    package="prefect-azure",
)
_STAGES: Final = (
    *("ALPHA", "BETA", "GA", "DEPRECATED", "EARLY_ACCESS", "PRELAUNCH", "UNIMPLEMENTED"),
    "LAUNCH_TAG_UNSPECIFIED",
)
_CLOUD_RUN: Final = PoolType(
    {
        **_ALL,
        "credentials": _BLOCK,
        "region": _TEXT,
        "image": _IMAGE,
        "args": _TEXTS,
        "env_from_secrets": _TABLE,
        "prefect_api_key_secret": _TABLE,
        "prefect_api_auth_string_secret": _TABLE,
        "cloudsql_instances": _TEXTS,
        "keep_job": _FLAG,
        "launch_stage": JobVariable("text", _STAGES),
        "max_retries": _WHOLE,
        "cpu": JobVariable("text", pattern=r"\d+m|\d+", example='"1000m"'),
        "memory": JobVariable("text", pattern=r"\d+(G|Gi|M|Mi)", example='"2Gi"'),
        "timeout": _WHOLE,
        "vpc_connector_name": _TEXT,
        "service_account_name": _TEXT,
    },
    image=("image",),
    package="prefect-gcp",
)

POOL_TYPES: Final[Mapping[PoolKind, PoolType]] = {
    "process": _PROCESS,
    "docker": _DOCKER,
    "kubernetes": _KUBERNETES,
    "ecs": _ECS,
    "azure-container-instance": _AZURE,
    "cloud-run-v2": _CLOUD_RUN,
}

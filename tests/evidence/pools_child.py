"""Prints, as JSON, the base job template of each kind of work pool, as its worker states it.

    python pools_child.py FOLDER

FOLDER holds the packages of requirements-pools.txt. Clients of clouds that are not installed are
stood in for by empty modules: templates are made of the workers' own models, which do not ask them.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import json
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

WORKERS = (
    ("prefect.workers.process", "ProcessWorker"),
    ("prefect_docker.worker", "DockerWorker"),
    ("prefect_kubernetes.worker", "KubernetesWorker"),
    ("prefect_aws.workers.ecs_worker", "ECSWorker"),
    ("prefect_azure.workers.container_instance", "AzureContainerWorker"),
    ("prefect_gcp.workers.cloud_run_v2", "CloudRunWorkerV2"),
)
CLIENTS = frozenset(
    {
        *("aiobotocore", "azure", "boto3", "botocore", "docker", "google", "googleapiclient"),
        *("kopf", "kubernetes_asyncio", "tenacity"),
    }
)


class _Anything(type):
    """A class whose every attribute is itself."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return cls


class _Stand(metaclass=_Anything):
    """What stands for a class, a function or a decorator of a client."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __call__(self, *given: Any, **_: object) -> Any:
        return given[0] if given else self

    def __class_getitem__(cls, _: object) -> type[_Stand]:
        return cls

    def __init_subclass__(cls, **_: object) -> None:
        pass


class _StandModule(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name.endswith(("Error", "Exception", "NotFound")):
            return type(name, (Exception,), {})
        return _Stand


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds a client that nobody else has found."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        del path, target
        if fullname.partition(".")[0] not in CLIENTS:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _StandModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


def main() -> None:
    """Prints `{type: template}`."""
    sys.path.insert(0, sys.argv[1])
    sys.meta_path.append(_Finder())
    workers = [getattr(importlib.import_module(module), name) for module, name in WORKERS]
    found = {worker.type: worker.get_default_base_job_template() for worker in workers}
    sys.__stdout__.write(json.dumps(found))  # type: ignore[union-attr] # it has one


if __name__ == "__main__":
    main()

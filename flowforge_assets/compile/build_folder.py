"""The folder that a project is compiled to: what runs of it need on any machine, and its plan."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from flowforge_assets.compile.bundle import make_bundle
from flowforge_assets.compile.deployment import Deployment, describe_deployments
from flowforge_assets.compile.flow_file import MARK, flow_text
from flowforge_assets.compile.prefect_yaml import FILE, prefect_yaml
from flowforge_assets.compile.worker_image import worker_files
from flowforge_assets.errors.base import Place
from flowforge_assets.errors.bundle import BuildFolderError
from flowforge_assets.graph.build import Graph
from flowforge_assets.plan.plan import Plan
from flowforge_assets.plan.plan_file import PlanAsk, plan_text
from flowforge_assets.project.config import ProjectConfig
from flowforge_assets.project.environment import Environment

BUNDLE: Final = "bundle"
"""Where in the folder the project's own files are."""
PLAN: Final = "plan.json"
FLOW: Final = "flow.py"
_CACHES: Final = frozenset({".flowforge", "__pycache__"})


class Compiled(Protocol):
    """What can be compiled: a loaded project."""

    @property
    def config(self) -> ProjectConfig:
        """Its project file."""
        ...

    @property
    def environment(self) -> Environment:
        """Where it runs by default."""
        ...

    @property
    def graph(self) -> Graph:
        """What it declares."""
        ...

    def plan(self) -> Plan:
        """All that is out of date."""
        ...


@dataclass(frozen=True, slots=True)
class BuildFolder:
    """The bytes of each file by its path, and the version of the bundle among them.

    `unlisted` is as in `Bundle`.
    """

    files: Mapping[str, bytes]
    version: str
    unlisted: Mapping[str, Place] = field(default_factory=dict[str, Place])


def compile_project(project: Compiled, folder: str | Path, *, plan: bool = True) -> BuildFolder:
    """Writes the project as it is now into `folder`, in the place of an earlier compilation.

    The folder is whole or as it was: it is written beside and then takes its place. The same
    project, packages and tables give the same bytes. Without a `plan`, neither ledger nor tables
    are asked.

    Raises:
        ProjectError: the folder is someone else's (FF-890), or the project cannot be carried
            elsewhere (FF-893, FF-899), or its jobs cannot be deployed (FF-87x, FF-88x).
        FlowForgeError: no plan can be made.
    """
    build = make_build(project, plan=plan)
    write_build(build, Path(folder))
    return build


def make_build(project: Compiled, *, plan: bool = True) -> BuildFolder:
    """What `compile_project` writes."""
    config, environment = project.config, project.environment
    bundle = make_bundle(config, project.graph)
    version = bundle.version
    found = {f"{BUNDLE}/{name}": content for name, content in bundle.files.items()}
    texts = {
        FLOW: flow_text(config.name, env=environment.name, version=version),
        **({PLAN: plan_text(project.plan(), PlanAsk())} if plan else {}),
        **_for_prefect(config, environment, project.graph, version),
    }
    found |= {name: text.encode() for name, text in texts.items()}
    return BuildFolder(dict(sorted(found.items())), version, bundle.unlisted)


def write_build(build: BuildFolder, folder: Path) -> None:
    """Writes the files as `folder`, in the place of what an earlier compilation wrote there.

    Raises:
        BuildFolderError: it holds anything else, or cannot be written (FF-890).
    """
    try:
        folder = folder.resolve()
        beside, before = (folder.with_name(f".{folder.name}.{end}") for end in ("new", "old"))
        _settle(folder, before)
        _refuse_strangers(folder)
        shutil.rmtree(beside, ignore_errors=True)
        for name, content in build.files.items():
            path = beside / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if folder.exists():
            folder.rename(before)
        beside.rename(folder)
        _settle(folder, before)
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        message = f"`{folder.name}/` cannot be written: {reason}"
        hint = "name a folder that you may write"
        raise BuildFolderError(message, hint=hint) from error


def _settle(folder: Path, before: Path) -> None:
    """Ends the change from `before` to `folder`, also one that somebody has killed."""
    if not before.exists():
        return
    if not folder.exists():
        before.rename(folder)
        return
    kept = Path(".flowforge")  # what runs from it keep on this machine
    if (before / kept).exists() and not (folder / kept).exists():
        (before / kept).rename(folder / kept)
    shutil.rmtree(before)


def is_build(folder: Path) -> bool:
    """Whether an earlier compilation wrote the folder."""
    flow = folder / FLOW
    return flow.is_file() and MARK in flow.read_text(encoding="utf-8", errors="replace")


def _refuse_strangers(folder: Path) -> None:
    """Lets a folder pass that is not there, empty, or ours."""
    names = {path.name for path in folder.iterdir()} if folder.exists() else set[str]()
    ours = {BUNDLE, FLOW, PLAN, "prefect.yaml", "Dockerfile", "values.yaml", *_CACHES}
    strangers = sorted(names - ours if is_build(folder) else names)
    if strangers:
        message = f"`{folder.name}/` holds `{strangers[0]}`, which no compilation wrote"
        raise BuildFolderError(message, hint="name another folder, or empty this one")


def _for_prefect(
    config: ProjectConfig, environment: Environment, graph: Graph, version: str
) -> dict[str, str]:
    """What deploys the project, and what its workers are made of."""
    deployments: tuple[Deployment, ...] = ()
    if config.jobs:
        deployments = describe_deployments(
            config, environment, version=version, datasets=graph.datasets
        )
    return {
        FILE: prefect_yaml(config.name, deployments),
        **worker_files(config.name, version),
    }

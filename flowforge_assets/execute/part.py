"""A part of a run, made in another process: where that finds the project, and what it is to make.

Nothing but this value and the answer travels: rows go through the store, and outcomes into the
ledger under the id of the run, whose process holds the lease.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias, TypeVar

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.errors.part import NotPortableError
from flowforge_assets.execute.run import LocalRun
from flowforge_assets.execute.session import Session
from flowforge_assets.graph.build import Graph
from flowforge_assets.plan.needs import needs, own_reads
from flowforge_assets.plan.plan import Plan
from flowforge_assets.plan.step import Step
from flowforge_assets.project.config import read_config
from flowforge_assets.project.environment import Environment

Sets: TypeAlias = Mapping[DatasetKey, PartitionSet]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ProjectRef:
    """Where another process finds the project: folders that it sees under the same paths.

    `home` is what relative stores are taken from, `kept` what takes the place of `.flowforge`.
    """

    root: Path
    home: Path
    env: str
    kept: Path | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Steps of a run that one task makes: `plan` has these alone.

    `lost` are the rows that they cannot read and `lost_steps` the steps that came to nothing
    before them, as in a `Tally`; `lent` are the datasets that are read from elsewhere.
    `memory_mb` is its share. `version` is that of FlowForge.
    """

    ref: ProjectRef
    run_id: str
    plan: Plan
    now: datetime
    version: str
    memory_mb: int
    lent: frozenset[DatasetKey] = frozenset()
    lost: Sets = field(default_factory=dict[DatasetKey, PartitionSet])
    lost_steps: Sets = field(default_factory=dict[DatasetKey, PartitionSet])


def project_ref(session: Session) -> ProjectRef:
    """Where other processes find the project of `session`.

    Raises:
        NotPortableError: they would not find what it has here (FF-764).
    """
    environment = session.environment
    if session.root is None:
        raise _not_portable("it is not declared in the modules of a project")
    if session.given:
        names = ", ".join(f"`{type(each).__name__}`" for each in session.given)
        raise _not_portable(f"it was given resources ready-made: {names}")
    if session.outside is not None and session.outside.reads_past:
        raise _not_portable("it reads inputs as they were (`--as-of`)")
    if any(text.startswith("memory://") for text in _locations(environment)):
        raise _not_portable("its tables are in the memory of this process")
    there = Environment.of(read_config(session.root), environment.name, kept=environment.kept)
    if there.config != environment.config:
        raise _not_portable("its store is not that of the project file")
    return ProjectRef(session.root, environment.root, environment.name, environment.kept)


def _not_portable(why: str) -> NotPortableError:
    message = f"the run cannot be made by the workers of a cluster: {why}"
    hint = "workers open the project from its folder; without `task_runner` it is made here"
    return NotPortableError(message, hint=hint)


def _locations(environment: Environment) -> Iterator[str]:
    yield environment.location
    yield from (store.url for store in environment.config.stores.values())


def part_of(run: LocalRun, ref: ProjectRef, steps: Sequence[Step], *, memory_mb: int) -> Part:
    """The part of `run` that makes these steps of its plan, now that what they need has ended."""
    graph, plan = run.scope.graph, run.plan
    ids = {step.asset_id for step in steps}
    met = {key for step in steps for key in step.makes} | set(looked_at(graph, ids))
    own = Plan(
        plan.env,
        tuple(steps),
        fresh=(),
        waiting=(),
        fingerprints=_only(plan.fingerprints, ids),
        observed=_only(plan.observed, ids | met),
        changes=tuple(each for each in plan.changes if each.dataset in met),
        runs_in=plan.runs_in,
    )
    with run.lock:
        lost, lost_steps = _only(run.tally.lost, met), _only(run.tally.lost_steps, ids)
    return Part(
        ref=ref,
        run_id=run.scope.run_id,
        plan=own,
        now=run.scope.now,
        version=version_here(),
        memory_mb=memory_mb,
        lent=frozenset(run.scope.loans.by_dataset) & met,
        lost=lost,
        lost_steps=lost_steps,
    )


@cache
def version_here() -> str:
    """The version of FlowForge in this process."""
    return version("flowforge-assets")


def looked_at(graph: Graph, ids: Collection[DatasetKey]) -> Iterator[DatasetKey]:
    """What the assets look at, their own tables too."""
    for id_ in ids:
        asset = graph.assets[id_]
        yield from (read.dataset for read in asset.inputs)
        yield from (need.dataset for need in needs(asset, graph))
        yield from (read.dataset for read in own_reads(asset))


def _only(found: Mapping[DatasetKey, T], keys: Collection[DatasetKey]) -> dict[DatasetKey, T]:
    return {key: value for key, value in found.items() if key in keys}

"""Pipelines of declared functions, planned and run without a project on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event as StopSignal
from typing import Any

from flowforge_assets.core.event import Event, OnEvent
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.declare.asset import DECLARED, AssetOptions
from flowforge_assets.declare.definition import AssetDefinition, CheckDefinition, Definitions
from flowforge_assets.declare.describe import describe, key_of
from flowforge_assets.declare.keys import with_key_columns
from flowforge_assets.declare.resource import Resource
from flowforge_assets.declare.signature import read_asset, read_checks
from flowforge_assets.execute.run import RunResult
from flowforge_assets.execute.session import Session, run_here
from flowforge_assets.execute.spec import table_of
from flowforge_assets.execute.state import read_history
from flowforge_assets.graph.build import Graph, build_graph
from flowforge_assets.plan.plan import Plan, make_plan
from flowforge_assets.plan.stale import Asked
from flowforge_assets.project.config import EnvironmentConfig
from flowforge_assets.project.environment import Environment
from flowforge_assets.project.stores import StoreConfig, TableFormat
from flowforge_assets.record.history import History
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.storage.store import Store, Table

NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)
Function = Callable[..., Any]


def graph_of(*functions: Function) -> Graph:
    """The graph of declared functions: assets and checks."""
    by_function = {id(each.function): each for each in DECLARED.values()}
    classes: dict[DatasetKey, type] = {}
    assets: list[AssetDefinition] = []
    checks: list[CheckDefinition] = []
    for function in functions:
        declared = by_function[id(function)]
        if isinstance(declared.options, AssetOptions):
            assets.append(read_asset(declared, classes))
        else:
            checks += read_checks(declared, classes)
    datasets = {key: describe(cls) for key, cls in classes.items()}
    keyed = [with_key_columns(a, (a.per or datasets[a.id].partitioning).dimensions) for a in assets]
    return build_graph(Definitions(datasets, tuple(keyed), tuple(checks)))


@dataclass
class Pipeline:
    """A graph, a place for its tables and ledger, and a clock that stands still.

    `codes` says which code an asset has: another text is another fingerprint.
    """

    graph: Graph
    folder: Path
    store: Store
    environment: Environment
    now: datetime = NOON
    codes: dict[str, str] = field(default_factory=dict[str, str])
    given: tuple[Resource, ...] = ()
    events: list[Event] = field(default_factory=list[Event])
    on_event: OnEvent | None = None
    stop: StopSignal = field(default_factory=StopSignal)

    def fingerprints(self) -> dict[DatasetKey, Fingerprint]:
        return {
            id_: Fingerprint(1, self.codes.get(id_, "1"), "schema", "config", "engine")
            for id_ in self.graph.assets
        }

    def clock(self) -> datetime:
        return self.now

    def asked(
        self,
        assets: Iterable[str] | None,
        partitions: str | None,
        *,
        force: bool,
        rebuild: bool = False,
    ) -> Asked:
        ids = [DatasetKey(each) for each in (self.graph.assets if assets is None else assets)]
        chosen: dict[DatasetKey, PartitionSet] = {}
        for id_ in ids:
            partitioning = self.graph.steps(self.graph.assets[id_])
            if partitions is not None and partitioning.dimensions:
                chosen[id_] = partitioning.parse(partitions, self.now)
        return Asked(frozenset(ids), chosen, force=force, rebuild=rebuild)

    def history(self) -> History:
        with Ledger.open(self.environment.ledger_path) as ledger:
            return read_history(ledger, self.graph, self.environment, lambda: self.store)

    def plan(
        self,
        assets: Iterable[str] | None = None,
        *,
        partitions: str | None = None,
        force: bool = False,
    ) -> Plan:
        return self.planned(self.history(), self.asked(assets, partitions, force=force))

    def planned(self, history: History, asked: Asked) -> Plan:
        return make_plan(self.graph, history, self.fingerprints(), asked, env="dev", now=self.now)

    def run(
        self,
        assets: Iterable[str] | None = None,
        *,
        partitions: str | None = None,
        force: bool = False,
        rebuild: bool = False,
    ) -> RunResult:
        asked = self.asked(assets, partitions, force=force, rebuild=rebuild)
        return self.run_plan(lambda history: self.planned(history, asked))

    def run_plan(self, plan: Callable[[History], Plan]) -> RunResult:
        """Runs with the events in `events`; the clock goes on by a minute first."""
        self.now += timedelta(minutes=1)
        self.events.clear()
        session = Session(
            graph=self.graph,
            environment=self.environment,
            store=lambda: self.store,
            clock=self.clock,
            plan=plan,
            given=self.given,
        )
        return run_here(session, on_event=self.on_event or self.events.append, stop=self.stop)

    def table(self, dataset: type) -> Table:
        return table_of(self.store, self.graph.datasets[key_of(dataset)])

    def rows(self, dataset: type, *columns: str) -> list[Any]:
        """The sorted rows as tuples, or the sorted values of a single column."""
        frame = self.table(dataset).scan().collect()
        found = sorted(frame.select(columns or frame.columns).rows())
        return [row[0] for row in found] if len(columns) == 1 else found

    def ended(self) -> dict[tuple[str | None, str | None], str | None]:
        """How each unit ended, by asset and partition."""
        return {
            (event.asset, event.partition): event.status
            for event in self.events
            if event.event == "step_finished"
        }


def pipeline(
    folder: Path,
    *functions: Function,
    store: str = "memory",
    workers: int = 1,
    memory_mb: int = 64,
    resources: Mapping[str, Mapping[str, object]] | None = None,
) -> Pipeline:
    """A pipeline of declared functions in `folder`; `store` is memory, delta or parquet."""
    form: TableFormat = "parquet" if store == "parquet" else "delta"
    config = EnvironmentConfig(
        store=StoreConfig("memory://") if store == "memory" else None,
        format=form,
        workers=workers,
        memory_mb=memory_mb,
        resources=resources or {},
    )
    environment = Environment("dev", config, folder)
    return Pipeline(graph_of(*functions), folder, environment.open_store(), environment)


def reasons(plan: Plan) -> dict[str, tuple[str, str]]:
    """What each asset of the plan is made for, with its partitions as text."""
    return {step.asset: (step.reason, step.partitions.render(None)) for step in plan.steps}

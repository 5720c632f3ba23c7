"""The world of one test: a graph of what it makes from what it gives, and a store in memory."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from threading import Event as StopSignal
from typing import TYPE_CHECKING, Final, TypeAlias
from weakref import finalize

from flowforge_assets.core.event import Event
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint, Made, TableVersion
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.declare.definition import (
    AssetDefinition,
    DatasetDefinition,
    Definitions,
)
from flowforge_assets.declare.resource import Resource
from flowforge_assets.errors.base import FlowForgeError, raise_all
from flowforge_assets.execute.run import RunResult
from flowforge_assets.execute.session import Session, looked_at, run_here
from flowforge_assets.execute.spec import spec_of, table_of
from flowforge_assets.execute.state import history_of_tables
from flowforge_assets.graph.build import Graph, build_graph
from flowforge_assets.graph.writes import write_problems
from flowforge_assets.plan.fit import misfits
from flowforge_assets.plan.plan import Plan, make_plan
from flowforge_assets.plan.stale import Asked
from flowforge_assets.project.config import EnvironmentConfig
from flowforge_assets.project.environment import Environment
from flowforge_assets.project.stores import StoreConfig
from flowforge_assets.record.history import History
from flowforge_assets.storage.memory import MemoryStore
from flowforge_assets.storage.partition_values import partitions_of
from flowforge_assets.storage.store import StagedFile
from flowforge_assets.testing.given import Given, given_files, given_frame
from flowforge_assets.testing.reach import Makes, Named, Reach
from flowforge_assets.testing.upstream import (
    given_dataset,
    not_given,
    refuse_unfaked,
    stand_in,
    what_is_read,
)

if TYPE_CHECKING:
    import polars as pl

Partition: TypeAlias = str | date | datetime

_NOWHERE: Final = TableVersion("", -1)
_FINGERPRINT: Final = Fingerprint(0, "", "", "", "")


def _unheard(event: Event) -> None:
    """Says nothing."""


def _of_few_rows(dataset: DatasetDefinition) -> DatasetDefinition:
    """The dataset without the promise of more than one row: a test has few."""
    return replace(dataset, min_rows=1) if dataset.min_rows > 1 else dataset


def _no_plan(_: History) -> Plan:
    """Nothing is made."""
    return Plan("test", (), (), (), {})


@dataclass
class Scene:
    """The graph, the assets of it that are made, and what has been given and made so far."""

    graph: Graph
    makes: tuple[AssetDefinition, ...]
    store: MemoryStore = field(default_factory=MemoryStore)
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="flowforge-test-")))
    commits: int = 0

    def __post_init__(self) -> None:
        """Lets the ledger's folder go with the scene."""
        finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    @classmethod
    def of(cls, reach: Reach, makes: Sequence[Makes], given: Iterable[Named]) -> Scene:
        """The scene of these assets, which read what is given or what one of them makes.

        Raises:
            NoSuchAssetError: one of them, or what is given, is not there (FF-724).
            NotGivenError: they read what is neither given nor made (FF-721).
            GraphError: they do not fit together (FF-2xx).
        """
        there = {dataset.key for dataset in map(reach.dataset, given)}
        assets = {asset.id: asset for asset in map(reach.asset, makes)}
        datasets = {
            output.dataset: _of_few_rows(reach.dataset(output.dataset))
            for asset in assets.values()
            for output in asset.makes
        }
        checks = [check for key in datasets for check in reach.checks(key)]
        upstream: dict[DatasetKey, DatasetDefinition] = {}
        problems: list[FlowForgeError] = []
        for key, reader, must_be_there in what_is_read(assets.values(), checks, datasets):
            if key not in datasets and key not in upstream:
                upstream[key] = given_dataset(reach.dataset(key))
                if must_be_there and key not in there:
                    problems.append(not_given(upstream[key], reader))
        raise_all(problems)
        for key in there - datasets.keys() - upstream.keys():
            upstream[key] = given_dataset(reach.dataset(key))
        stand_ins = tuple(map(stand_in, upstream.values()))
        definitions = Definitions(
            datasets | upstream, (*stand_ins, *assets.values()), tuple(checks)
        )
        graph = build_graph(definitions)
        raise_all([*write_problems(graph), *misfits(graph)])
        return cls(graph, tuple(assets.values()))

    def in_order(self) -> list[AssetDefinition]:
        """The assets that are made, each after those whose datasets it reads."""
        ids = {asset.id for asset in self.makes}
        return [asset for id_, asset in self.graph.assets.items() if id_ in ids]

    def give(
        self, rows: Mapping[DatasetKey, Given], now: datetime
    ) -> dict[DatasetKey, PartitionSet]:
        """Puts the rows into the tables; gives the partitions that have any.

        What is given is there in all its partitions, with or without rows. Of a dataset that is
        made here the rows are what was there before.

        Raises:
            GivenRowsError: they have other columns than the dataset (FF-722).
            StorageError: they lie in no partition that is declared (FF-613).
        """
        return {key: self._put(self.graph.datasets[key], frame, now) for key, frame in rows.items()}

    def _put(self, dataset: DatasetDefinition, given: Given, now: datetime) -> PartitionSet:
        if dataset.kind == "artifact":
            return self._put_files(dataset, given, now)
        frame = given_frame(dataset, given)
        declared = dataset.partitioning.all(now)
        found = partitions_of(frame, dataset.partitioning.dimensions)
        table = self.store.table(spec_of(dataset))
        made = self._made(dataset, declared, found, now)
        made = replace(made, rows=frame.height)
        table.commit(table.stage(frame), replace=declared, made=made)
        return found

    def _put_files(self, dataset: DatasetDefinition, given: Given, now: datetime) -> PartitionSet:
        """Gives the artifact's partitions the files."""
        artifacts = self.store.artifact(spec_of(dataset))
        staged: dict[PartitionSet, StagedFile] = {}
        found = PartitionSet.none(dataset.partitioning.dimensions)
        for key, path in given_files(dataset, given).items():
            partition = dataset.partitioning.parse(key, now)
            staged[partition] = artifacts.stage(path)
            found |= partition
        artifacts.commit(staged, made=self._made(dataset, found, found, now))
        return found

    def _made(
        self,
        dataset: DatasetDefinition,
        partitions: PartitionSet,
        touched: PartitionSet,
        now: datetime,
    ) -> Made:
        """The record of what is given; of what is made here too it is what was there before."""
        asset = self.graph.assets[self.graph.maker[dataset.key]]
        is_made_here = asset in self.makes
        if is_made_here:
            partitions = touched
        is_apart = is_made_here and not _is_redone(asset)
        no_steps = PartitionSet.none(self.graph.steps(asset).dimensions)
        self.commits += 1
        return Made(
            dataset=dataset.key,
            partitions=no_steps if is_apart else partitions,
            asset=asset.name,
            run_id="given",
            step_id=f"given {self.commits}",
            fingerprint=_FINGERPRINT,
            inputs={},
            at=now,
            rows=0,
            table=_NOWHERE,
            touched=touched if is_apart else None,
        )

    def run(
        self,
        partitions: Mapping[DatasetKey, PartitionSet],
        resources: Iterable[Resource],
        now: datetime,
    ) -> tuple[Plan, RunResult]:
        """Makes the assets in those partitions (absent: all), whether they are stale or not.

        Raises:
            NotGivenError: they ask for a resource that the test does not stand in for (FF-721).
        """
        resources = tuple(resources)
        refuse_unfaked(self.makes, resources)
        self.environment.ledger_path.unlink(missing_ok=True)  # it lacks what was given since
        asked = Asked(frozenset(asset.id for asset in self.makes), partitions, force=True)
        prints = dict.fromkeys(asked.assets, _FINGERPRINT)
        plans: list[Plan] = []

        def planned(history: History) -> Plan:
            plans.append(make_plan(self.graph, history, prints, asked, env="test", now=now))
            return plans[-1]

        session = self._session(planned, resources, now)
        result = run_here(session, on_event=_unheard, stop=StopSignal())
        return plans[-1], result

    def rows(
        self, dataset: DatasetDefinition, resources: Iterable[Resource], now: datetime
    ) -> pl.DataFrame:
        """All that the dataset's table holds; of a view what it gives now.

        Raises:
            StorageError: it was never made (FF-602).
        """
        if self.graph.assets[self.graph.maker[dataset.key]].write != "view":
            return table_of(self.store, dataset).scan().collect()
        history = history_of_tables(self.graph, self.environment, lambda: self.store)
        session = self._session(_no_plan, resources, now)
        with looked_at(session, history) as scope:
            return scope.scan(dataset).collect()

    @property
    def environment(self) -> Environment:
        """Where the run's ledger is; its store is this scene's."""
        config = EnvironmentConfig(store=StoreConfig("memory://"), workers=1)
        return Environment("test", config, self.folder, kept=self.folder)

    def _session(
        self, plan: Callable[[History], Plan], resources: Iterable[Resource], now: datetime
    ) -> Session:
        return Session(
            graph=self.graph,
            environment=self.environment,
            store=lambda: self.store,
            clock=lambda: now,
            plan=plan,
            given=tuple(resources),
            name="test",
        )


def _is_redone(asset: AssetDefinition) -> bool:
    """Whether rows that were there before count as made by steps like the ones to come."""
    return asset.per is None and not asset.keeps_history

"""The world of one test: a graph of what it makes from what it gives, and a store in memory."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from threading import Event as StopSignal
from typing import Final, TypeAlias
from weakref import finalize

import polars as pl

from flowforge_assets.core.conform import conform
from flowforge_assets.core.event import Event
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint, Made, TableVersion
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.rule import References
from flowforge_assets.declare.definition import (
    AssetDefinition,
    CheckDefinition,
    DatasetDefinition,
    Definitions,
    Input,
    Output,
)
from flowforge_assets.declare.mapping import Has
from flowforge_assets.declare.resource import Resource
from flowforge_assets.errors.base import FlowForgeError, Place, raise_all
from flowforge_assets.errors.testing import GivenRowsError, NotGivenError
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
from flowforge_assets.record.history import History
from flowforge_assets.storage.memory import MemoryStore
from flowforge_assets.storage.partition_values import partitions_of
from flowforge_assets.testing.reach import Makes, Named, Reach
from flowforge_assets.testing.rows import Row, filled

Given: TypeAlias = pl.LazyFrame | pl.DataFrame | Iterable[Row]
"""The rows of a dataset: a frame of exactly its columns, or rows as `rows` takes them."""
Partition: TypeAlias = str | date | datetime

_NOWHERE: Final = TableVersion("", -1)
_FINGERPRINT: Final = Fingerprint(0, "", "", "", "")


def _unheard(event: Event) -> None:
    """Says nothing."""


def _never() -> None:
    """What is given is never made."""


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
            output.dataset: reach.dataset(output.dataset)
            for asset in assets.values()
            for output in asset.makes
        }
        checks = [check for key in datasets for check in reach.checks(key)]
        upstream: dict[DatasetKey, DatasetDefinition] = {}
        problems: list[FlowForgeError] = []
        for key, reader, must_be_there in _read(assets.values(), checks, datasets):
            if key not in datasets and key not in upstream:
                upstream[key] = replace(reach.dataset(key), rules=())
                if must_be_there and key not in there:
                    problems.append(_not_given(upstream[key], reader))
        raise_all(problems)
        for key in there - datasets.keys() - upstream.keys():
            upstream[key] = replace(reach.dataset(key), rules=())
        stand_ins = tuple(map(_stand_in, upstream.values()))
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
        frame = _fitting(dataset, given)
        declared = dataset.partitioning.all(now)
        table = self.store.table(spec_of(dataset))
        asset = self.graph.assets[self.graph.maker[dataset.key]]
        found = partitions_of(frame, dataset.partitioning.dimensions)
        steps, touched = declared, None
        if asset in self.makes:
            no_steps = PartitionSet.none((asset.per or dataset.partitioning).dimensions)
            steps, touched = (found, None) if _is_redone(asset) else (no_steps, found)
        self.commits += 1
        made = Made(
            dataset=dataset.key,
            partitions=steps,
            asset=asset.name,
            run_id="given",
            step_id=f"given {self.commits}",
            fingerprint=_FINGERPRINT,
            inputs={},
            at=now,
            rows=frame.height,
            table=_NOWHERE,
            touched=touched,
        )
        table.commit(table.stage(frame), replace=declared, made=made)
        return found

    def run(
        self,
        partitions: Mapping[DatasetKey, PartitionSet],
        resources: Iterable[Resource],
        now: datetime,
    ) -> tuple[Plan, RunResult]:
        """Makes the assets in those partitions (absent: all), whether they are stale or not."""
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
        config = EnvironmentConfig(store="memory://", workers=1)
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


def _read(
    assets: Iterable[AssetDefinition],
    checks: Iterable[CheckDefinition],
    made: Mapping[DatasetKey, DatasetDefinition],
) -> Iterator[tuple[DatasetKey, AssetDefinition | CheckDefinition, bool]]:
    """What is read, by whom, and whether it must be there: inputs, checks', foreign keys."""
    for asset in assets:
        for read in asset.inputs:
            yield read.dataset, asset, _must_be_there(read)
        for output in asset.makes:
            for rule in made[output.dataset].rules:
                if isinstance(rule, References):
                    yield rule.target, asset, True
    for check in checks:
        for read in check.inputs[1:]:
            yield read.dataset, check, _must_be_there(read)


def _must_be_there(read: Input) -> bool:
    is_lenient = isinstance(read.mapping, Has) and read.mapping.missing == "skip"
    return not (read.optional or is_lenient)


def _not_given(
    dataset: DatasetDefinition, reader: AssetDefinition | CheckDefinition
) -> NotGivenError:
    name = dataset.cls.__name__ if dataset.cls is not None else f'"{dataset.key}"'
    message = f"`{reader.name}` reads `{dataset.key}`, which this test neither gives nor makes"
    rows = f"rows({name}, [...])" if dataset.cls is not None else "[{...}]"
    hint = f"add it: `given={{{name}: {rows}}}`"
    return NotGivenError(message, place=reader.place, hint=hint)


def _stand_in(dataset: DatasetDefinition) -> AssetDefinition:
    """Whoever makes a dataset that the test gives."""
    return AssetDefinition(
        name=f"{dataset.key} (given)",
        makes=(Output(dataset.key, "frame"),),
        place=Place("given"),
        function=_never,
    )


def _fitting(dataset: DatasetDefinition, given: Given) -> pl.DataFrame:
    """The rows as the dataset's table holds them."""
    if not isinstance(given, (pl.LazyFrame, pl.DataFrame)):
        return filled(dataset, given)
    frame, differences = conform(given.lazy().collect(), dataset.schema)
    if differences:
        said = "; ".join(map(str, differences))
        message = f"the rows given for `{dataset.key}` are not as declared: {said}"
        raise GivenRowsError(message, hint="give rows: `rows(D, [...])` casts and fills them")
    return frame

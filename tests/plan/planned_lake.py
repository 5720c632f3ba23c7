"""Graphs of values, and a lake in which plans are made without running anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint, Made, TableVersion
from flowforge_assets.core.partition import (
    UNPARTITIONED,
    Dimension,
    Partitioning,
    PartitionSet,
    StaticExtent,
    TimeExtent,
)
from flowforge_assets.core.rule import Rule
from flowforge_assets.core.schema import Schema
from flowforge_assets.declare.definition import (
    AssetDefinition,
    CheckDefinition,
    DatasetDefinition,
    Definitions,
    Input,
    KeyParameter,
    Output,
)
from flowforge_assets.declare.mapping import Mapping as PartitionMapping
from flowforge_assets.declare.mapping import Same
from flowforge_assets.errors.base import Place
from flowforge_assets.graph.build import Graph, build_graph
from flowforge_assets.plan.plan import Plan, make_plan
from flowforge_assets.plan.stale import Asked
from flowforge_assets.plan.step import Step
from flowforge_assets.record.history import History

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)
HERE = Place("pipeline.py", 1)
DAYS = Partitioning((Dimension("day", "day"),), (TimeExtent("2026-01-01", "2026-01-05"),))
HOURS = Partitioning((Dimension("at", "hour"),), (TimeExtent("2026-01-01T00", "2026-01-05T23"),))
DAYS_AND_COUNTRIES = Partitioning(
    (Dimension("day", "day"), Dimension("country", "static")),
    (TimeExtent("2026-01-01", "2026-01-05"), StaticExtent(("ch", "de"))),
)
FINGERPRINT = Fingerprint(1, "code", "schema", "config", "engine")


def key(name: str) -> DatasetKey:
    return DatasetKey.parse(f"silver.{name}")


def dataset(
    name: str,
    partitioning: Partitioning = UNPARTITIONED,
    *,
    fresh: timedelta | None = None,
    rules: tuple[Rule, ...] = (),
) -> DatasetDefinition:
    return DatasetDefinition(key(name), (), Schema(()), rules, partitioning, HERE, fresh=fresh)


def read(name: str, mapping: PartitionMapping = Same(), *, optional: bool = False) -> Input:  # noqa: B008 - a value
    return Input(name, key(name), "frame", mapping, optional=optional)


def maker(*names: str, reads: Iterable[Input] = (), takes_sets: bool = False) -> AssetDefinition:
    """The asset `make_NAME` of the datasets `names`."""
    return AssetDefinition(
        name=f"make_{names[0]}",
        makes=tuple(Output(key(name), "frame") for name in names),
        place=HERE,
        inputs=tuple(reads),
        function=lambda: None,
        keys=(KeyParameter("days", datetime, is_set=True),) if takes_sets else (),
    )


def check_of(name: str, *reads: Input) -> CheckDefinition:
    return CheckDefinition(f"check_{name}", key(name), (read(name), *reads), lambda: None, HERE)


def graph(
    datasets: Iterable[DatasetDefinition],
    assets: Iterable[AssetDefinition],
    checks: Iterable[CheckDefinition] = (),
) -> Graph:
    known = {each.key: each for each in datasets}
    return build_graph(Definitions(known, tuple(assets), tuple(checks)))


@dataclass
class Lake:
    """What was committed to a graph's tables, and the fingerprints of today."""

    graph: Graph
    now: datetime = NOW
    commits: list[Made] = field(default_factory=list[Made])
    versions: dict[DatasetKey, TableVersion] = field(default_factory=dict[DatasetKey, TableVersion])
    today: dict[DatasetKey, Fingerprint] = field(default_factory=dict[DatasetKey, Fingerprint])

    @property
    def history(self) -> History:
        return History.of(self.commits)

    def plan(
        self,
        *names: str,
        partitions: Mapping[str, str] | None = None,
        force: bool = False,
    ) -> Plan:
        """The plan for the assets that make `names` (none: all)."""
        ids = frozenset(map(key, names)) or frozenset(self.graph.assets)
        chosen = {
            key(name): self.graph.datasets[key(name)].partitioning.parse(text, self.now)
            for name, text in (partitions or {}).items()
        }
        fingerprints = {id_: self.today.get(id_, FINGERPRINT) for id_ in self.graph.assets}
        asked = Asked(ids, chosen, force=force)
        return make_plan(self.graph, self.history, fingerprints, asked, env="dev", now=self.now)

    def make(self, plan: Plan) -> None:
        """Commits what the plan says, partition by partition: in their order where it matters."""
        for _, steps in groupby(plan.steps, lambda step: step.asset_id):
            units = [(step, unit) for step in steps for unit in step.partitions.chunks(1)]
            if units[0][0].is_ordered:
                units.sort(key=lambda each: next(each[1].points()))
            for step, unit in units:
                self.commit(step, unit)

    def make_all(self) -> None:
        """Brings everything up to date."""
        self.make(self.plan())

    def commit(self, step: Step, unit: PartitionSet) -> None:
        """Commits one unit of a step, which reads the newest versions."""
        asset = self.graph.assets[step.asset_id]
        inputs = {r.dataset: self.versions[r.dataset] for r in asset.inputs
                  if r.dataset in self.versions}  # fmt: skip
        for output in asset.makes:
            self.put(output.dataset, unit, asset=asset, inputs=inputs)

    def put(
        self,
        name: DatasetKey,
        unit: PartitionSet,
        *,
        asset: AssetDefinition,
        inputs: Mapping[DatasetKey, TableVersion],
    ) -> None:
        """Commits one partition set of one dataset."""
        known = self.versions.get(name)
        number = 0 if known is None else known.version + 1
        version = TableVersion("t" if known is None else known.table_id, number)
        self.versions[name] = version
        self.commits.append(
            Made(
                dataset=name,
                partitions=unit,
                asset=asset.name,
                run_id="run",
                step_id=f"{name}#{version.version}",
                fingerprint=self.today.get(asset.id, FINGERPRINT),
                inputs=inputs,
                at=self.now,
                rows=1,
                table=version,
            )
        )

    def remake(self, name: str, partitions: str = "") -> None:
        """Makes partitions of one dataset again, whatever the plan would say."""
        asset = self.graph.assets[self.graph.maker[key(name)]]
        partitioning = self.graph.datasets[key(name)].partitioning
        chosen = (
            partitioning.parse(partitions, self.now) if partitions else partitioning.all(self.now)
        )
        inputs = {r.dataset: self.versions[r.dataset] for r in asset.inputs
                  if r.dataset in self.versions}  # fmt: skip
        self.put(key(name), chosen, asset=asset, inputs=inputs)

    def drop(self, name: str) -> None:
        """Deletes a table."""
        self.commits = [made for made in self.commits if made.dataset != key(name)]
        self.versions.pop(key(name), None)


def said(plan: Plan) -> list[tuple[str, str, str]]:
    """Each step as (dataset, partitions, reason)."""
    return [(step.asset_id.name, step.partitions.render(None), step.reason) for step in plan.steps]


def waits(plan: Plan) -> list[tuple[str, str, str]]:
    """Each wait as (dataset, partitions, what is missing)."""
    return [(w.asset.name, w.partitions.render(None), w.missing.name) for w in plan.waiting]

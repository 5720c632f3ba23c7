"""`materialize(D, given={...})`: runs assets for a test as a run does, over rows in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from flowforge_assets.core.clock import utc_now
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import Partitioning, PartitionSet
from flowforge_assets.declare.caller import calling_frame
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition
from flowforge_assets.declare.resource import Resource
from flowforge_assets.errors.base import FlowForgeError, did_you_mean
from flowforge_assets.errors.testing import NoSuchAssetError, NotGivenError, PartitionUnsaidError
from flowforge_assets.execute.bad_rows import bad_spec
from flowforge_assets.execute.spec import spec_of
from flowforge_assets.plan.asked import asked_partitions
from flowforge_assets.plan.partition_map import read_by
from flowforge_assets.plan.plan import Plan
from flowforge_assets.plan.rows import rows_of
from flowforge_assets.project.seen import modules_seen
from flowforge_assets.sql.analysis import SqlAnalysis
from flowforge_assets.testing.given import Given
from flowforge_assets.testing.reach import (
    DeclaredReach,
    Makes,
    Named,
    ProjectReach,
    Reach,
    named_key,
)
from flowforge_assets.testing.scene import Partition, Scene

if TYPE_CHECKING:
    import polars as pl

    from flowforge_assets.api import Project
    from flowforge_assets.execute.run import RunResult

Givens: TypeAlias = Mapping[Named, Given]
"""The rows of datasets by class or key; written where they are given, so that types are known."""
AnyProject: TypeAlias = "Project | str | Path"
_A_MINUTE = timedelta(minutes=1)


class Materialize(Protocol):
    """The fixture `materialize`: the function of that name, over the test's own project."""

    def __call__(
        self,
        *makes: Makes,
        given: Givens | None = None,
        partition: Partition | None = None,
        resources: Iterable[Resource] = (),
        now: datetime | None = None,
        raises: bool = True,
    ) -> Ran:
        """What came of making `makes` from `given`."""
        ...


class Ran:
    """What a test's assets made: `ran[Orders]` are the rows of a dataset.

    `plan` is what was planned, with reasons; `errors` are those of steps that failed.
    """

    def __init__(
        self,
        scene: Scene,
        reach: Reach,
        plan: Plan,
        result: RunResult,
        *,
        resources: tuple[Resource, ...],
        now: datetime,
    ) -> None:
        """Of one run; `materialize` makes it."""
        self._scene = scene
        self._reach = reach
        self._resources = resources
        self._now = now
        self.plan = plan
        self.result = result

    def __repr__(self) -> str:
        """What was planned, and how it ended."""
        return f"{self.plan!r}\n{self.result!r}"

    @property
    def errors(self) -> tuple[FlowForgeError, ...]:
        """One for each unit that failed."""
        return self.result.errors

    def __getitem__(self, dataset: Named) -> pl.DataFrame:
        """The rows that the dataset's table holds now, given or made.

        Raises:
            NoSuchAssetError: the test neither gives nor makes it (FF-724).
            StorageError: it was never made (FF-602).
        """
        return self._scene.rows(self._dataset(dataset), self._resources, self._now)

    def file(self, artifact: Named, partition: str = "") -> Path:
        """The file of an artifact; of one that has partitions that of the key `partition`.

        Raises:
            NoSuchAssetError: the test neither gives nor makes it (FF-724).
            StorageError: there is no such file (FF-630).
        """
        dataset = self._dataset(artifact)
        wanted = dataset.partitioning.parse(partition, self._now)
        return self._scene.store.artifact(spec_of(dataset)).file(wanted).path

    def bad_rows(self, dataset: Named) -> pl.DataFrame:
        """The rows of the dataset that were set aside, with what they break in `_broken_rules`.

        Raises:
            NoSuchAssetError: the test neither gives nor makes it (FF-724).
            StorageError: none were ever set aside (FF-602).
        """
        return self._scene.store.table(bad_spec(self._dataset(dataset))).scan().collect()

    def again(
        self,
        *,
        given: Givens | None = None,
        partition: Partition | None = None,
        resources: Iterable[Resource] = (),
        now: datetime | None = None,
        raises: bool = True,
    ) -> Ran:
        """The same assets once more over the same tables, a minute later or at `now`.

        What is given takes the place of what was given before; without `resources` they are the
        same.

        Raises:
            FlowForgeError: see `materialize`.
        """
        return _run(
            self._scene, self._reach, given or {}, partition, tuple(resources) or self._resources,
            now=_aware(now) or self._now + _A_MINUTE, raises=raises,
        )  # fmt: skip

    def _dataset(self, dataset: Named) -> DatasetDefinition:
        key = named_key(dataset)
        found = self._scene.graph.datasets.get(key)
        if found is None:
            message = f"the test neither gives nor makes `{key}`"
            known = self._scene.graph.datasets
            hint = did_you_mean(key, known) or f"it has {', '.join(f'`{each}`' for each in known)}"
            raise NoSuchAssetError(message, hint=hint)
        return found


def materialize(
    *makes: Makes,
    given: Givens | None = None,
    partition: Partition | None = None,
    resources: Iterable[Resource] = (),
    project: AnyProject | None = None,
    now: datetime | None = None,
    raises: bool = True,
) -> Ran:
    """Makes datasets from `given` rows as a run would, in memory; gives what came of it.

    `makes` are datasets (class or key) or assets (function). What they read is given, or made
    among them. `given` holds frames, or rows as `rows` takes them, by class or key; of a dataset
    that is made here they are what was there before. Rules and checks hold as in a run.

    `partition` is one (`date(2026, 1, 1)`, `"2026-01-01"`) or a range (`"A..B"`), made in
    order; by default those that the given rows belong to. `resources` stand in for those of their
    class. `project` (a `Project`, or its folder) is where the assets are found; without it they
    are those of the test's module and of the modules that it imports from. `now` is the time of
    the run. Without `raises`, failures are left in `errors`.

    Raises:
        NoSuchAssetError: nothing makes what is to be made (FF-724).
        NotGivenError: something is read that is neither given nor made (FF-721).
        GivenRowsError: rows do not fit their dataset (FF-722).
        PartitionUnsaidError: no partition is named, and the rows do not tell (FF-723).
        FlowForgeError: a declaration is wrong, or a step failed: its first error.
    """
    rows = given or {}
    if project is None:
        frame = calling_frame()
        modules = modules_seen(frame.f_globals, [*makes, *rows])
        with SqlAnalysis() as sql:
            reach: Reach = DeclaredReach(modules, sql)
            scene = Scene.of(reach, makes, rows)
    else:
        reach = ProjectReach(_loaded(project).graph)
        scene = Scene.of(reach, makes, rows)
    return _run(
        scene, reach, rows, partition, tuple(resources), now=_aware(now) or utc_now(), raises=raises
    )


def _loaded(project: AnyProject) -> Project:
    if isinstance(project, (str, Path)):
        from flowforge_assets.api import Project  # few tests load one by its folder

        return Project.load(project)
    return project


def _aware(now: datetime | None) -> datetime | None:
    """The time in UTC, as which one without a zone is taken."""
    return now if now is None or now.tzinfo else now.replace(tzinfo=UTC)


def _run(
    scene: Scene,
    reach: Reach,
    given: Givens,
    partition: Partition | None,
    resources: tuple[Resource, ...],
    *,
    now: datetime,
    raises: bool,
) -> Ran:
    found = scene.give({reach.dataset(name).key: rows for name, rows in given.items()}, now)
    asked: dict[DatasetKey, PartitionSet] = {}
    for asset in scene.in_order():
        if scene.graph.steps(asset).dimensions:
            steps = asked[asset.id] = _asked(scene, asset, partition, found, now)
            if asset.per is None or asset.write == "overwrite":  # else late rows land anywhere
                found |= {
                    output.dataset: rows_of(scene.graph.datasets[output.dataset], steps, now)
                    for output in asset.makes
                }
    plan, result = scene.run(asked, resources, now)
    for waiting in plan.waiting:
        asset = scene.graph.assets[waiting.asset]
        shown = f" in {waiting.partitions.render()}" if waiting.partitions.dimensions else ""
        message = f"`{asset.name}`{shown} needs rows of `{waiting.missing}` that are not there"
        hint = "give them, or make the partitions before in the same test: `partition=A..B`"
        raise NotGivenError(message, place=asset.place, hint=hint)
    if raises and result.errors:
        raise result.errors[0]
    return Ran(scene, reach, plan, result, resources=resources, now=now)


def _asked(
    scene: Scene,
    asset: AssetDefinition,
    partition: Partition | None,
    found: Mapping[DatasetKey, PartitionSet],
    now: datetime,
) -> PartitionSet:
    """The partitions of the asset's steps that are to be made."""
    steps = scene.graph.steps(asset)
    if isinstance(partition, str):
        return asked_partitions(scene.graph, [asset.id], partition, now=now)[asset.id]
    if partition is not None:
        return _holding(steps, partition, now)
    told = PartitionSet.none(steps.dimensions)
    own = {output.dataset for output in asset.makes}
    for read in asset.inputs:
        if read.dataset in found and read.dataset not in own:
            up = scene.graph.datasets[read.dataset].partitioning
            if up.dimensions:
                told |= read_by(
                    found[read.dataset], up=up, down=steps, mapping=read.mapping, now=now
                )
    if not told:
        message = f"nothing tells which partitions of `{asset.id}` this test is to make"
        hint = 'say `partition="2026-01-01"`, a range `"A..B"`, or a `date`'
        raise PartitionUnsaidError(message, place=asset.place, hint=hint)
    return told


def _holding(steps: Partitioning, moment: date, now: datetime) -> PartitionSet:
    """The declared partitions that hold a day or an instant, whatever else they are cut by."""
    declared = steps.all(now)
    axes = tuple(
        dimension.axis(dimension.of_value(moment)) if dimension.is_time else axis
        for box in declared.boxes[:1]
        for dimension, axis in zip(steps.dimensions, box, strict=True)
    )
    held = PartitionSet(steps.dimensions, (axes,)) & declared if axes else declared
    if not held:
        message = f"`{moment}` lies in no partition that is declared: {declared.render()}"
        raise PartitionUnsaidError(message, hint="a partition is there when it is over at `now=`")
    return held

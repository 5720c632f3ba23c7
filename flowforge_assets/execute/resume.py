"""What a run had planned and not made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import cast

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint, Made
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.errors.run import UnknownRunError
from flowforge_assets.graph.build import Graph
from flowforge_assets.plan.needs import commits_alone, is_ordered
from flowforge_assets.plan.plan import Plan
from flowforge_assets.plan.step import MOST_IN_A_COMMIT, Reason, Step
from flowforge_assets.record.history import History
from flowforge_assets.record.run import RunRecord, StepRecord


def plan_of_rest(
    graph: Graph,
    history: History,
    run_id: str,
    run: RunRecord | None,
    steps: Sequence[StepRecord],
    *,
    fingerprints: Mapping[DatasetKey, Fingerprint],
) -> Plan:
    """The steps of that run with the partitions that it did not commit, in graph order.

    Raises:
        UnknownRunError: the ledger knows no such run, or it made all that it planned (FF-705).
    """
    if run is None:
        message = f"no run is called `{run_id}`"
        raise UnknownRunError(message, hint="`flowforge history` lists the runs")
    rest: dict[DatasetKey, list[Step]] = {}
    for planned in steps:
        asset = graph.assets.get(planned.makes[0])
        if asset is None or "|" in planned.step_id:
            continue
        since = partial(_is_since, run)
        rest_of = lacking(history, planned.makes, planned.partitions, is_done=since)
        left = _union(planned.partitions, (part for _, part in rest_of))
        is_begun = planned.reason == "rebuild" and left != planned.partitions
        for at, (commits, partitions) in enumerate(rest_of):
            rest.setdefault(asset.id, []).append(
                Step(
                    id=f"{planned.step_id}+{at}" if at else planned.step_id,
                    asset_id=asset.id,
                    asset=asset.name,
                    makes=planned.makes,
                    partitions=partitions,
                    # what was emptied and begun is not emptied again
                    reason="never made" if is_begun else cast("Reason", planned.reason),
                    detail=f"left by run {run_id}",
                    takes_sets=asset.takes_sets,
                    is_ordered=is_ordered(asset, graph) or planned.reason == "rebuild",
                    most=1 if commits_alone(asset, graph) else MOST_IN_A_COMMIT,
                    batch=asset.batch,
                    commits=() if len(commits) == len(planned.makes) else commits,
                )
            )
    if not rest:
        message = f"the run `{run_id}` has nothing left to do"
        raise UnknownRunError(message, hint="`flowforge run` makes what is out of date since")
    ordered = tuple(step for id_ in graph.assets for step in rest.get(id_, ()))
    used = {step.asset_id: fingerprints[step.asset_id] for step in ordered}
    return Plan(run.env, ordered, (), (), used)


def _is_since(run: RunRecord, made: Made) -> bool:
    return made.run_id == run.run_id or made.at > run.started_at


def lacking(
    history: History,
    makes: Iterable[DatasetKey],
    partitions: PartitionSet,
    *,
    is_done: Callable[[Made], bool],
) -> list[tuple[tuple[DatasetKey, ...], PartitionSet]]:
    """The partitions of a step by the outputs that have no commit of which `is_done` holds."""
    parts: list[tuple[tuple[DatasetKey, ...], PartitionSet]] = [((), partitions)]
    for dataset in makes:
        since = (piece.partitions for piece in history.lookup(dataset) if is_done(piece))
        done = _union(partitions, since)
        halves = [((*keys, dataset), part - done) for keys, part in parts]
        halves += [(keys, part & done) for keys, part in parts]
        parts = [(keys, part) for keys, part in halves if part]
    return [(keys, part) for keys, part in parts if keys]


def _union(like: PartitionSet, parts: Iterable[PartitionSet]) -> PartitionSet:
    found = PartitionSet.none(like.dimensions)
    for part in parts:
        found |= part
    return found

"""A plan: what will be made, in order, with reasons; a pure value with a hash."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint, TableVersion
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.graph.build import Graph
from flowforge_assets.plan.drawing import plan_drawing
from flowforge_assets.plan.gone import held_back
from flowforge_assets.plan.needs import commits_alone, is_ordered
from flowforge_assets.plan.stale import NOTHING_OBSERVED, Asked, find_stale
from flowforge_assets.plan.step import MOST_IN_A_COMMIT, Kept, Step, Waiting
from flowforge_assets.plan.table_change import TableChange
from flowforge_assets.record.history import History


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in an order in which they can be made; what is fresh; what has to wait.

    `kept` is out of date and stays, since its table keeps its history. `fingerprints` says for
    each step's asset what it will be made with, `observed` which versions its sources had,
    `unobserved` why some tell none. `notes` is what else is to be known: rows that come from
    elsewhere, or in part. `gone` are external datasets that are not there. `changes` says of
    tables whose columns are declared anew what becomes of their rows. `runs_in` names the engine of
    each asset that asks for a warehouse: its kind, or `duckdb` where the environment has none.
    `inputs` are the newest versions of what the steps read and none of them makes.
    """

    env: str
    steps: tuple[Step, ...]
    fresh: tuple[DatasetKey, ...]
    waiting: tuple[Waiting, ...]
    fingerprints: Mapping[DatasetKey, Fingerprint]
    kept: tuple[Kept, ...] = ()
    observed: Mapping[DatasetKey, str] = field(default_factory=dict[DatasetKey, str])
    unobserved: Mapping[DatasetKey, FlowForgeError] = field(
        default_factory=dict[DatasetKey, FlowForgeError]
    )
    notes: tuple[str, ...] = ()
    gone: tuple[DatasetKey, ...] = ()
    changes: tuple[TableChange, ...] = ()
    runs_in: Mapping[str, str] = field(default_factory=dict[str, str])
    inputs: Mapping[DatasetKey, TableVersion] = field(
        default_factory=dict[DatasetKey, TableVersion]
    )

    def as_json(self) -> Mapping[str, object]:
        """The plan as `plan --json` has it: `steps`, `fresh`, `waiting`, `kept`, `changes`, ..."""
        return {
            "env": self.env,
            "steps": [step.as_json() for step in self.steps],
            "fresh": list(self.fresh),
            "waiting": [
                {
                    "asset": waiting.asset,
                    "partitions": waiting.partitions.render(None) or None,
                    "missing": waiting.missing,
                }
                for waiting in self.waiting
            ],
            "kept": [
                {
                    "asset": kept.asset,
                    "partitions": kept.partitions.render(None) or None,
                    "reason": kept.reason,
                    "detail": kept.detail,
                }
                for kept in self.kept
            ],
            "changes": [change.as_json() for change in self.changes],
            "notes": list(self.notes),
            "runs_in": dict(self.runs_in),
        }

    def __repr__(self) -> str:
        """The steps with their reasons, a line each."""
        return plan_drawing(self).text()

    def _repr_html_(self) -> str:
        """The same, for a notebook."""
        return plan_drawing(self).html()

    @property
    def hindrances(self) -> tuple[str, ...]:
        """What keeps each asset from being made, if nothing at all can be made."""
        return () if self.steps else tuple(waiting.said for waiting in self.waiting)

    @property
    def digest(self) -> str:
        """A short hash of the plan's content: equal plans, equal digests."""
        text = json.dumps(self.as_json(), sort_keys=True, ensure_ascii=False)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def make_plan(
    graph: Graph,
    history: History,
    fingerprints: Mapping[DatasetKey, Fingerprint],
    asked: Asked,
    *,
    env: str,
    now: datetime,
    observed: Mapping[DatasetKey, str] = NOTHING_OBSERVED,
    gone: Collection[DatasetKey] = (),
) -> Plan:
    """The plan that brings what was asked for up to date; empty when it is.

    `observed` has the versions that sources tell today; readers of what is `gone` wait for it.
    """
    found = find_stale(graph, history, fingerprints, asked, now=now, observed=observed)
    found = held_back(found, graph, asked, gone, now=now)
    steps: list[Step] = []
    numbers: dict[DatasetKey, int] = {}
    reasons = Counter(stale.asset for stale in found.stale)
    for stale in found.stale:
        asset = graph.assets[stale.asset]
        # what is merged for several reasons is merged in order of time, step by step
        alone = asset.minds_order and reasons[stale.asset] > 1
        number = numbers[stale.asset] = numbers.get(stale.asset, 0) + 1
        steps.append(
            Step(
                id=stale.asset if number == 1 else f"{stale.asset}#{number}",
                asset_id=stale.asset,
                asset=asset.name,
                makes=tuple(output.dataset for output in asset.makes),
                partitions=stale.partitions,
                reason=stale.reason,
                detail=stale.detail,
                takes_sets=asset.takes_sets,
                # the first commit of a rebuild empties the table
                is_ordered=is_ordered(asset, graph) or stale.reason == "rebuild",
                most=1 if alone or commits_alone(asset, graph) else MOST_IN_A_COMMIT,
                commits=stale.commits,
                is_conditional=stale.is_conditional,
                batch=asset.batch,
            )
        )
    return Plan(
        env=env,
        steps=tuple(steps),
        fresh=found.fresh,
        waiting=found.waiting,
        fingerprints={step.asset_id: fingerprints[step.asset_id] for step in steps},
        kept=found.kept,
        observed=dict(observed),
        notes=tuple(_in_place(graph, steps)),
        inputs=_inputs(graph, history, steps),
    )


def _inputs(
    graph: Graph, history: History, steps: Iterable[Step]
) -> dict[DatasetKey, TableVersion]:
    """The newest version of each dataset that is read and not made."""
    ids = dict.fromkeys(step.asset_id for step in steps)
    made = {key for step in steps for key in step.makes}
    read = {each.dataset for id_ in ids for each in graph.assets[id_].inputs} - made
    newest = ((key, history.newest(key)) for key in sorted(read))
    return {key: version for key, version in newest if version is not None}


def _in_place(graph: Graph, steps: Iterable[Step]) -> Iterator[str]:
    """What is to be known of tables that jobs write themselves."""
    for id_ in dict.fromkeys(step.asset_id for step in steps):
        asset = graph.assets[id_]
        if asset.in_place:
            for dataset in asset.outs.values():
                yield f"`{asset.name}` writes `{dataset}` in place: not atomic, checked afterwards"

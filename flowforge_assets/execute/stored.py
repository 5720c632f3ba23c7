"""Holds what is stored now against all rules and checks; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.result import Examination, Finding
from flowforge_assets.core.rule import Rule, Unique
from flowforge_assets.declare.definition import (
    AssetDefinition,
    DatasetDefinition,
    External,
    Output,
)
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.execute.judge import Judge
from flowforge_assets.execute.lending import datasets_read
from flowforge_assets.execute.scope import RunScope
from flowforge_assets.record.history import History
from flowforge_assets.storage.failure import reading

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class StoredReport:
    """What the rows of a dataset break; `rows` is None where it was never made.

    `rules` and `checks` count those that it is held to. `error` says why it could not be.
    """

    dataset: DatasetKey
    rules: int
    checks: int
    rows: int | None = None
    findings: tuple[Finding, ...] = ()
    error: FlowForgeError | None = None

    @property
    def passed(self) -> bool:
        """Whether nothing was found that would have stopped a write."""
        return self.error is None and not any(finding.blocking for finding in self.findings)


def examine_stored(
    scope: RunScope, history: History, ids: Iterable[DatasetKey]
) -> Iterator[StoredReport]:
    """A report for each dataset that the assets `ids` make, artifacts left out.

    External datasets that they read, which no write of ours ever judges, come with them; those of
    other projects are judged there. Costs a scan of each table.
    """
    chosen = list(ids)
    for key in dict.fromkeys(datasets_read(scope.graph, chosen)):
        external = scope.graph.datasets[key].external
        if external is not None and external.project is None:
            yield _report(scope, history, _outsider(key, external), scope.graph.datasets[key])
    for id_ in chosen:
        asset = scope.graph.assets[id_]
        for output in asset.makes:
            dataset = scope.graph.datasets[output.dataset]
            if dataset.kind == "table":
                yield _report(scope, history, asset, dataset)


def _outsider(key: DatasetKey, external: External) -> AssetDefinition:
    """Who makes an external dataset, as far as we know of them."""
    return AssetDefinition(key, (Output(key, "frame"),), external.place)


def _report(
    scope: RunScope, history: History, asset: AssetDefinition, dataset: DatasetDefinition
) -> StoredReport:
    checks = scope.graph.checks.get(dataset.key, ())
    gone = scope.loans.gone.get(dataset.key)
    report = StoredReport(dataset.key, len(dataset.rules), len(checks), error=gone)
    if not scope.made.of(dataset):
        return report
    try:
        found = _examined(scope, history, asset, dataset)
    except FlowForgeError as error:
        return replace(report, error=error)
    return replace(report, rows=found.rows, findings=found.findings)


def _examined(
    scope: RunScope, history: History, asset: AssetDefinition, dataset: DatasetDefinition
) -> Examination:
    steps = PartitionSet.none((asset.per or dataset.partitioning).dimensions)
    for piece in history.lookup(dataset.key):
        steps |= piece.partitions
    judge = _TableJudge(scope, asset, dataset, steps)
    with reading(scope.reader(dataset)):
        return judge.examine(scope.scan(dataset))


class _TableJudge(Judge):
    """Judges rows that are the whole table."""

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Its rules; where several states of a row are kept, a key is unique among each."""
        since = self.dataset.written_by("valid_from")
        if since is None:
            return self.dataset.rules
        return tuple(
            replace(rule, columns=(*rule.columns, since)) if isinstance(rule, Unique) else rule
            for rule in self.dataset.rules
        )

    @cached_property
    def others(self) -> pl.LazyFrame | None:
        """None: there are no other rows."""
        return None

"""Rows that stay when columns go: they must be told apart still."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from flowforge_assets.core.rule import Unique
from flowforge_assets.errors.base import FlowForgeError, raise_all
from flowforge_assets.plan.rows import rows_of

if TYPE_CHECKING:
    from flowforge_assets.core.partition import PartitionSet
    from flowforge_assets.core.result import Examination
    from flowforge_assets.core.schema_diff import ChangeKind
    from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition
    from flowforge_assets.execute.scope import RunScope
    from flowforge_assets.plan.plan import Plan

_TELLING: Final[frozenset[ChangeKind]] = frozenset({"dropped", "renamed"})


def refuse_shared_keys(scope: RunScope, plan: Plan) -> None:
    """Passes when rows that stay are unique by what the datasets declare now, as they are.

    Only where columns were dropped or renamed: a pass over the key columns of each such table.

    Raises:
        RulesBrokenError: rows that were told apart by what is gone would share a key (FF-710).
        StorageError: a table cannot be read (FF-6xx).
    """
    errors: list[FlowForgeError] = []
    for change in plan.changes:
        is_kept = change.answer == "dropped" or (change.answer == "rewritten" and change.is_made)
        if not is_kept or _TELLING.isdisjoint(each.kind for each in change.diff.changes):
            continue
        dataset = scope.graph.datasets[change.dataset]
        asset = scope.graph.assets[scope.graph.maker[change.dataset]]
        staying = scope.made.of(dataset)
        if asset.write == "overwrite":
            for step in plan.steps:
                if dataset.key in step.makes:
                    staying -= rows_of(dataset, step.partitions, scope.now)
        rules = [rule for rule in dataset.rules if isinstance(rule, Unique)]
        if staying and rules:
            errors += _broken(scope, dataset, asset, staying, rules)
    raise_all(errors)


def _broken(
    scope: RunScope,
    dataset: DatasetDefinition,
    asset: AssetDefinition,
    staying: PartitionSet,
    rules: Sequence[Unique],
) -> list[FlowForgeError]:
    """What is wrong where rows of the partitions `staying` are no longer unique."""
    # engines: a run whose tables are as they are declared needs none for this
    from polars import col

    # as above
    from flowforge_assets.execute.judge import Judge
    from flowforge_assets.quality.examine import examine
    from flowforge_assets.quality.verdict import refusals
    from flowforge_assets.storage.failure import reading

    if asset.write != "overwrite":
        rules = [replace(rule, scope="table") for rule in rules]
    whole = replace(asset, write="overwrite")
    partition_by = Judge(scope, whole, replace(dataset, steps=None), staying).partition_by
    since, until = dataset.written_by("valid_from"), dataset.written_by("valid_to")
    table = scope.table(dataset)
    with reading(table):
        rows = table.scan(staying if staying.dimensions else None)
        found: list[Examination] = []
        if until is not None:
            found.append(examine(rows.filter(col(until).is_null()), rules))
        if since is not None:  # what held before is another row of the same key
            rules = [replace(rule, columns=(*rule.columns, since)) for rule in rules]
        found.append(examine(rows, rules, partition_by=partition_by))
    hint = (
        "nothing was written, and the rows that stay are as they were: declare the columns as they "
        f"were, or empty it and make it anew: `flowforge run --rebuild -s {asset.id}`"
    )
    for each in found:
        if wrong := refusals(each, dataset.key, place=dataset.place, hint=hint):
            return wrong
    return []

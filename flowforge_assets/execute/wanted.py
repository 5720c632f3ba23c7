"""What a plan holds while it is made: the partitions that it writes, by asset."""

from __future__ import annotations

from collections.abc import Collection

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.declare.definition import AssetDefinition
from flowforge_assets.declare.renamed import first_key
from flowforge_assets.graph.build import Graph
from flowforge_assets.plan.plan import Plan
from flowforge_assets.record.leases import Wanted


def wanted_by(plan: Plan, graph: Graph, *, whole: Collection[DatasetKey] = ()) -> Wanted:
    """The leases of a plan, and of all partitions of the assets `whole`.

    Partitions alone are held where one can be made without a look at the others and replaces no
    rows but its own. Else, and where the columns of a table change, all of the asset is held.
    """
    changed = {change.dataset for change in plan.changes}
    makers = {graph.maker[key] for key in changed if key in graph.maker}
    found: dict[str, PartitionSet | None] = {held(graph, id_): None for id_ in (*whole, *makers)}
    for step in plan.steps:
        asset = graph.assets[step.asset_id]
        name = held(graph, asset.id)
        is_whole = (
            step.is_ordered or step.reason in {"rebuild", "restored"} or not _is_apart(asset, graph)
        )
        if is_whole or found.get(name, step.partitions) is None:
            found[name] = None
        else:
            known = found.get(name)
            found[name] = step.partitions if known is None else known | step.partitions
    return found


def held(graph: Graph, id_: DatasetKey) -> str:
    """The name under which an asset is held: that of its table, whatever it is called today."""
    return first_key(graph.datasets[id_])


def _is_apart(asset: AssetDefinition, graph: Graph) -> bool:
    """Whether each of its partitions replaces rows of its own, as a file of a log that can tell."""
    outputs = [graph.datasets[output.dataset] for output in asset.makes]
    return (
        asset.write == "overwrite"
        and not asset.warehouse
        and not asset.in_place
        and all(each.kind == "table" and each.steps is None for each in outputs)
    )

"""Views: nothing is stored of them, so that who reads one works it out from its inputs.

A warehouse keeps its own: theirs are read there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.declare.definition import DatasetDefinition
from flowforge_assets.execute.call import Surroundings, call_asset, users_code
from flowforge_assets.execute.contract import as_frame, fitted
from flowforge_assets.execute.inputs import Inputs
from flowforge_assets.execute.scope import RunScope
from flowforge_assets.storage.store import KeepsViews

if TYPE_CHECKING:
    import polars as pl


def view_rows(
    scope: RunScope, dataset: DatasetDefinition, partitions: PartitionSet | None
) -> pl.LazyFrame:
    """The declared columns of the view's rows, of all partitions or some, by one call.

    Raises:
        InputMissingError: what it reads was never made (FF-703).
        StepFailedError: its code fails (FF-701).
    """
    table = scope.reader(dataset)
    if isinstance(table, KeepsViews):
        is_whole = partitions is None or not partitions.dimensions
        return table.scan(None if is_whole else partitions).select(dataset.schema.names)
    asset = scope.graph.assets[scope.graph.maker[dataset.key]]
    wanted = scope.made.of(dataset) if partitions is None else partitions
    loaded = Inputs(scope, asset, asset.inputs, wanted).load(wanted)
    around, step_id = Surroundings.of(scope), f"view {dataset.key}"
    returned = call_asset(around, asset, wanted, loaded, step_id=step_id, attempt=1)

    def promised() -> pl.LazyFrame:
        frame = as_frame(returned, asset.makes[0].form, dataset, asset)
        return fitted(frame, dataset, asset, stored=dataset.schema)[0].lazy()

    return users_code(asset, promised).select(dataset.schema.names)

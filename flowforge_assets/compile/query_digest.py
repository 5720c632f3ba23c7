"""A digest that tells whether a query is still the one that something was found out about."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowforge_assets.compile.warehouse_step import WarehouseStep


def query_digest(step: WarehouseStep) -> str:
    """The same for the same query and variables, and the same columns read and promised.

    It says nothing of partitions, of the target, nor of how FlowForge writes for it.
    """
    datasets, asset = step.graph.datasets, step.asset
    reads = sorted({read.dataset for read in asset.inputs})
    said = {
        "query": step.query.fingerprint,
        "reads": {str(key): str(datasets[key].schema) for key in reads},
        "gives": str(asset.returns(step.dataset)),
        "variables": {name: repr(value) for name, value in asset.variables.items()},
    }
    return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

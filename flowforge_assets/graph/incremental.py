"""Assets that read what changed, and would lose or double rows by what they do with it."""

from __future__ import annotations

from collections.abc import Iterator

from flowforge_assets.declare.definition import AssetDefinition, Input
from flowforge_assets.declare.mapping import Has, Same
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.incremental import ChangesReadError
from flowforge_assets.graph.build import Graph


def changes_problems(graph: Graph) -> Iterator[FlowForgeError]:
    """An error for each asset that reads changes as they cannot be read (FF-227)."""
    for asset in graph.assets.values():
        for read in asset.inputs:
            if read.form == "changes":
                found = _of_writing(asset) or _of_reading(asset, read, graph)
                if found is not None:
                    why, hint = found
                    message = f"`{asset.name}` cannot read the changes of `{read.dataset}`: {why}"
                    yield ChangesReadError(message, place=asset.place, hint=hint)


def _of_writing(asset: AssetDefinition) -> tuple[str, str] | None:
    """Why what it makes cannot come from changes, and what to do."""
    add = 'say `write="merge"`, `"append"`, `"insert"` or `"scd2"`'
    if len(asset.makes) > 1:
        return (
            "it makes several datasets, of which one may be committed without the other",
            "make each in an asset of its own",
        )
    has_before = any(read.form == "before" for read in asset.inputs)
    if asset.write == "overwrite" and not has_before:
        return (
            "it replaces all that is there by them",
            f"{add}, or take what is there as well: `before: Before[D]`",
        )
    if asset.write in {"view", "snapshot"}:
        return f"a {asset.write} is of all rows", f"read it as a `Frame`, or {add}"
    return None


def _of_reading(asset: AssetDefinition, read: Input, graph: Graph) -> tuple[str, str] | None:
    """Why the changes of that dataset cannot be told, and what to do."""
    dataset = graph.datasets[read.dataset]
    if graph.is_view(read.dataset):
        return "it is a view, which stores no rows", "read the changes of what the view reads"
    if any(output.dataset == read.dataset for output in asset.makes):
        return "it makes them itself", "read what is there: `Before[D]`"
    if not isinstance(read.mapping, (Same, Has)):
        mapping = type(read.mapping).__name__
        return f"`{mapping}` would give rows again", f"leave `{mapping}` out, or read a `Frame`"
    if asset.takes_sets and graph.steps(asset).dimensions != dataset.partitioning.dimensions:
        return "a set of its keys reads some partitions twice", "take one key and not a set"
    if read.deletes and dataset.schema.find(read.deletes) is not None:
        return (
            f"it has a column `{read.deletes}` itself",
            'name another for rows that were removed: `Deletes("...")`',
        )
    return None

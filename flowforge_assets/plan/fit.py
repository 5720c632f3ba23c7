"""Whether partition mappings fit the datasets that they stand between."""

from __future__ import annotations

from collections.abc import Iterator

from flowforge_assets.declare.definition import AssetDefinition
from flowforge_assets.declare.mapping import All, Has, Same, Window
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.declaration import FormMismatchError
from flowforge_assets.errors.graph import MappingError
from flowforge_assets.errors.run import ManyFilesError
from flowforge_assets.graph.build import Graph
from flowforge_assets.plan.needs import looks_back, own_reads
from flowforge_assets.plan.partition_map import unmapped


def misfits(graph: Graph) -> Iterator[FlowForgeError]:
    """An error for each mapping that makes no sense."""
    for asset in graph.assets.values():
        yield from _outputs(asset, graph)
        yield from _own(asset)
        down = graph.steps(asset)
        for read in asset.inputs:
            up = graph.datasets[read.dataset].partitioning
            why = unmapped(down, up, read.mapping)
            if why is not None:
                message = f"`{asset.name}` cannot read `{read.dataset}` so: {why}"
                yield MappingError(message, place=asset.place)
        yield from _files(asset, graph)
        yield from _places(asset, graph)
    for checks in graph.checks.values():
        for check in checks:
            down = graph.datasets[check.guards].partitioning
            for read in check.inputs[1:]:
                up = graph.datasets[read.dataset].partitioning
                why = unmapped(down, up, read.mapping)
                if why is not None:
                    message = f"`{check.name}` cannot read `{read.dataset}` so: {why}"
                    yield MappingError(message, place=check.place)


def _outputs(asset: AssetDefinition, graph: Graph) -> Iterator[FlowForgeError]:
    first = graph.datasets[asset.id].partitioning
    for output in asset.makes[1:]:
        if graph.datasets[output.dataset].partitioning != first:
            message = (
                f"`{asset.name}` makes `{asset.id}` and `{output.dataset}`, which are cut "
                "differently"
            )
            hint = "give both the same `partition=`"
            yield MappingError(message, place=asset.place, hint=hint)


def _files(asset: AssetDefinition, graph: Graph) -> Iterator[FlowForgeError]:
    """A call reads one file of an artifact and makes one: what says otherwise at first sight."""
    for read in asset.inputs:
        partitioning = graph.datasets[read.dataset].partitioning
        if read.form != "file" or not partitioning.dimensions:
            continue
        window = read.mapping
        is_window = isinstance(window, Window) and window.first != window.last
        is_same = isinstance(window, (Same, Has)) and not graph.steps(asset).dimensions
        if isinstance(window, All) or is_window or is_same:
            message = f"`{asset.name}` reads one file of `{read.dataset}`, and many are meant"
            hint = "say which: `Annotated[File[...], Latest()]`, or `Lag(1)`"
            yield ManyFilesError(message, place=asset.place, hint=hint)
    made = [output.dataset for output in asset.makes if output.form == "file"]
    if made and asset.takes_sets:
        message = f"`{asset.name}` takes sets of keys, and gives one file of `{made[0]}` a call"
        hint = "take one key: `day: date` and not `days: Partitions[date]`"
        yield ManyFilesError(message, place=asset.place, hint=hint)


def _places(asset: AssetDefinition, graph: Graph) -> Iterator[FlowForgeError]:
    """A view stores no rows that a job could find or write."""
    for read in asset.inputs:
        maker = graph.maker.get(read.dataset)
        if read.form == "ref" and maker is not None and graph.assets[maker].write == "view":
            message = f"`{asset.name}` reads `{read.dataset}` by its place, and a view has none"
            hint = "read it as a `Frame`, or let its asset store it"
            yield FormMismatchError(message, place=asset.place, hint=hint)
    if asset.outs and asset.write == "view":
        message = f"`{asset.name}` is a view, and a job elsewhere is to write it"
        hint = 'leave out `write="view"`'
        yield FormMismatchError(message, place=asset.place, hint=hint)


def _own(asset: AssetDefinition) -> Iterator[FlowForgeError]:
    """What an asset reads of its own output lies before what it makes, one partition a call."""
    for read in own_reads(asset):
        if asset.per is not None:
            message = f"`{asset.name}` has `per=` and reads its own earlier partitions"
            hint = "leave out `per=`: its steps are the partitions of what it makes"
            yield MappingError(message, place=asset.place, hint=hint)
        if not looks_back(read.mapping):
            message = f"`{asset.name}` reads `{read.dataset}`, which it makes itself"
            hint = "read partitions before its own: `Annotated[Frame[D], Lag(1)] | None`"
            yield MappingError(message, place=asset.place, hint=hint)
        elif asset.takes_sets:
            message = f"`{asset.name}` takes sets of keys and reads its own earlier partitions"
            hint = "take one key: its partitions are made one after the other"
            yield MappingError(message, place=asset.place, hint=hint)

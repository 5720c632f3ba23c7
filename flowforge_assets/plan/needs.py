"""What must be there before an asset runs: what it reads, and what its rows are judged by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.rule import References, Unique
from flowforge_assets.declare.definition import AssetDefinition, Input
from flowforge_assets.declare.mapping import All, Has, Lag, Mapping, Window
from flowforge_assets.graph.build import Graph


@dataclass(frozen=True, slots=True)
class Need:
    """A dataset that another asset makes, and which of its partitions are looked at.

    The asset waits for them when `waits`; any of them will do when `any_will_do`, as for a
    foreign key, which is looked up in what is there.
    """

    dataset: DatasetKey
    mapping: Mapping
    waits: bool = True
    any_will_do: bool = False


def needs(asset: AssetDefinition, graph: Graph) -> Iterator[Need]:
    """The needs of an asset: its inputs, those of its checks, and its foreign keys' targets.

    What it reads of its own output is none: see `own_reads`.
    """
    own = {output.dataset for output in asset.makes}
    for read in asset.inputs:
        if read.dataset not in own:
            yield _need(read)
    for dataset in own:
        for check in graph.checks.get(dataset, ()):
            for read in check.inputs[1:]:
                if read.dataset not in own:
                    yield _need(read)
        for rule in graph.datasets[dataset].rules:
            if isinstance(rule, References) and rule.target not in own:
                yield Need(rule.target, All(), any_will_do=True)


def own_reads(asset: AssetDefinition) -> Iterator[Input]:
    """The inputs that are earlier partitions of what the asset makes: they order its partitions.

    `Before`, what a step replaces, is none of them.
    """
    for read in asset.inputs:
        if read.form != "before" and any(read.dataset == made.dataset for made in asset.makes):
            yield read


def triggers(asset: AssetDefinition) -> list[Input]:
    """The inputs whose rows make its steps stale when they change.

    Beside changes all others are looked up as they are: without a change nothing comes of them.
    """
    changes = [read for read in asset.inputs if read.form == "changes"]
    return changes or [read for read in asset.inputs if read.form != "before"]


def is_ordered(asset: AssetDefinition, graph: Graph) -> bool:
    """Whether its partitions are made one after the other, each committed before the next.

    They are when one reads another, or is judged by the rest of the table: by a key that is
    unique in all of it, or a check that sees the table as it would be; and where the table keeps
    its history, unless its rows tell themselves which of them is the newest.
    """
    is_any_order = asset.write == "merge" and not asset.minds_order
    return (asset.keeps_history and not is_any_order) or sees_the_rest(asset, graph)


def commits_alone(asset: AssetDefinition, graph: Graph) -> bool:
    """Whether each partition has a commit of its own.

    Those of a job elsewhere are made side by side: waiting for one must not hold back another.
    """
    return bool(asset.outs) or sees_the_rest(asset, graph)


def sees_the_rest(asset: AssetDefinition, graph: Graph) -> bool:
    """Whether a partition needs those before it committed: it reads them or is judged by them."""
    if asset.write in {"scd2", "snapshot"} or next(own_reads(asset), None) is not None:
        return True
    if any(read.form == "before" for read in asset.inputs) and asset.keeps_history:
        return True
    for output in asset.makes:
        rules = graph.datasets[output.dataset].rules
        checks = graph.checks.get(output.dataset, ())
        is_added = asset.write == "append"  # to rows that have keys already
        if any(isinstance(r, Unique) and (is_added or r.scope == "table") for r in rules) or any(
            isinstance(check.inputs[0].mapping, All) for check in checks
        ):
            return True
    return False


def looks_back(mapping: Mapping) -> bool:
    """Whether a dataset may read itself so: only partitions before the reader's."""
    match mapping:
        case Lag(steps):
            return steps >= 1
        case Window(first, last):
            return first <= last < 0
        case _:
            return False


def _need(read: Input) -> Need:
    lenient = isinstance(read.mapping, Has) and read.mapping.missing != "wait"
    return Need(read.dataset, read.mapping, waits=not (read.optional or lenient))


def siblings_first(asset: AssetDefinition, graph: Graph) -> list[DatasetKey]:
    """The outputs of an asset, each behind those that its rules and checks look at."""
    own = [output.dataset for output in asset.makes]
    looked_at: dict[DatasetKey, set[DatasetKey]] = {}
    for key in own:
        rules = graph.datasets[key].rules
        found = {rule.target for rule in rules if isinstance(rule, References)}
        for check in graph.checks.get(key, ()):
            found |= {read.dataset for read in check.inputs[1:]}
        looked_at[key] = found & set(own) - {key}
    order: list[DatasetKey] = []
    while len(order) < len(own):
        left = [key for key in own if key not in order]
        free = [key for key in left if looked_at[key] <= set(order)]
        order.append(free[0] if free else left[0])  # a circle: one of them sees what was there
    return order

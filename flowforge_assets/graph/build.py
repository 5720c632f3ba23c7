"""The graph: which asset makes which dataset, from which, in an order that works."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import Partitioning
from flowforge_assets.core.rule import References
from flowforge_assets.declare.definition import (
    AssetDefinition,
    CheckDefinition,
    DatasetDefinition,
    Definitions,
)
from flowforge_assets.errors.base import FlowForgeError, Place, did_you_mean, raise_all
from flowforge_assets.errors.graph import (
    CycleError,
    DuplicateAssetError,
    NoMakerError,
    TwoMakersError,
)
from flowforge_assets.graph.aliases import alias_problems
from flowforge_assets.graph.sources import source_problems


@dataclass(frozen=True, slots=True)
class Graph:
    """Assets by id, in an order in which each comes after what it needs.

    `maker` says which asset makes a dataset. `parents` and `children` are asset ids; an asset's
    parents make what it reads, what its checks read, and what its foreign keys refer to.
    """

    datasets: Mapping[DatasetKey, DatasetDefinition]
    assets: Mapping[DatasetKey, AssetDefinition]
    checks: Mapping[DatasetKey, tuple[CheckDefinition, ...]]
    maker: Mapping[DatasetKey, DatasetKey]
    parents: Mapping[DatasetKey, tuple[DatasetKey, ...]]
    children: Mapping[DatasetKey, tuple[DatasetKey, ...]]

    def steps(self, asset: AssetDefinition) -> Partitioning:
        """How the steps of the asset are cut: by its `per=`, else as what it makes."""
        return self.datasets[asset.id].partitioning if asset.per is None else asset.per

    def is_view(self, dataset: DatasetKey) -> bool:
        """Whether nothing of the dataset is stored: who reads it works it out."""
        maker = self.maker.get(dataset)
        return maker is not None and self.assets[maker].write == "view"

    def ancestors(self, ids: Iterable[DatasetKey], *, depth: int | None = None) -> set[DatasetKey]:
        """`ids` and all they depend on, at most `depth` edges away."""
        return _reach(ids, self.parents, depth)

    def descendants(
        self, ids: Iterable[DatasetKey], *, depth: int | None = None
    ) -> set[DatasetKey]:
        """`ids` and all that depends on them, at most `depth` edges away."""
        return _reach(ids, self.children, depth)


def build_graph(definitions: Definitions) -> Graph:
    """The graph of the definitions. Linear in assets and edges; any depth works.

    Raises:
        Problems: datasets that nobody makes or two do, circles, assets of one name (FF-2xx).
    """
    problems: list[FlowForgeError] = list(alias_problems(definitions.datasets))
    maker: dict[DatasetKey, DatasetKey] = {}
    assets: dict[DatasetKey, AssetDefinition] = {}
    names: dict[str, AssetDefinition] = {}
    for asset in definitions.assets:
        problems += _taken(asset, names, maker, assets)
        names.setdefault(asset.name, asset)
        assets[asset.id] = asset
        for output in asset.makes:
            maker.setdefault(output.dataset, asset.id)
    checks: dict[DatasetKey, list[CheckDefinition]] = defaultdict(list)
    for check in definitions.checks:
        checks[check.guards].append(check)
    problems += _unmade(definitions, maker)
    problems += _queries_of_themselves(definitions)
    problems += source_problems(definitions)
    parents = {
        id_: tuple(sorted({maker[key] for key in _needs(asset, definitions, checks)
                           if key in maker} - {id_}))
        for id_, asset in assets.items()
    }  # fmt: skip
    order, circle = _ordered(parents)
    if circle:
        problems.append(_circle_error(circle, assets))
    raise_all(problems)
    children: dict[DatasetKey, list[DatasetKey]] = {id_: [] for id_ in order}
    for id_ in order:
        for parent in parents[id_]:
            children[parent].append(id_)
    return Graph(
        datasets=_with_makers(definitions),
        assets={id_: assets[id_] for id_ in order},
        checks={key: tuple(found) for key, found in checks.items()},
        maker=maker,
        parents=parents,
        children={id_: tuple(found) for id_, found in children.items()},
    )


def _with_makers(definitions: Definitions) -> Mapping[DatasetKey, DatasetDefinition]:
    """The datasets, each with how its maker cuts its steps and whether it keeps history."""
    makers = {
        output.dataset: asset
        for asset in definitions.assets
        if asset.per is not None or asset.keeps_history
        for output in asset.makes
    }
    if not makers:
        return definitions.datasets
    return {
        key: replace(dataset, steps=maker.per, keeps_history=maker.keeps_history)
        if (maker := makers.get(key)) is not None
        else dataset
        for key, dataset in definitions.datasets.items()
    }


def _needs(
    asset: AssetDefinition,
    definitions: Definitions,
    checks: Mapping[DatasetKey, list[CheckDefinition]],
) -> Iterator[DatasetKey]:
    """The datasets that must be there before the asset runs."""
    for read in asset.inputs:
        yield read.dataset
    for output in asset.makes:
        # a query that reads what nobody makes has no columns, and so no definition
        dataset = definitions.datasets.get(output.dataset)
        for rule in dataset.rules if dataset is not None else ():
            if isinstance(rule, References):
                yield rule.target
        for check in checks.get(output.dataset, ()):
            for read in check.inputs[1:]:
                yield read.dataset


def _taken(
    asset: AssetDefinition,
    names: Mapping[str, AssetDefinition],
    maker: Mapping[DatasetKey, DatasetKey],
    assets: Mapping[DatasetKey, AssetDefinition],
) -> Iterator[FlowForgeError]:
    for output in asset.makes:
        if output.dataset in maker:
            other = assets[maker[output.dataset]]
            message = f"`{asset.name}` makes `{output.dataset}`, which `{other.name}` makes too"
            hint = f"`{other.name}` stands at {_at(other.place)}; a dataset has one maker"
            yield TwoMakersError(message, place=asset.place, hint=hint)
    same_name = names.get(asset.name)
    if same_name is not None and same_name.id != asset.id:
        message = f"two assets are called `{asset.name}`"
        hint = f'the other stands at {_at(same_name.place)}; give one `@asset(name="...")`'
        yield DuplicateAssetError(message, place=asset.place, hint=hint)


def _at(place: Place) -> str:
    return f"{place.file}:{place.line}"


def _queries_of_themselves(definitions: Definitions) -> Iterator[FlowForgeError]:
    """An error for each query that reads what it makes: its columns would say what they are."""
    for asset in definitions.assets:
        if asset.sql_path is not None and any(read.dataset == asset.id for read in asset.inputs):
            message = f"the query of `{asset.id}` reads its own result"
            hint = (
                'say `write="merge"` or `"append"` to add to what is there, or read the partition '
                "before in Python: `Annotated[Frame[D], Lag(1)] | None`"
            )
            yield CycleError(message, place=asset.place, hint=hint)


def _unmade(
    definitions: Definitions, maker: Mapping[DatasetKey, DatasetKey]
) -> Iterator[FlowForgeError]:
    readers = [(a.name, a.place, a.inputs) for a in definitions.assets]
    readers += [(c.name, c.place, c.inputs) for c in definitions.checks]
    given = {key for key, dataset in definitions.datasets.items() if dataset.external is not None}
    there = given | maker.keys()
    for name, place, inputs in readers:
        for read in inputs:
            if read.dataset not in there:
                yield _no_maker(read.dataset, name, place, definitions, maker)
    for dataset in definitions.datasets.values():
        for rule in dataset.rules:
            if isinstance(rule, References) and rule.target not in there:
                yield _no_maker(rule.target, dataset.key, dataset.place, definitions, maker)


def _no_maker(
    key: DatasetKey,
    reader: str,
    place: Place,
    definitions: Definitions,
    maker: Mapping[DatasetKey, DatasetKey],
) -> NoMakerError:
    near = did_you_mean(key, maker)
    if near is None:
        wanted = definitions.datasets.get(key)
        name = wanted.cls.__name__ if wanted is not None and wanted.cls is not None else key
        near = f"declare an asset that returns `Frame[{name}]`"
    return NoMakerError(f"no asset makes `{key}`, which `{reader}` reads", place=place, hint=near)


def _ordered(
    parents: Mapping[DatasetKey, tuple[DatasetKey, ...]],
) -> tuple[list[DatasetKey], list[DatasetKey]]:
    """A topological order (ties by key), and the ids of one circle if there is any."""
    waiting = {id_: len(found) for id_, found in parents.items()}
    children: dict[DatasetKey, list[DatasetKey]] = defaultdict(list)
    for id_, found in parents.items():
        for parent in found:
            children[parent].append(id_)
    ready = sorted((id_ for id_, count in waiting.items() if count == 0), reverse=True)
    order: list[DatasetKey] = []
    while ready:
        id_ = ready.pop()
        order.append(id_)
        freed: list[DatasetKey] = []
        for child in children[id_]:
            waiting[child] -= 1
            if waiting[child] == 0:
                freed.append(child)
        ready += sorted(freed, reverse=True)
    if len(order) == len(parents):
        return order, []
    return order, _circle({id_: parents[id_] for id_, count in waiting.items() if count})


def _circle(parents: Mapping[DatasetKey, tuple[DatasetKey, ...]]) -> list[DatasetKey]:
    """One circle among ids that all have a parent among them."""
    path: list[DatasetKey] = []
    at = min(parents)
    seen: dict[DatasetKey, int] = {}
    while at not in seen:
        seen[at] = len(path)
        path.append(at)
        at = next(parent for parent in parents[at] if parent in parents)
    return list(reversed(path[seen[at] :]))


def _circle_error(
    circle: list[DatasetKey], assets: Mapping[DatasetKey, AssetDefinition]
) -> CycleError:
    start = circle.index(min(circle))
    ids = circle[start:] + circle[:start]
    shown = " -> ".join(f"`{id_}`" for id_ in [*ids, ids[0]])
    hint = "read the partition before with `Annotated[Frame[D], Lag(1)]`, or cut the circle"
    return CycleError(f"assets go in a circle: {shown}", place=assets[ids[0]].place, hint=hint)


def _reach(
    ids: Iterable[DatasetKey],
    edges: Mapping[DatasetKey, tuple[DatasetKey, ...]],
    depth: int | None,
) -> set[DatasetKey]:
    found = set(ids)
    rim = found
    while rim and (depth is None or depth > 0):
        rim = {to for id_ in rim for to in edges.get(id_, ())} - found
        found |= rim
        depth = None if depth is None else depth - 1
    return found

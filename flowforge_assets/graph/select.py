"""Which assets a selection means."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Final, NamedTuple, assert_never

from flowforge_assets.core.key import LAYERS, DatasetKey
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition
from flowforge_assets.errors.base import did_you_mean
from flowforge_assets.graph.build import Graph
from flowforge_assets.graph.find import refuse_given
from flowforge_assets.graph.selection import (
    ALL,
    AllOf,
    AnyOf,
    Attribute,
    Having,
    Named,
    Not,
    Reach,
    Selection,
    parse,
    refuse,
)

_CLOSED: Final[Mapping[Attribute, tuple[str, ...]]] = {
    "layer": LAYERS,
    "kind": ("python", "sql", "seed"),
}
_NO_STATES: Final[Mapping[str, Collection[DatasetKey]]] = {}
_SHOWN: Final = 8


def select(
    graph: Graph,
    text: str,
    *,
    states: Mapping[str, Collection[DatasetKey]] = _NO_STATES,
) -> frozenset[DatasetKey]:
    """The ids of the assets that `text` selects.

    A name is an asset's, or a dataset's with or without its layer, and takes all that bear it.
    `group:crm` takes `crm.sales` too. `tag:` looks at assets, datasets and columns. `states` are
    the assets in each state that the caller knows, for `state:changed`. Linear in the graph for
    each reach and pattern.

    Raises:
        SelectionError: `text` cannot be read, or a name in it is not there (FF-807).
    """
    return _Resolver(graph, text, states).ids(parse(text))


class _Index(NamedTuple):
    """Assets by a word, and how to tell whether a word is near."""

    by_word: Mapping[str, set[DatasetKey]]

    def find(self, pattern: str) -> set[DatasetKey]:
        """The assets of the words that match."""
        if not _is_pattern(pattern):
            return self.by_word.get(pattern, set())
        found = (ids for word, ids in self.by_word.items() if fnmatchcase(word, pattern))
        return set[DatasetKey]().union(*found)


class _Resolver:
    """Answers the parts of one selection."""

    def __init__(
        self, graph: Graph, text: str, states: Mapping[str, Collection[DatasetKey]]
    ) -> None:
        self.graph = graph
        self.text = text
        self.states = states
        self.everything = frozenset(graph.assets)
        self.indexes: dict[Attribute | None, _Index] = {}

    def ids(self, selection: Selection) -> frozenset[DatasetKey]:
        """The assets of a part."""
        match selection:
            case Named():
                return self.named(selection)
            case Having():
                return self.having(selection)
            case Reach(of, up, down):
                inner = self.ids(of)
                above = self.graph.ancestors(inner, depth=None if up == ALL else up)
                below = self.graph.descendants(inner, depth=None if down == ALL else down)
                return frozenset(above | below)
            case Not(of):
                return self.everything - self.ids(of)
            case AllOf(parts):
                return self.everything.intersection(*map(self.ids, parts))
            case AnyOf(parts):
                return frozenset[DatasetKey]().union(*map(self.ids, parts))
            case _:
                assert_never(selection)

    def named(self, named: Named) -> frozenset[DatasetKey]:
        """The assets of a name or pattern."""
        index = self.index(None)
        found = index.find(named.text)
        if not found:
            for dataset in self.graph.datasets.values():
                if named.text in {dataset.key, dataset.key.name}:
                    refuse_given(self.graph, dataset)
            what = "matches no asset" if _is_pattern(named.text) else "is no asset and no dataset"
            near = did_you_mean(named.text, index.by_word)
            hint = near or "`flowforge ls` shows what there is"
            refuse(self.text, named.column, f"`{named.text}` {what}", hint)
        return frozenset(found)

    def having(self, having: Having) -> frozenset[DatasetKey]:
        """The assets that have an attribute; a layer or kind that none has is no error."""
        attribute, value = having.attribute, having.value
        if attribute == "state":
            if value not in self.states:
                self.unknown(having, self.states)
            return frozenset(self.states[value]) & self.everything
        index = self.index(attribute)
        found = index.find(value)
        if not found and value not in _CLOSED.get(attribute, ()):
            self.unknown(having, [*index.by_word, *_CLOSED.get(attribute, ())])
        return frozenset(found)

    def unknown(self, having: Having, known: Iterable[str]) -> None:
        """Refuses a value that nothing has."""
        words = sorted(set(known))
        shown = ", ".join(f"`{word}`" for word in words[:_SHOWN])
        more = ", ..." if len(words) > _SHOWN else ""
        there = f"there are {shown}{more}" if words else f"no {having.attribute} is known here"
        hint = did_you_mean(having.value, words) or there
        refuse(self.text, having.column, f"`{having}` matches nothing", hint)

    def index(self, attribute: Attribute | None) -> _Index:
        """The assets by the words of an attribute; by their names without one."""
        found = self.indexes.get(attribute)
        if found is None:
            by_word: dict[str, set[DatasetKey]] = defaultdict(set)
            for id_, asset in self.graph.assets.items():
                for word in self.words(asset, attribute):
                    by_word[word].add(id_)
            found = self.indexes[attribute] = _Index(dict(by_word))
        return found

    def words(self, asset: AssetDefinition, attribute: Attribute | None) -> Iterator[str]:
        """What an asset has of an attribute."""
        of_asset, of_dataset = _OF_ASSET.get(attribute), _OF_DATASET.get(attribute)
        if of_asset is not None:
            yield from of_asset(asset)
        if of_dataset is not None:
            for output in asset.makes:
                yield from of_dataset(self.graph.datasets[output.dataset])


def _groups(key: DatasetKey) -> Iterator[str]:
    """`crm` and `crm.sales` of `gold.crm.sales.orders`."""
    parts = key.name.split(".")[:-1]
    return (".".join(parts[: count + 1]) for count in range(len(parts)))


def _dataset_tags(dataset: DatasetDefinition) -> Iterator[str]:
    yield from dataset.tags
    for column in dataset.columns:
        yield from column.tags


_OF_ASSET: Final[Mapping[Attribute | None, Callable[[AssetDefinition], Iterable[str]]]] = {
    None: lambda asset: (asset.name,),
    "kind": lambda asset: (asset.kind,),
    "tag": lambda asset: asset.tags,
}
_OF_DATASET: Final[Mapping[Attribute | None, Callable[[DatasetDefinition], Iterable[str]]]] = {
    None: lambda dataset: (dataset.key, dataset.key.name),
    "group": lambda dataset: _groups(dataset.key),
    "layer": lambda dataset: (dataset.key.layer,),
    "owner": lambda dataset: dataset.owners,
    "tag": _dataset_tags,
}


def _is_pattern(text: str) -> bool:
    return any(sign in text for sign in "*?[")

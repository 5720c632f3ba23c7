"""The graph as text: a tree for people at a terminal, Mermaid for documents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Final

from flowforge_assets.core.key import LAYERS, DatasetKey
from flowforge_assets.graph.build import Graph
from flowforge_assets.graph.lineage import (
    ColumnLineage,
    ColumnRef,
    Neighbours,
    sources,
    targets,
)

_DEEPEST: Final = 40  # levels; further in, a line would be mostly indentation


def dataset_tree(
    graph: Graph, key: DatasetKey, *, up: int | None = None, down: int | None = None
) -> list[str]:
    """The lines of a tree: what the dataset is made from, and what is made from it.

    A dataset that comes twice has its branch the first time only. Shows at most `up` and `down`
    steps, and never more than 40.
    """
    lines = [_label(graph, key)]
    for title, neighbours, steps in (
        ("made from", sources(graph), up),
        ("makes", targets(graph), down),
    ):
        branches = list(_branches(graph, key, neighbours, steps))
        if branches:
            lines += [title, *branches]
    return lines


def _branches(
    graph: Graph, start: DatasetKey, neighbours: Neighbours, steps: int | None
) -> Iterator[str]:
    deepest = _DEEPEST if steps is None else min(steps, _DEEPEST)
    shown = {start}
    stack = _level(start, neighbours, "", 1) if deepest > 0 else []
    while stack:
        key, indent, is_last, depth = stack.pop()
        has_more = bool(neighbours.get(key))
        note = ""
        if has_more and key in shown:
            note = "  (see above)"
        elif has_more and depth == deepest:
            note = "  ..."
        yield f"{indent}{'└── ' if is_last else '├── '}{_label(graph, key)}{note}"
        if not note:
            stack += _level(key, neighbours, indent + ("    " if is_last else "│   "), depth + 1)
        shown.add(key)


def _level(
    key: DatasetKey, neighbours: Neighbours, indent: str, depth: int
) -> list[tuple[DatasetKey, str, bool, int]]:
    """The neighbours for a stack: the last first."""
    found = neighbours.get(key, ())
    return [(to, indent, at == 0, depth) for at, to in enumerate(reversed(found))]


def _label(graph: Graph, key: DatasetKey) -> str:
    """`silver.orders  clean_orders`; an asset that bears the dataset's name is left out."""
    external = graph.datasets[key].external
    if external is not None:
        return f"{key}  external" + (f"  {external.at}" if external.at else "")
    asset = graph.assets[graph.maker[key]]
    name = "" if asset.name == key.name.replace(".", "_") else f"  {asset.name}"
    return f"{key}{name}" + ("" if asset.kind == "python" else f"  {asset.kind}")


def column_tree(found: ColumnLineage, start: ColumnRef) -> list[str]:
    """The lines of a tree of what a column is computed from; as `dataset_tree`."""
    above: dict[ColumnRef, list[ColumnRef]] = defaultdict(list)
    for edge in found.edges:
        above[edge.target].append(edge.source)
    not_known = set(found.not_known)
    lines: list[str] = []
    shown: set[ColumnRef] = set()
    stack = [(start, "", "", 0)]
    while stack:
        at, mark, indent, depth = stack.pop()
        note = ""
        if above[at] and at in shown:
            note = "  (see above)"
        elif above[at] and depth == _DEEPEST:
            note = "  ..."
        elif at in not_known:
            note = "  (computed in a way that cannot be traced)"
        lines.append(f"{mark}{at}{note}")
        shown.add(at)
        if note:
            continue
        for place, source in enumerate(reversed(above[at])):
            branch, inner = ("└── ", "    ") if place == 0 else ("├── ", "│   ")
            stack.append((source, indent + branch, indent + inner, depth + 1))
    return lines


def mermaid(graph: Graph, ids: Collection[DatasetKey] | None = None) -> str:
    """A Mermaid flowchart of the assets `ids`, or of all: datasets by layer, data as arrows."""
    chosen = graph.assets if ids is None else ids
    made = [
        output.dataset
        for id_, asset in graph.assets.items()
        if id_ in chosen
        for output in asset.makes
    ]
    names = {key: f"d{number}" for number, key in enumerate(sorted(made), 1)}
    lines = ["flowchart LR"]
    for layer in LAYERS:
        inside = [key for key in names if key.layer == layer]
        if inside:
            lines.append(f"    subgraph {layer}")
            lines += [f'        {names[key]}["{key}"]' for key in inside]
            lines.append("    end")
    above = sources(graph)
    lines += [
        f"    {names[source]} --> {names[key]}"
        for key in names
        for source in above[key]
        if source in names
    ]
    return "\n".join(lines) + "\n"

"""`flowforge lineage KEY[.COLUMN]`: what a dataset or a column comes from, and what reads it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, TypeVar

from cyclopts import Parameter

from flowforge_assets.cli.options import COMMON, Common
from flowforge_assets.cli.paint import Text
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.base import did_you_mean
from flowforge_assets.errors.project import SelectionError
from flowforge_assets.graph.lineage import ColumnRef, column_sources
from flowforge_assets.sql.analysis import SqlAnalysis

if TYPE_CHECKING:
    from flowforge_assets.api import Project
    from flowforge_assets.cli.terminal import Terminal
    from flowforge_assets.declare.definition import DatasetDefinition

T = TypeVar("T", bound=Hashable)


def lineage(
    key: Annotated[str, Parameter(help="A dataset, or a column: gold.sales.total_eur.")],
    /,
    *,
    common: Common = COMMON,
) -> int:
    """Draw what a dataset comes from and what reads it; of a column, what it comes from."""
    terminal, project = common.terminal(), common.load()
    dataset, column = _meant(project, key)
    if column is None:
        _dataset_lineage(terminal, project, dataset.key)
    else:
        _column_lineage(terminal, project, ColumnRef(dataset.key, column))
    return 0


def _meant(project: Project, key: str) -> tuple[DatasetDefinition, str | None]:
    """The dataset that `key` names, and the column where its last part is one."""
    try:
        return project.dataset(key), None
    except SelectionError:
        head, dot, column = key.rpartition(".")
        if not dot:
            raise
        try:
            dataset = project.dataset(head)
        except SelectionError:
            dataset = None
        if dataset is None:
            raise
    if dataset.schema.find(column) is None:
        message = f"`{dataset.key}` has no column `{column}`"
        near = did_you_mean(column, dataset.schema.names)
        raise SelectionError(message, hint=near or f"`flowforge show {dataset.key}` lists them")
    return dataset, column


def _dataset_lineage(terminal: Terminal, project: Project, key: DatasetKey) -> None:
    graph = project.graph
    readers: dict[DatasetKey, list[DatasetKey]] = {}
    for asset in graph.assets.values():
        for read in dict.fromkeys(read.dataset for read in asset.inputs):
            readers.setdefault(read, []).extend(output.dataset for output in asset.makes)

    def inputs(at: DatasetKey) -> list[DatasetKey]:
        return list(dict.fromkeys(r.dataset for r in graph.assets[graph.maker[at]].inputs))

    def outputs(at: DatasetKey) -> list[DatasetKey]:
        return readers.get(at, [])

    if terminal.json:
        up, down = edges(key, inputs), edges(key, outputs)
        data = {"key": key, "comes_from": [[b, a] for a, b in up], "read_by": [[*e] for e in down]}
        terminal.data(data)
        return
    terminal.say(Text(key, "bold"))
    for title, step in (("comes from", inputs), ("is read by", outputs)):
        lines = list(drawn(key, step, str))
        if lines:
            terminal.say(Text(title, "dim"))
        for line in lines:
            terminal.say(line)
    if not (inputs(key) or outputs(key)):
        terminal.note("it reads nothing, and nothing reads it")


def _column_lineage(terminal: Terminal, project: Project, ref: ColumnRef) -> None:
    untold: set[ColumnRef] = set()
    known: dict[ColumnRef, tuple[ColumnRef, ...]] = {}
    with SqlAnalysis(project.environment.cache_folder / "sql.json") as sql:

        def sources(at: ColumnRef) -> tuple[ColumnRef, ...]:
            if at not in known:
                found = column_sources(project.graph, at, sql)
                asset = project.graph.assets[project.graph.maker[at.dataset]]
                if found is None and asset.inputs:
                    untold.add(at)
                known[at] = found or ()
            return known[at]

        found = list(edges(ref, sources))

    def shown(at: ColumnRef) -> str:
        return f"{at} (what its asset reads for it cannot be told)" if at in untold else str(at)

    if terminal.json:
        pairs = [[str(source), str(of)] for of, source in found]
        data = {"key": ref.dataset, "column": ref.column, "comes_from": pairs}
        terminal.data(data | {"untold": sorted(map(str, untold))})
        return
    terminal.say(Text(shown(ref), "bold"))
    for line in drawn(ref, sources, shown):
        terminal.say(line)
    if not found and ref not in untold:
        terminal.note("it comes from no column of a dataset")


def edges(start: T, step: Callable[[T], Iterable[T]]) -> list[tuple[T, T]]:
    """All edges that are reached from `start`, each once, nearest first."""
    found: list[tuple[T, T]] = []
    seen, todo = {start}, [start]
    for at in todo:
        for to in step(at):
            found.append((at, to))
            if to not in seen:
                seen.add(to)
                todo.append(to)
    return found


def drawn(start: T, step: Callable[[T], Iterable[T]], shown: Callable[[T], str]) -> Iterator[str]:
    """The tree below `start`; what was drawn before is named again, without its branches.

    It walks without recursion: a chain may be thousands long.
    """
    seen = {start}
    stack = [("", list(step(start)))]
    while stack:
        indent, left = stack[-1]
        if not left:
            stack.pop()
            continue
        at = left.pop(0)
        branches = list(step(at))
        again = at in seen and bool(branches)
        yield f"{indent}{'├─' if left else '└─'} {shown(at)}{' (as above)' if again else ''}"
        if branches and not again:
            seen.add(at)
            stack.append((f"{indent}{'│  ' if left else '   '}", branches))

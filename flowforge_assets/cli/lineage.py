"""`flowforge lineage KEY[.COLUMN]`: what a dataset or a column comes from, and what reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from flowforge_assets.cli.options import COMMON, Common
from flowforge_assets.errors.base import did_you_mean
from flowforge_assets.errors.project import SelectionError
from flowforge_assets.graph.lineage import ColumnRef, column_lineage, dataset_lineage
from flowforge_assets.graph.render import column_tree, dataset_tree
from flowforge_assets.graph.trace import trace
from flowforge_assets.sql.analysis import SqlAnalysis

if TYPE_CHECKING:
    from flowforge_assets.api import Project
    from flowforge_assets.declare.definition import DatasetDefinition
    from flowforge_assets.graph.lineage import ColumnLineage


def lineage(
    key: Annotated[str, Parameter(help="A dataset, or a column: gold.sales.total_eur.")],
    /,
    *,
    common: Common = COMMON,
) -> int:
    """Draw what a dataset comes from and what reads it; of a column, what it is computed from.

    Of a Python asset a column's tree holds all columns that the query still reads when only that
    column is wanted: those that filter, join and group, too.
    """
    terminal, project = common.terminal(), common.load()
    dataset, column = _meant(project, key)
    if column is None:
        if terminal.json:
            edges = dataset_lineage(project.graph, dataset.key)
            said = [{"from": e.source, "to": e.target, "asset": e.asset} for e in edges]
            terminal.data({"key": dataset.key, "edges": said})
            return 0
        for line in dataset_tree(project.graph, dataset.key):
            terminal.say(line)
        return 0
    found = _traced(project, dataset, column)
    if terminal.json:
        pairs = [{"from": str(e.source), "to": str(e.target)} for e in found.edges]
        unknown = [str(ref) for ref in found.not_known]
        terminal.data({"key": dataset.key, "column": column, "edges": pairs, "not_known": unknown})
        return 0
    for line in column_tree(found, ColumnRef(dataset.key, column)):
        terminal.say(line)
    return 0


def _traced(project: Project, dataset: DatasetDefinition, column: str) -> ColumnLineage:
    graph = project.graph
    with SqlAnalysis(project.environment.cache_folder / "sql.json") as sql:
        return column_lineage(
            graph, dataset.key, column, trace=lambda asset: trace(graph, asset, sql)
        )


def _meant(project: Project, key: str) -> tuple[DatasetDefinition, str | None]:
    """The dataset that `key` names, and the column where its last part is one.

    Raises:
        SelectionError: there is no such dataset or column (FF-807).
    """
    try:
        return project.dataset(key), None
    except SelectionError as no_dataset:
        head, dot, column = key.rpartition(".")
        try:
            dataset = project.dataset(head) if dot else None
        except SelectionError:
            dataset = None
        if dataset is None:
            raise no_dataset from None
    if dataset.schema.find(column) is None:
        message = f"`{dataset.key}` has no column `{column}`"
        near = did_you_mean(column, dataset.schema.names)
        raise SelectionError(message, hint=near or f"`flowforge show {dataset.key}` lists them")
    return dataset, column

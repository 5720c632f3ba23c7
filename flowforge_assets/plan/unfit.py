"""Tables whose stored columns stand in the way of what is planned, where rows are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.schema import Schema
from flowforge_assets.core.schema_change import Columns, SchemaChange
from flowforge_assets.declare.dataset import Extra
from flowforge_assets.graph.build import Graph
from flowforge_assets.plan.plan import Plan
from flowforge_assets.plan.step import Step


def with_unfit(
    plan: Plan, graph: Graph, schemas: Callable[[DatasetKey], Sequence[SchemaChange]]
) -> Plan:
    """The plan with a note for each table that will not take what is to be made of it.

    `schemas` tells the columns that a table had, oldest first; it is asked for tables that keep
    their history and are not emptied.
    """
    notes = tuple(_notes(plan.steps, graph, schemas))
    return replace(plan, notes=(*plan.notes, *notes)) if notes else plan


def _notes(
    steps: Iterable[Step],
    graph: Graph,
    schemas: Callable[[DatasetKey], Sequence[SchemaChange]],
) -> Iterator[str]:
    made = {key: None for step in steps if step.reason != "rebuild" for key in step.makes}
    for key in made:
        dataset = graph.datasets[key]
        if not dataset.keeps_history or not (had := schemas(key)):
            continue
        changes = "; ".join(_in_the_way(had[-1].columns, dataset.schema, dataset.extra))
        if changes:
            yield (
                f"`{key}` keeps its history, and its table has other columns: {changes}; declare "
                "them as they were, or make all of it anew from its inputs: "
                f"`flowforge run --rebuild -s {key}`"
            )


def _in_the_way(stored: Columns, declared: Schema, extra: Extra) -> Iterator[str]:
    """How the columns differ, save for new ones that may be null."""
    had = {name: text.replace("?", "") for name, text in stored}  # nullable or not is no matter
    for field in declared:
        was, now = had.get(field.name), str(field.type).replace("?", "")
        if was is None:
            if not (field.nullable or field.optional):
                yield f"`{field.name}` is new and not nullable"
        elif was != now:
            yield f"`{field.name}` was {was} and is {now}"
    if extra != "keep":
        yield from (f"`{name}` is no longer declared" for name in had if not declared.find(name))

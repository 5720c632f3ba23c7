"""What was made, as the ledger and the store agree on it; imports no engine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from flowforge_assets.core.clock import Clock
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made
from flowforge_assets.core.schema_change import SchemaChange
from flowforge_assets.declare.definition import DatasetDefinition
from flowforge_assets.declare.renamed import first_key, keys_today
from flowforge_assets.execute.renames import (
    history_today,
    made_of,
    refuse_two_tables,
    take_over,
)
from flowforge_assets.execute.spec import log_of, spec_of
from flowforge_assets.graph.build import Graph
from flowforge_assets.project.environment import Environment
from flowforge_assets.record.history import History
from flowforge_assets.record.lease import fence
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.record.run import RunCounts, StepRecord, StepStatus
from flowforge_assets.storage.location import folder_at, tables_in
from flowforge_assets.storage.store import Store

OpenStore: TypeAlias = Callable[[], Store]


def read_history(
    ledger: Ledger, graph: Graph, environment: Environment, store: OpenStore
) -> History:
    """What was made, as far as the store still has it: a table that is gone was never made."""
    named = [(name, d) for key, d in graph.datasets.items() for name in (key, *d.aliases)]
    by_row = {key: d.partitioning.dimensions for key, d in named}
    apart = {key: d.steps.dimensions for key, d in named if d.steps is not None}
    current = history_today(graph, ledger.current_all({**by_row, **apart}, by_row))
    return current.only(present(current.datasets(), graph, environment, store))


def read_tables(
    graph: Graph, environment: Environment, store: OpenStore
) -> Iterator[tuple[DatasetKey, Sequence[Made]]]:
    """What the tables say of themselves, by dataset; opens each table that is there.

    Raises:
        StorageError: a table cannot be read (FF-6xx).
    """
    for key in sorted(present(graph.datasets, graph, environment, store)):
        yield key, made_of(graph, log_of(store(), graph.datasets[key]).made())


def schemas_of_tables(
    graph: Graph, store: OpenStore
) -> Callable[[DatasetKey], Sequence[SchemaChange]]:
    """What tells the columns that a dataset's table had; an artifact has none."""

    def read(key: DatasetKey) -> Sequence[SchemaChange]:
        dataset = graph.datasets[key]
        is_table = dataset.kind != "artifact"
        return store().table(spec_of(dataset)).schema_history() if is_table else ()

    return read


def history_of_tables(graph: Graph, environment: Environment, store: OpenStore) -> History:
    """What was made, where no ledger says it.

    Raises:
        StorageError: a table cannot be read (FF-6xx).
    """
    return History.of_tables(read_tables(graph, environment, store))


def present(
    keys: Iterable[DatasetKey], graph: Graph, environment: Environment, store: OpenStore
) -> set[DatasetKey]:
    """Those of the datasets that have a table; folders are looked at without opening a store."""
    stored = {first_key(graph.datasets[key]): key for key in keys}
    there: set[DatasetKey] = set()
    for location, firsts in environment.by_place(stored).items():
        folder = folder_at(location)
        if folder is not None:
            refuse_two_tables(graph, folder)
            there |= {stored[first] for first in tables_in(folder, firsts)}
            continue
        for key in (stored[first] for first in firsts):
            if log_of(store(), graph.datasets[key]).version() is not None:
                there.add(key)
    return there


def settle(ledger: Ledger, graph: Graph, store: OpenStore, clock: Clock) -> None:
    """Asks the tables what runs that were killed had committed, and closes those runs.

    They can commit nothing more from then on; runs that go on are left alone. What is known under
    earlier names of datasets is known under today's then.
    """
    unfinished = ledger.unfinished_runs()  # before: who begins meanwhile is alive
    live = fence(ledger)
    take_over(
        ledger,
        graph,
        lambda dataset: _said_by(dataset, graph, store),
        schemas_of_tables(graph, store),
    )
    today = keys_today(graph.datasets.values())
    for run in unfinished:
        if run.run_id in live:
            continue
        steps = ledger.steps_of(run.run_id)
        makes = {today.get(key, key) for step in steps for key in step.makes}
        told = ask_tables(ledger, graph, store, makes)
        of_run = {made.asset for each in told for made in each if made.run_id == run.run_id}
        ledger.end_run(run.run_id, "killed", _counts(run.counts, steps, of_run), clock=clock)


def _counts(known: RunCounts, steps: Iterable[StepRecord], committed: set[str]) -> RunCounts:
    """What became of the assets of a run, by its steps and by what tables say it `committed`."""
    ended: dict[StepStatus, set[str]] = defaultdict(set)
    for step in steps:
        ended[step.status].add(step.asset)
    failed = ended["failed"]
    skipped = ended["skipped"] - failed
    made = (ended["made"] | committed) - failed - skipped
    return RunCounts(len(made), len(failed), len(skipped), known.fresh)


def ask_tables(
    ledger: Ledger, graph: Graph, store: OpenStore, keys: Iterable[DatasetKey]
) -> Sequence[Sequence[Made]]:
    """Writes into the ledger what the tables of these datasets say of themselves, and gives it.

    Raises:
        StorageError: a table cannot be read (FF-6xx).
    """
    return [
        _told_by(ledger, graph.datasets[key], graph, store)
        for key in set(keys) & set(graph.datasets)
    ]


def _told_by(
    ledger: Ledger, dataset: DatasetDefinition, graph: Graph, store: OpenStore
) -> Sequence[Made]:
    """What the table says now, in the ledger too.

    A run beside may commit and record while the table is asked: then it is asked again. A table
    that says the same again is older than the ledger indeed, and is believed.
    """
    schemas = schemas_of_tables(graph, store)
    before: Sequence[Made] | None = None
    while True:
        made = _said_by(dataset, graph, store)
        columns = schemas(dataset.key) if made else None
        is_again = before is not None and list(made) == list(before)
        if ledger.replace_all(dataset.key, made, schemas=columns, unless_newer=not is_again):
            return made
        before = made


def _said_by(dataset: DatasetDefinition, graph: Graph, store: OpenStore) -> Sequence[Made]:
    table = log_of(store(), dataset)
    return made_of(graph, table.made()) if table.version() is not None else ()

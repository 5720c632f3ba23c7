"""What was made, as the ledger and the store agree on it; imports no engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from flowforge_assets.core.clock import Clock
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made
from flowforge_assets.execute.spec import log_of
from flowforge_assets.graph.build import Graph
from flowforge_assets.project.environment import Environment
from flowforge_assets.record.history import History
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.storage.location import FolderLocation, parse_location, tables_in
from flowforge_assets.storage.store import Store

OpenStore: TypeAlias = Callable[[], Store]


def read_history(
    ledger: Ledger, graph: Graph, environment: Environment, store: OpenStore
) -> History:
    """What was made, as far as the store still has it: a table that is gone was never made."""
    by_row = {key: d.partitioning.dimensions for key, d in graph.datasets.items()}
    apart = {k: d.steps.dimensions for k, d in graph.datasets.items() if d.steps is not None}
    current = ledger.current_all({**by_row, **apart}, by_row)
    return current.only(present(current.datasets(), graph, environment, store))


def read_tables(
    graph: Graph, environment: Environment, store: OpenStore
) -> Iterator[tuple[DatasetKey, Sequence[Made]]]:
    """What the tables say of themselves, by dataset; opens each table that is there.

    Raises:
        StorageError: a table cannot be read (FF-6xx).
    """
    for key in sorted(present(graph.datasets, graph, environment, store)):
        yield key, log_of(store(), graph.datasets[key]).made()


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
    location = parse_location(environment.location)
    if isinstance(location, FolderLocation):
        return tables_in(location, keys)
    tables = {key: log_of(store(), graph.datasets[key]) for key in keys}
    return {key for key, table in tables.items() if table.version() is not None}


def settle(ledger: Ledger, graph: Graph, store: OpenStore, clock: Clock) -> None:
    """Asks the tables what runs that were killed had committed, and closes those runs.

    Call it with the run lock held: no other run is going on then.
    """
    for run in ledger.unfinished_runs():
        touched = {key for step in ledger.steps_of(run.run_id) for key in step.makes}
        for key in touched & set(graph.datasets):
            table = log_of(store(), graph.datasets[key])
            ledger.replace_all(key, table.made() if table.version() is not None else ())
        ledger.end_run(run.run_id, "killed", run.counts, clock=clock)

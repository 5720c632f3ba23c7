"""The ledger made again from what the tables say, while no run goes on."""

from __future__ import annotations

from flowforge_assets.core.clock import Clock
from flowforge_assets.execute.state import OpenStore, read_tables, schemas_of_tables
from flowforge_assets.graph.build import Graph
from flowforge_assets.project.environment import Environment
from flowforge_assets.record.lease import run_lease
from flowforge_assets.record.rebuild import Rebuilt, rebuild


def relearn(graph: Graph, environment: Environment, store: OpenStore, clock: Clock) -> Rebuilt:
    """Makes the ledger say what the tables say; waits while a run of the environment goes on.

    Raises:
        RecordError: it cannot be written (FF-5xx).
        StorageError: a table cannot be read (FF-6xx).
    """
    with run_lease(environment.folder, on_wait=_silent):
        tables = read_tables(graph, environment, store)
        schemas = schemas_of_tables(graph, store)
        return rebuild(environment.ledger_path, tables, schemas=schemas, clock=clock)


def _silent(_: str) -> None:
    """Says nothing of the wait."""

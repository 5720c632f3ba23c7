"""The ledger made again from what the tables say, while no run goes on."""

from __future__ import annotations

from contextlib import ExitStack

from flowforge_assets.core.clock import Clock
from flowforge_assets.errors.record import LedgerBroken
from flowforge_assets.execute.state import OpenStore, read_tables, schemas_of_tables
from flowforge_assets.execute.turn import Ready, Turn
from flowforge_assets.graph.build import Graph
from flowforge_assets.project.environment import Environment
from flowforge_assets.record.leases import EVERYTHING
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.record.rebuild import Rebuilt, rebuild
from flowforge_assets.record.run import new_run_id


def relearn(graph: Graph, environment: Environment, store: OpenStore, clock: Clock) -> Rebuilt:
    """Makes the ledger say what the tables say; waits while a run of the environment goes on.

    Raises:
        RecordError: it cannot be written (FF-5xx).
        StorageError: a table cannot be read (FF-6xx).
    """
    turn = Turn(new_run_id(clock), environment.folder, _silent)
    with ExitStack() as held:
        try:
            if environment.has_ledger:
                ledger = held.enter_context(Ledger.open(environment.ledger))
                ledger.verify()
                held.enter_context(turn.of(ledger, _all))
        except LedgerBroken:
            turn.silence()  # one that is broken knows no leases
        tables = read_tables(graph, environment, store)
        schemas = schemas_of_tables(graph, store)
        return rebuild(environment.ledger, tables, schemas=schemas, clock=clock)


def _all() -> Ready[None]:
    return Ready(None, {EVERYTHING: None})


def _silent(_: str) -> None:
    """Says nothing of the wait."""

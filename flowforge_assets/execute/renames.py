"""What was recorded under the earlier names of datasets, taken for what it is today."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made
from flowforge_assets.core.schema_change import SchemaChange
from flowforge_assets.declare.definition import DatasetDefinition
from flowforge_assets.declare.renamed import first_key, keys_today, made_today
from flowforge_assets.errors.storage import TwoTablesError
from flowforge_assets.graph.build import Graph
from flowforge_assets.record.history import History
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.storage.folder import Folder
from flowforge_assets.storage.location import table_names, tables_in

ReadLog: TypeAlias = Callable[[DatasetDefinition], Sequence[Made]]
ReadSchemas: TypeAlias = Callable[[DatasetKey], Sequence[SchemaChange]]


def made_of(graph: Graph, made: Iterable[Made]) -> list[Made]:
    """Commits as their table tells them, all names as they are today."""
    today = keys_today(graph.datasets.values())
    return [made_today(each, today) for each in made]


def history_today(graph: Graph, history: History) -> History:
    """The history with all names as they are today.

    What the ledger still knows under an earlier name counts where it knows nothing under today's:
    the next run takes it over.
    """
    today = keys_today(graph.datasets.values())
    if not today:
        return history
    pieces = _today(history.pieces, today)
    recut = frozenset(today.get(key, key) for key in history.recut) - set(pieces)
    return History(pieces, _today(history.rows, today), recut)


def take_over(ledger: Ledger, graph: Graph, read: ReadLog, read_schemas: ReadSchemas) -> None:
    """Makes the ledger say under today's names what it says under earlier ones.

    `read` and `read_schemas` give what a table says of its commits and of its columns. Tables are
    asked, not the ledger, so that a kill in between costs nothing: it is done again.
    """
    today = keys_today(graph.datasets.values())
    if not today:
        return
    known = set(ledger.datasets())
    for alias, key in today.items():
        if alias in known:
            made = read(graph.datasets[key])
            ledger.replace_all(key, made, schemas=read_schemas(key) if made else ())
            ledger.forget(alias)


def refuse_two_tables(graph: Graph, folder: Folder) -> None:
    """Passes a store in which renamed datasets lie under their first names alone.

    Raises:
        TwoTablesError: one has a table under today's name, too (FF-619).
    """
    renamed = {key: first_key(each) for key, each in graph.datasets.items() if each.aliases}
    for key in tables_in(folder, renamed):
        first = renamed[key]
        new, old = (folder.below(*table_names(name)).shown for name in (key, first))
        message = f"`{key}` goes on as `{first}`, and has a table of its own at `{new}`"
        hint = f"move that folder away; or into the place of `{old}`; or remove the alias"
        raise TwoTablesError(message, place=graph.datasets[key].place, hint=hint)


def _today(
    pieces: Mapping[DatasetKey, Sequence[Made]], today: Mapping[DatasetKey, DatasetKey]
) -> dict[DatasetKey, Sequence[Made]]:
    found: dict[DatasetKey, Sequence[Made]] = {}
    # what has today's name comes last, and wins
    for key in sorted(pieces, key=lambda each: each not in today):
        found[today.get(key, key)] = [made_today(each, today) for each in pieces[key]]
    return found

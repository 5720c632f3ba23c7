"""A state that is longer than a comment may be: rows of `_flowforge` hold it, the comment names it.

The rows are written before the statement that publishes, under a name that nobody else gives, and
are never changed. Only the comment, which comes with the rows of the table, makes them count: a
kill before leaves rows that nobody reads, a kill after the rows of the state before. Both are
swept.
"""

from __future__ import annotations

import base64
import json
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from flowforge_assets.core.warehouse_script import read_state_text, state_text
from flowforge_assets.errors.storage import StorageError
from flowforge_assets.errors.warehouse import WarehouseStateError
from flowforge_assets.sdk.warehouse import NOBODY, STATE_TABLE, Tag, Warehouse
from flowforge_assets.sql.portable.statements.statements import TableColumn
from flowforge_assets.sql.portable.types import BIGINT, TEXT

if TYPE_CHECKING:
    from flowforge_assets.core.table_name import TableName
    from flowforge_assets.sql.portable.statements.statements import Statements

_KEPT: Final = "kept"
_PIECE: Final = 3000
_PIECES_A_STATEMENT: Final = 100
_COLUMNS: Final = (
    TableColumn("table", TEXT),
    TableColumn("state", TEXT),
    TableColumn("piece", BIGINT),
    TableColumn("text", TEXT),
)


class KeptState:
    """The states of one table, short or long."""

    def __init__(self, warehouse: Warehouse, statements: Statements, table: TableName) -> None:
        """Of a table that nobody has asked for yet."""
        self._warehouse = warehouse
        self._says = statements
        self._table = table
        self._place = table.beside(STATE_TABLE)
        self._known: tuple[str, str] = ("", "")

    def short(self, state: str, tag: Tag = NOBODY) -> str:
        """What the comment is to hold: the state, or the name under which it is written now."""
        most = self._warehouse.longest_comment
        if most is None or len(state_text(state)) <= most:
            return state
        name = f"{int(time.time()):08x}{_digest(state)}"
        for statement in self._written(name, state):
            self._warehouse.execute(statement, tag)
        self._known = (name, state)
        return json.dumps({_KEPT: name})

    def whole(self, said: str) -> str:
        """The state, of what the comment holds.

        Raises:
            WarehouseStateError: its rows are not there, or not as they were written (FF-686).
            StorageError: the warehouse cannot be asked (FF-6xx).
        """
        name = _name_in(said)
        if name is None:
            return said
        if self._known[0] != name:
            self._known = (name, self._read(name))
        return self._known[1]

    def forget(self, comment: str) -> None:
        """Removes the rows of a state that no comment names any more.

        What cannot be removed is in nobody's way, and swept when it is old.
        """
        name = _name_in(read_state_text(comment) or "")
        if name is not None:
            with suppress(StorageError):
                self._warehouse.execute(self._deleted(f"= {self._says.text(name)}"), NOBODY)

    def sweep(self, comment: str, before: datetime, *, is_dry: bool) -> int:
        """Removes rows that were written before then, but those of the comment; gives how many."""
        if self._warehouse.longest_comment is None or self._warehouse.look(self._place) is None:
            return 0
        old = f"{int(before.timestamp()):08x}"
        kept = _name_in(read_state_text(comment) or "") or ""
        says = self._says
        left = f"< {says.text(old)} AND {says.name('state')} <> {says.text(kept)}"
        count = f"SELECT COUNT(*) AS n FROM {says.path(self._place)} WHERE {self._of(left)}"  # noqa: S608 - quoted
        found = self._warehouse.number(count, NOBODY)
        if found and not is_dry:
            self._warehouse.execute(self._deleted(left), NOBODY)
        return found

    def _written(self, name: str, state: str) -> Iterator[str]:
        """The statements that write its pieces: packed, so that a million letters are a few."""
        says = self._says
        yield says.created(self._place, _COLUMNS)
        packed = base64.b64encode(zlib.compress(state.encode(), 9)).decode()
        pieces = [packed[at : at + _PIECE] for at in range(0, len(packed), _PIECE)]
        of = says.text(str(self._table))
        for first in range(0, len(pieces), _PIECES_A_STATEMENT):
            some = enumerate(pieces[first : first + _PIECES_A_STATEMENT], first)
            rows = (
                f"SELECT {of} AS {says.name('table')}, {says.text(name)} AS {says.name('state')},"
                f" {number} AS {says.name('piece')}, {says.text(piece)} AS {says.name('text')}"
                for number, piece in some
            )
            yield says.inserted(self._place, _COLUMNS, "\nUNION ALL ".join(rows))

    def _read(self, name: str) -> str:
        import pyarrow as pa  # pyarrow: only where a state is long

        says = self._says
        columns = f"{says.name('piece')}, {says.name('text')}"
        query = f"SELECT {columns} FROM {says.path(self._place)}"  # noqa: S608 - quoted
        query += f" WHERE {self._of(f'= {says.text(name)}')}"
        types: dict[str, pa.DataType] = {"piece": pa.int64(), "text": pa.string()}
        rows: list[dict[str, Any]] = []  # a number and a text
        try:
            for batch in self._warehouse.read(query, pa.schema(types), NOBODY):
                rows += batch.to_pylist()
        except StorageError:
            if self._warehouse.look(self._place) is not None:
                raise
            rows = []  # no table is as no row
        packed = "".join(row["text"] for row in sorted(rows, key=lambda row: row["piece"]))
        try:
            state = zlib.decompress(base64.b64decode(packed)).decode()
        except (ValueError, zlib.error) as error:
            raise self._not_whole() from error
        if not name.endswith(_digest(state)):
            raise self._not_whole()
        return state

    def _not_whole(self) -> WarehouseStateError:
        message = f"the state of the table `{self._table}` is not whole in `{self._place}`"
        return WarehouseStateError(message, hint="drop the table and make it anew")

    def _deleted(self, names: str) -> str:
        return self._says.deleted(self._place, self._of(names))

    def _of(self, names: str) -> str:
        """The condition on the rows of this table whose states' names are such."""
        of = self._says.text(str(self._table))
        return f"{self._says.name('table')} = {of} AND {self._says.name('state')} {names}"


def _digest(state: str) -> str:
    return blake2b(state.encode(), digest_size=12).hexdigest()


def _name_in(said: str) -> str | None:
    """The name of a state that is kept elsewhere; None where what is said is the state."""
    if not said.startswith(f'{{"{_KEPT}"'):
        return None
    name: str = json.loads(said)[_KEPT]
    return name

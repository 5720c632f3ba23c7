"""The statements by which rows that were loaded become those of a table.

A step that runs in the warehouse brings its own (`compile.warehouse_sql`); these are for rows that
come from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from flowforge_assets.core.table_name import TableName
    from flowforge_assets.sql.portable.statements.statements import Statements, TableColumn
    from flowforge_assets.warehouse.staged import Found

_WHOLE: Final = "whole"
_ALL_ROWS: Final = "1 = 1"


@dataclass(frozen=True, slots=True)
class Publishing:
    """Writes them for one table."""

    statements: Statements
    table: TableName
    columns: Sequence[TableColumn]

    def without_transaction(self, given: Sequence[str]) -> list[str]:
        """The statements without those that begin and end a transaction: connectors have theirs."""
        around = {self.statements.begin, self.statements.commit}
        return [each for each in given if each not in around]

    def recorded(self, comment: str, *, is_there: bool) -> list[str]:
        """Changes the comment alone; makes an empty table where none is."""
        says = self.statements
        made = [] if is_there else [says.created(self.table, self.columns)]
        return [*made, *says.commented(self.table, comment)]

    def published(
        self,
        staged: TableName,
        comment: str,
        *,
        kept: str | None,
        keys: Sequence[str],
        found: Found,
    ) -> list[str]:
        """Puts the staged rows in; `kept` None: in the place of all rows.

        Else `kept` is the condition of those that go (empty: none do), or `keys` tell them. Where
        one statement shows the rows, it is the last.
        """
        says, is_there = self.statements, found != "absent"
        if says.publishing == "transaction":
            if kept is None and found == "same":
                kept = _ALL_ROWS
            return self._in_place(staged, comment, kept=kept, keys=keys, is_there=is_there)
        whole = staged
        first: list[str] = []
        if kept is not None and is_there:
            whole = self.whole(staged)
            first = [says.copied(whole, self.table), *self._changed(whole, staged, kept, keys)]
        first += says.commented(whole, comment)
        if says.publishing == "replace":
            return [*first, says.replaced(self.table, whole, comment)]
        if not is_there:
            return [*first, says.renamed(whole, self.table.table)]
        return [*first, *says.swapped(self.table, whole), says.dropped(whole)]

    @staticmethod
    def whole(staged: TableName) -> TableName:
        """Where all rows are put together that the table is to have."""
        return staged.beside(f"{staged.table}_{_WHOLE}")

    def cleaned(self, staged: TableName) -> list[str]:
        """Drops what was made on the way."""
        return [self.statements.dropped(each) for each in (staged, self.whole(staged))]

    def _in_place(
        self,
        staged: TableName,
        comment: str,
        *,
        kept: str | None,
        keys: Sequence[str],
        is_there: bool,
    ) -> list[str]:
        """In one transaction; a table whose columns are others now is made anew."""
        says = self.statements
        made = says.created(self.table, self.columns)
        ends = says.commented(self.table, comment)
        if not is_there:
            return [made, self._added(self.table, staged), *ends]
        if kept is None:
            return [says.dropped(self.table), made, self._added(self.table, staged), *ends]
        return [*self._changed(self.table, staged, kept, keys), *ends]

    def _changed(
        self, table: TableName, staged: TableName, gone: str, keys: Sequence[str]
    ) -> list[str]:
        says = self.statements
        condition = gone
        if keys:
            of_table, of_staged = says.path(table), "s"
            same = " AND ".join(
                f"({of_table}.{n} = {of_staged}.{n}"
                f" OR ({of_table}.{n} IS NULL AND {of_staged}.{n} IS NULL))"
                for n in map(says.name, keys)
            )
            condition = f"EXISTS (SELECT 1 FROM {says.path(staged)} AS s WHERE {same})"  # noqa: S608 - quoted
        removed = [says.deleted(table, condition)] if condition else []
        return [*removed, self._added(table, staged)]

    def _added(self, table: TableName, staged: TableName) -> str:
        says = self.statements
        names = says.names(self.columns)
        query = f"SELECT {names} FROM {says.path(staged)}"  # noqa: S608 - quoted
        return says.inserted(table, self.columns, query)

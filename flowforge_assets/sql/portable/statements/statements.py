"""Statements that write, as templates of a target: queries are emitted, these are filled in.

No statement is ever transpiled: each target has its own words for it, from its vendor's manual, or
does without. Names are quoted as the target's queries quote them, and keep their case. Templates
have `{table}` and the like; what is put in is quoted or emitted, never text of a user.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from flowforge_assets.core.dimension import Kind as PartitionKind
from flowforge_assets.core.table_name import TableName
from flowforge_assets.sql.portable.refusal import LITERAL, Refused
from flowforge_assets.sql.portable.target import Target
from flowforge_assets.sql.portable.tree import At, Query
from flowforge_assets.sql.portable.types import SqlType
from flowforge_assets.sql.portable.write_expr import ExprWriter

Privilege: TypeAlias = Literal["select", "insert", "update", "delete"]
LayoutWord: TypeAlias = Literal["cluster_by", "partition_by", "distribute"]
Publishing: TypeAlias = Literal["transaction", "replace", "rename"]

_AT: Final = At(1, 1)


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a table in a warehouse; an instant is a time with its zone, which no query has.

    `type` of an instant is TIMESTAMP.
    """

    name: str
    type: SqlType
    nullable: bool = True
    is_instant: bool = False
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """How the rows of a table lie. A target takes what it has and leaves out the rest.

    `spread` is the column by whose hash rows are spread over machines, empty: evenly. `cut` is
    the column of time that cuts the table, `unit` by what. `sort` are columns whose near values
    lie together.
    """

    spread: str = ""
    cut: str = ""
    unit: PartitionKind | None = None
    sort: tuple[str, ...] = ()


NO_LAYOUT: Final = Layout()
LayoutForm: TypeAlias = Callable[["Statements", Layout, Mapping[str, TableColumn]], str]


def no_layout(_: Statements, __: Layout, ___: Mapping[str, TableColumn]) -> str:
    """Of engines that find a layout by themselves."""
    return ""


def _no_words() -> dict[Privilege, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Statements:
    """An engine's statements, by its differences from the plainest SQL. Empty: there is none.

    `publishing` says how a staged table becomes the table: `transaction`: DDL and comments are
    part of one; `replace`: DDL commits by itself, and one statement puts a whole new table with
    its comment into the place of the old; `rename`: neither, the new table takes the name, and the
    state is a row about the object that was renamed. `prepare` makes what `comment` needs.
    `instant` is the type of times with a zone. `not_a_number` tests a double; empty: there is no
    such value. `laid_by` are the words on a table's layout that mean something there.
    """

    target: Target
    publishing: Publishing
    instant: str
    instant_value: str = "CAST('{moment}' AS {instant})"
    not_a_number: str = ""
    create_schema: str = "CREATE SCHEMA IF NOT EXISTS {schema}"
    create: str = "CREATE TABLE IF NOT EXISTS {table} (\n{columns}\n){layout}"
    create_as: str = ""
    insert: str = "INSERT INTO {table} ({columns})\n{query}"
    delete: str = "DELETE FROM {table}\nWHERE {condition}"
    update: str = "UPDATE {table}\nSET {changes}\nWHERE {condition}"
    merge: str = ""
    drop: str = "DROP TABLE IF EXISTS {table}"
    rename: str = "ALTER TABLE {table} RENAME TO {name}"
    forget: str = ""
    replace: str = ""
    copy: str = ""
    swap: str = ""
    view: tuple[str, ...] = ("CREATE OR REPLACE VIEW {table} AS\n{query}",)
    drop_view: str = "DROP VIEW IF EXISTS {table}"
    prepare: tuple[str, ...] = ()
    comment: tuple[str, ...] = ("COMMENT ON TABLE {table} IS {text}",)
    view_comment: tuple[str, ...] = ("COMMENT ON VIEW {table} IS {text}",)
    find_comment: str = ""
    column_comment: str = "COMMENT ON COLUMN {table}.{column} IS {text}"
    tag: str = ""
    grant: str = "GRANT {privilege} ON {table} TO {role}"
    privileges: Mapping[Privilege, str] = field(default_factory=_no_words)
    begin: str = "BEGIN"
    commit: str = "COMMIT"
    not_null: str = " NOT NULL"
    said: Callable[[str], str | None] | None = None
    layout: LayoutForm = no_layout
    laid_by: frozenset[LayoutWord] = frozenset()
    batch: str = ""  # what stands after each statement of a script that people run

    # --- words ----------------------------------------------------------------------------------

    def name(self, name: str) -> str:
        """A quoted name.

        Raises:
            Refused: the target cannot have it (FF-455).
        """
        return ExprWriter(self.target, _no_query).name(name, _AT)

    def path(self, table: TableName) -> str:
        """A table's quoted name with what it lies in."""
        return ".".join(self.name(part) for part in table.parts)

    def names(self, columns: Sequence[TableColumn]) -> str:
        """The quoted names of columns, with commas."""
        return ", ".join(self.name(column.name) for column in columns)

    def text(self, text: str) -> str:
        """A text constant where the grammar wants a plain one, as in a comment.

        Raises:
            Refused: it cannot be written (FF-454).
        """
        written = (self.said or self.target.text)(text)
        if written is None:
            hint = "leave control characters out"
            raise Refused(LITERAL, "this text cannot be written as a constant", _AT, hint)
        return written

    def type(self, column: TableColumn) -> str:
        """A column's type."""
        if column.is_instant:
            return self.instant
        return ExprWriter(self.target, _no_query).type(column.type, _AT)

    def moment(self, moment: str) -> str:
        """An instant, given as ISO 8601 in UTC with its zone, as a constant."""
        utc = moment.removesuffix("+00:00")
        return self.instant_value.format(moment=moment, utc=utc, instant=self.instant)

    # --- statements -----------------------------------------------------------------------------

    def created(
        self, table: TableName, columns: Sequence[TableColumn], layout: Layout = NO_LAYOUT
    ) -> str:
        """Makes an empty table, unless it is there."""
        lines = ",\n".join(
            f"  {self.name(column.name)} {self.type(column)}"
            + ("" if column.nullable else self.not_null)
            for column in columns
        )
        known = {column.name: column for column in columns}
        return self.create.format(
            **self._of(table), columns=lines, layout=self.layout(self, layout, known)
        )

    def filled(
        self,
        table: TableName,
        columns: Sequence[TableColumn],
        query: str,
        layout: Layout = NO_LAYOUT,
    ) -> tuple[str, ...]:
        """Makes a table of the rows of `query`, which has just those columns in that order."""
        if not self.create_as:
            return self.created(table, columns, layout), self.inserted(table, columns, query)
        known = {column.name: column for column in columns}
        written = self.layout(self, layout, known)
        return (self.create_as.format(table=self.path(table), layout=written, query=query),)

    def inserted(self, table: TableName, columns: Sequence[TableColumn], query: str) -> str:
        """Adds the rows of `query`."""
        return self.insert.format(table=self.path(table), columns=self.names(columns), query=query)

    def deleted(self, table: TableName, condition: str = "") -> str:
        """Removes rows; all without a condition, which names columns behind the table's name."""
        return self.delete.format(table=self.path(table), condition=condition or self._every)

    def updated(self, table: TableName, changes: Mapping[str, str], condition: str) -> str:
        """Changes rows, all without a condition; `changes` are written values by column."""
        said = ", ".join(f"{self.name(column)} = {value}" for column, value in changes.items())
        return self.update.format(
            table=self.path(table), changes=said, condition=condition or self._every
        )

    def dropped(self, table: TableName) -> str:
        """Removes a table, if it is there."""
        return self.drop.format(**self._of(table))

    def renamed(self, table: TableName, name: str) -> str:
        """Gives a table another name in its schema."""
        return self.rename.format(**self._of(table), name=self.name(name))  # may be empty

    def forgotten(self, table: TableName, other: TableName) -> str:
        """Removes `other` if `table` is there too: what a table was before it was replaced."""
        path = self.path(other)
        return self.forget.format(**self._of(table), other=path, other_unquoted=self.text(path))

    def viewed(self, table: TableName, query: str, comment: str) -> tuple[str, ...]:
        """Makes a view with a comment, in the place of one that is there."""
        return tuple(
            each.format(**self._of(table), query=query, text=self.text(comment))
            for each in (*self.view, *self.view_comment)
        )

    def view_dropped(self, table: TableName) -> str:
        """Removes a view, if it is there."""
        return self.drop_view.format(**self._of(table))

    def prepared(self, table: TableName) -> tuple[str, ...]:
        """Makes what must be there before a table can be made: its schema, and the like."""
        nested = self.text(f"CREATE SCHEMA {self._of(table)['schema']}")
        return tuple(
            each.format(**self._of(table), nested=nested)
            for each in (self.create_schema, *self.prepare)
        )

    def commented(self, table: TableName, text: str) -> tuple[str, ...]:
        """Says what a table is."""
        return tuple(each.format(**self._of(table), text=self.text(text)) for each in self.comment)

    def comment_query(self, table: TableName) -> str:
        """The query that gives the comment of a table or view; no row where there is neither."""
        return self.find_comment.format(**self._of(table))

    @property
    def _every(self) -> str:
        return "TRUE" if self.target.conditions_are_values else "1 = 1"

    def _of(self, table: TableName) -> dict[str, str]:
        """What templates may say of a table: its names, quoted as names and as texts."""
        schema = ".".join(self.name(part) for part in table.schema)
        return {
            "table": self.path(table),
            "unquoted": self.text(self.path(table)),
            "schema": schema,
            "schema_text": self.text(table.schema[-1]),
            "name_text": self.text(table.table),
        }

    def column_commented(self, table: TableName, column: TableColumn) -> str:
        """Says what a column is; empty where the target keeps no such word."""
        return self.column_comment.format(
            table=self.path(table), column=self.name(column.name), text=self.text(column.doc)
        )

    def tagged(self, table: TableName, name: str, value: str) -> str:
        """Marks a table; empty where the target has no tags."""
        return self.tag.format(
            table=self.path(table), tag=self.name(name), name=self.text(name), text=self.text(value)
        )

    def granted(self, privilege: Privilege, table: TableName, role: str) -> str:
        """Lets a role read or change a table."""
        word = self.privileges.get(privilege, privilege.upper())
        return self.grant.format(
            privilege=word, table=self.path(table), role=self.name(role), member=self.text(role)
        )

    def copied(self, table: TableName, other: TableName) -> str:
        """Makes `table` a copy of `other`, in the place of one that is there."""
        return self.copy.format(table=self.path(table), other=self.path(other))

    def replaced(self, table: TableName, other: TableName, comment: str) -> str:
        """Makes `table` what `other` is, rows, columns and layout, in one atomic statement."""
        return self.replace.format(
            table=self.path(table), other=self.path(other), text=self.text(comment)
        )

    def swapped(self, table: TableName, other: TableName) -> tuple[str, ...]:
        """Changes the names of two tables, which are both there; nothing where it cannot."""
        if self.swap:
            return (self.swap.format(table=self.path(table), other=self.path(other)),)
        between = table.beside(f"{other.table}__swap")
        moves = ((table, between), (other, table), (between, other))
        return tuple(self.renamed(one, to.table) for one, to in moves)


def _no_query(_: Query) -> str:
    raise AssertionError

"""What names mean at a place in a query: the columns in sight, and the queries around."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from flowforge_assets.sql.portable.refusal import NAME, TYPE, Refused
from flowforge_assets.sql.portable.tree import At, Column, Expr, ParameterValue, Query
from flowforge_assets.sql.portable.types import Kind, SqlType

Columns = tuple[tuple[str, SqlType], ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """A source in FROM, as names see it: its alias and its columns in order.

    `written` is the alias in what is emitted, where the source's own would be taken for a column.
    """

    alias: str
    columns: Columns
    written: str

    def find(self, name: str) -> tuple[str, SqlType] | None:
        """The column of that name, whatever its case."""
        for column in self.columns:
            if column[0].lower() == name.lower():
                return column
        return None


@dataclass(slots=True)
class Names:
    """Names that a rewrite makes up: each is new in the whole query."""

    taken: set[str]
    last: int = 0

    def fresh(self, stem: str) -> str:
        """A name that nothing else has."""
        while True:
            self.last += 1
            name = f"{stem}{self.last}"
            if name not in self.taken:
                return name


@dataclass(frozen=True, slots=True)
class Tables:
    """What FROM may name: the schema's tables by lower-cased name, with their names as given.

    `values` are those of the query's parameters.
    """

    tables: Mapping[str, tuple[str, Columns]]
    names: Names
    bind_query: Callable[[exp.Expr, Scope], Query]
    values: Mapping[str, ParameterValue] = field(default_factory=dict[str, ParameterValue])


@dataclass(slots=True)
class Scope:
    """The names in sight of one SELECT."""

    tables: Tables
    parent: Scope | None = None
    sources: list[Seen] = field(default_factory=list[Seen])
    merged: dict[str, Expr] = field(default_factory=dict[str, Expr])
    skipped: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    aliases: dict[str, Expr] = field(default_factory=dict[str, Expr])
    results: frozenset[str] = frozenset()  # names of the result's columns, lower-cased
    with_queries: dict[str, tuple[str, Columns]] = field(
        default_factory=dict[str, tuple[str, Columns]]
    )
    windows: dict[str, exp.Window] = field(default_factory=dict[str, exp.Window])
    computed: dict[tuple[str, str], Expr] = field(default_factory=dict[tuple[str, str], Expr])

    def seen(self, alias: str, columns: Columns) -> Seen:
        """The source; GoogleSQL takes an alias for a column of the result that has its name."""
        names = {name.lower() for name, _ in columns} | self.results
        written = self.tables.names.fresh("q") if alias.lower() in names else alias
        return Seen(alias, columns, written)

    def column(self, name: str, source: str | None, at: At) -> Expr | None:
        """The column that a name means here or, correlated, further out; None if none."""
        scope: Scope | None = self
        while scope is not None:
            found = scope.own_column(name, source, at)
            if found is not None:
                return found
            scope = scope.parent
        return None

    def own_column(self, name: str, source: str | None, at: At) -> Expr | None:
        """The column that a name means among the sources of this SELECT."""
        if source is None and name.lower() in self.merged:
            return self.merged[name.lower()]
        found: list[Expr] = []
        for seen in self.sources:
            if source is not None and seen.alias.lower() != source.lower():
                continue
            column = seen.find(name)
            if column is not None:
                place = (seen.written, column[0])
                found.append(self.computed.get(place) or Column(*place, column[1], at))
        if len(found) > 1:
            raise Refused(
                NAME, f"column `{name}` is ambiguous", at, "write the table before it, `t.column`"
            )
        return usable(name, found[0], at) if found else None

    def find_with(self, name: str) -> tuple[str, Columns] | None:
        """The WITH query of that name, of this or an outer query."""
        scope: Scope | None = self
        while scope is not None:
            if name.lower() in scope.with_queries:
                return scope.with_queries[name.lower()]
            scope = scope.parent
        return None

    def find_window(self, name: str) -> exp.Window | None:
        """The definition of a named window."""
        return self.windows.get(name.lower())

    def star(self, source: str | None, at: At) -> Iterator[tuple[str, Expr]]:
        """The columns that `*` or `source.*` stands for, with their names."""
        for seen in self.sources:
            if source is not None and seen.alias.lower() != source.lower():
                continue
            for name, type_ in seen.columns:
                if source is None and (seen.written, name.lower()) in self.skipped:
                    continue
                merged = self.merged.get(name.lower()) if source is None else None
                place = (seen.written, name)
                column = self.computed.get(place) or Column(*place, type_, at)
                yield name, merged or usable(name, column, at)


def usable(name: str, column: Expr, at: At) -> Expr:
    """The column, whose type must be one that portable SQL knows."""
    if column.type.kind is Kind.OTHER:
        hint = "leave the column out, or store it as a type in the list"
        raise Refused(TYPE, f"column `{name}` has a type that is not portable", at, hint)
    return column

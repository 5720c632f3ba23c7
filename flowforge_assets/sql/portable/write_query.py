"""Portable queries as text of a target."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from flowforge_assets.sql.portable.accept import Accepting
from flowforge_assets.sql.portable.emitted import Refusal
from flowforge_assets.sql.portable.refusal import CLAUSE, Refused
from flowforge_assets.sql.portable.target import Target
from flowforge_assets.sql.portable.tree import (
    Derived,
    Expr,
    Grouping,
    Item,
    Join,
    Query,
    Select,
    SetOperation,
    Source,
    Table,
    With,
)
from flowforge_assets.sql.portable.write_expr import ExprWriter

_INDENT: Final = "  "


@dataclass(slots=True)
class QueryWriter:
    """Writes queries for one target, and lists what it cannot write."""

    target: Target
    accepting: Accepting = field(default_factory=Accepting)
    refusals: list[Refusal] = field(default_factory=list[Refusal])
    exprs: ExprWriter = field(init=False)
    depth: int = 0

    def __post_init__(self) -> None:
        """Expressions and queries hold each other."""
        self.exprs = ExprWriter(self.target, self._inner, self.accepting)

    def query(self, query: Query) -> str:
        """The text of a query, several lines."""
        match query:
            case Select():
                return self._select(query)
            case SetOperation():
                return self._set_operation(query)
            case With():
                return self._with(query)

    def _inner(self, query: Query) -> str:
        self.depth += 1
        written = self.query(query)
        self.depth -= 1
        if "\n" not in written:
            return written
        return "\n" + textwrap.indent(written, _INDENT) + "\n"

    def _tried(self, write: Callable[[], str]) -> str:
        """What is written; a refusal is listed, so that all of them are seen at once."""
        try:
            return write()
        except Refused as refused:
            self.refusals.append(refused.refusal)
            return "NULL"

    def _with(self, query: With) -> str:
        if self.depth and not self.target.nested_with:
            self._refuse(query, "WITH inside a subquery", "put it at the start of the query")
        if query.recursive and not self.target.recursive:
            self._refuse(query, "WITH RECURSIVE", "compute the levels by as many joins")
        parts: list[str] = []
        for each in query.queries:
            name = self._name(each.name, query)
            if each.columns and self.target.with_columns:
                columns = (self._name(column, query) for column in each.columns)
                name += f" ({', '.join(columns)})"
            self.depth += 1
            inner = textwrap.indent(self.query(each.query), _INDENT)
            self.depth -= 1
            parts.append(f"{name} AS (\n{inner}\n)")
        word = "WITH RECURSIVE" if query.recursive else "WITH"
        return f"{word} {', '.join(parts)}\n{self.query(query.body)}"

    def _refuse(self, query: Query | Join, what: str, hint: str) -> None:
        message = f"{what} has no exact form here"
        self.refusals.append(Refusal(query.at.line, query.at.column, CLAUSE, message, hint))

    def _set_operation(self, query: SetOperation) -> str:
        if query.keeps_duplicates and query.kind not in self.target.kept_duplicates:
            self._refuse(query, f"{query.kind} ALL", f"use {query.kind}, or number the rows")
        word = query.kind + (" ALL" if query.keeps_duplicates else "")
        word = self.target.set_words.get(word, word)
        left, right = (
            self._side(side, query, is_left=side is query.left)
            for side in (query.left, query.right)
        )
        return f"{left}\n{word}\n{right}"

    def _side(self, side: Query, around: SetOperation, *, is_left: bool) -> str:
        is_chain = isinstance(side, SetOperation) and is_left
        same_kind = isinstance(side, SetOperation) and side.kind == around.kind
        if (
            isinstance(side, SetOperation)
            and is_chain
            and same_kind
            and (side.keeps_duplicates == around.keeps_duplicates)
        ):
            return self.query(side)
        is_plain = (
            isinstance(side, Select) and not side.order and side.limit is None and not side.offset
        )
        if is_plain:
            return self.query(side)
        self.depth += 1
        inner = textwrap.indent(self.query(side), _INDENT)
        self.depth -= 1
        return f"(\n{inner}\n)"

    def _select(self, select: Select) -> str:
        lines: list[str] = []
        items = ",\n".join(_INDENT + self._item(item) for item in select.items)
        head = "SELECT DISTINCT" if select.distinct else "SELECT"
        if self.target.limit == "top" and select.limit is not None:
            head += f" TOP ({select.limit})"
        lines.append(f"{head}\n{items}")
        if select.source is not None:
            lines.append(f"FROM {self._tried(lambda: self._source(select.source))}")
        if select.where is not None:
            lines.append(f"WHERE {self._condition(select.where)}")
        if select.group is not None:
            lines.append(self._tried(lambda: self._group(select.group, select)))
        if select.having is not None:
            lines.append(f"HAVING {self._condition(select.having)}")
        lines.extend(self._ending(select))
        return "\n".join(line for line in lines if line)

    def _condition(self, expr: Expr) -> str:
        return self._tried(lambda: self.exprs.condition(expr).sql)

    def _item(self, item: Item) -> str:
        return self._tried(
            lambda: f"{self.exprs.plain(item.expr)} AS {self.exprs.name(item.name, item.expr.at)}"
        )

    def _name(self, name: str, query: Query) -> str:
        return self._tried(lambda: self.exprs.name(name, query.at))

    def _ending(self, select: Select) -> list[str]:
        """ORDER BY, LIMIT and OFFSET; an order that nothing sees is left out."""
        is_seen = self.depth == 0 or select.limit is not None or select.offset
        lines: list[str] = []
        if select.order and is_seen:
            lines.append(f"ORDER BY {self._tried(lambda: self.exprs.order(select.order))}")
        if self.target.limit == "top":
            if select.offset:
                self._refuse(select, "OFFSET", "number the rows with row_number() and filter")
            return lines
        if select.limit is not None:
            lines.append(f"LIMIT {select.limit}")
        elif select.offset:
            lines.append(f"LIMIT {2**63 - 1}")
        if select.offset:
            lines.append(f"OFFSET {select.offset}")
        return lines

    def _group(self, group: Grouping | None, select: Select) -> str:
        if group is None or not group.keys:
            return ""
        keys = [self.exprs.plain(key) for key in group.keys]
        if group.form not in self.target.groupings:
            hint = "unite one GROUP BY a grouping with UNION ALL"
            self._refuse(select, f"GROUP BY {group.form.upper()}", hint)
        if group.form == "sets":
            sets = (f"({', '.join(keys[i] for i in each)})" for each in group.sets)
            return f"GROUP BY GROUPING SETS ({', '.join(sets)})"
        listed = ", ".join(keys)
        return (
            f"GROUP BY {listed}"
            if group.form == "plain"
            else f"GROUP BY {group.form.upper()} ({listed})"
        )

    def _source(self, source: Source | None) -> str:
        match source:
            case None:
                return ""
            case Table():
                parts = [source.name] if source.is_with else source.name.split(".")
                path = ".".join(self.exprs.name(part, source.at) for part in parts)
                alias = "" if parts[-1] == source.alias and len(parts) == 1 else source.alias
                return f"{path} AS {self.exprs.name(alias, source.at)}" if alias else path
            case Derived():
                inner = self._inner(source.query)
                return f"({inner}) AS {self.exprs.name(source.alias, source.at)}"
            case Join():
                return self._join(source)

    def _join(self, join: Join) -> str:
        left = self._source(join.left)
        right = self._source(join.right)
        if isinstance(join.right, Join):
            right = f"({right})"
        if join.on is None:
            return f"{left}\nCROSS JOIN {right}"
        word = "JOIN" if join.kind == "INNER" else f"{join.kind} JOIN"
        return f"{left}\n{word} {right} ON {self.exprs.condition(join.on).sql}"

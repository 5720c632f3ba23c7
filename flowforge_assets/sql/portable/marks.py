"""Text for engines that ignore blanks at its end, or the case of letters, when they compare.

There, each text that is compared, grouped, sorted or told apart gets a last character that is no
blank, smaller than all others: then texts are equal exactly when all their characters are, and
sort as in DuckDB. `mark` puts it there, `unmark` takes it away; how is the target's affair.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from flowforge_assets.sql.portable.same import same
from flowforge_assets.sql.portable.scope import Names
from flowforge_assets.sql.portable.tree import (
    Aggregate,
    Call,
    Column,
    Derived,
    Expr,
    Grouping,
    GroupingBit,
    InList,
    InQuery,
    Item,
    Literal,
    Query,
    Select,
    SetOperation,
    Window,
    output,
)
from flowforge_assets.sql.portable.types import BIGINT, BOOL, TEXT, Kind
from flowforge_assets.sql.portable.walk import (
    with_expressions,
    with_key,
    with_parts,
    with_queries,
)

_COMPARES: Final = {
    *("equal", "not_equal", "less", "less_or_equal", "greater", "greater_or_equal", "between"),
    *("distinct", "not_distinct"),
}


def mark(expr: Expr) -> Expr:
    """The text with its mark; other values as they are."""
    if expr.type.kind is not Kind.TEXT:
        return expr
    if isinstance(expr, Call) and expr.name == "unmark":
        return expr.args[0]
    return Call("mark", (expr,), TEXT, expr.at)


def unmark(expr: Expr) -> Expr:
    """The text without its mark."""
    return Call("unmark", (expr,), TEXT, expr.at)


@dataclass(frozen=True, slots=True)
class Marks:
    """Puts marks into a whole query.

    `equals` says what `=` needs: `mark`; `length`, for engines on which texts that are equal and
    as long are the same, so that joins can still use the columns; or `plain`, nothing.
    """

    names: Names
    equals: str = "mark"

    def query(self, query: Query) -> Query:
        """The query with marks wherever texts meet."""
        if isinstance(query, SetOperation) and not query.keeps_duplicates and _has_text(query):
            return self._set_operation(query)
        if not isinstance(query, Select):
            return with_queries(query, self.query)
        if query.distinct and _has_text(query) and not _is_marked(query):
            query = self._distinct(query)
        made = with_expressions(query, self.expr, self.query)
        made = replace(made, order=tuple(with_key(key, mark) for key in made.order))
        return self._grouped(made) if made.group is not None else made

    def _grouped(self, select: Select) -> Select:
        """Keys are marked, and whatever shows a key shows the marked one without its mark."""
        group = select.group
        if group is None or not any(key.type.kind is Kind.TEXT for key in group.keys):
            return select
        keys = tuple(group.keys)

        def shown(expr: Expr) -> Expr:
            for key in keys:
                if key.type.kind is Kind.TEXT and same(key, expr):
                    return unmark(mark(key))
            if isinstance(expr, Aggregate):
                return expr
            if isinstance(expr, GroupingBit):
                return GroupingBit(mark(expr.key), expr.at)
            if isinstance(expr, Call) and expr.name == "mark":
                return mark(shown(expr.args[0]))
            return with_parts(expr, shown, lambda query: query)

        changed = with_expressions(
            replace(select, source=None, where=None, group=None), shown, lambda query: query
        )
        marked = Grouping(tuple(map(mark, keys)), group.form, group.sets)
        return replace(changed, source=select.source, where=select.where, group=marked)

    def expr(self, expr: Expr) -> Expr:
        """The expression with marks on the texts that it compares."""
        made = with_parts(expr, self.expr, self.query)
        match made:
            case Call() if self._is_equality(made):
                return made if self.equals == "plain" else _as_long(made)
            case InList() if self.equals == "length" and _is_plain_list(made):
                bare = Call("trim_right", (made.arg,), TEXT, made.at, (" ",))
                ends = Call("equal", (_length(made.arg), _length(bare)), BOOL, made.at)
                return Call("and", (made, ends), BOOL, made.at)
            case InList() if self.equals == "plain":
                return made
            case Call() if made.name in _COMPARES:
                return replace(made, args=tuple(map(mark, made.args)))
            case Call() if made.name == "null_if" and made.type.kind is Kind.TEXT:
                return unmark(replace(made, args=tuple(map(mark, made.args))))
            case InList():
                return replace(made, arg=mark(made.arg), items=tuple(map(mark, made.items)))
            case InQuery() if made.arg.type.kind is Kind.TEXT:
                return replace(made, arg=mark(made.arg), query=self._one_marked(made.query))
            case Aggregate():
                return _aggregate(made)
            case Window():
                order = tuple(with_key(key, mark) for key in made.order)
                return replace(made, partition=tuple(map(mark, made.partition)), order=order)
            case _:
                return made

    def _is_equality(self, call: Call) -> bool:
        is_text = bool(call.args) and call.args[0].type.kind is Kind.TEXT
        return is_text and call.name in {"equal", "not_equal"} and self.equals != "mark"

    def _one_marked(self, query: Query) -> Select:
        """The one column of a query, marked."""
        alias = self.names.fresh("q")
        (item,) = output(query)
        column = Column(alias, item.name, TEXT, item.expr.at)
        source = Derived(query, alias, item.expr.at)
        return Select((Item(mark(column), item.name),), item.expr.at, source=source)

    def _distinct(self, select: Select) -> Select:
        """DISTINCT over marked columns, the marks taken away outside."""
        marked = tuple(Item(mark(item.expr), item.name) for item in select.items)
        inner = replace(select, items=marked, order=(), limit=None, offset=0)
        return self._unmarked(inner, select)

    def _unmarked(self, inner: Query, outer: Select) -> Select:
        alias = self.names.fresh("q")
        at = outer.at
        items = tuple(
            Item(
                unmark(Column(alias, item.name, item.expr.type, at))
                if item.expr.type.kind is Kind.TEXT
                else Column(alias, item.name, item.expr.type, at),
                item.name,
            )
            for item in output(inner)
        )
        source = Derived(inner, alias, at)
        keys = tuple(
            replace(
                key,
                expr=next(
                    o.expr
                    for i, o in zip(outer.items, items, strict=True)
                    if same(i.expr, key.expr)
                ),
            )
            for key in outer.order
        )
        return Select(items, at, source=source, order=keys, limit=outer.limit, offset=outer.offset)

    def _set_operation(self, query: SetOperation) -> Query:
        """Both sides marked, the marks taken away outside."""
        left, right = (self._marked_side(self.query(side)) for side in (query.left, query.right))
        made = replace(query, left=left, right=right)
        return self._unmarked(made, Select(output(made), query.at))

    def _marked_side(self, query: Query) -> Select:
        alias = self.names.fresh("q")
        items = output(query)
        at = query.at
        columns = tuple(
            Item(mark(Column(alias, item.name, item.expr.type, at)), item.name) for item in items
        )
        return Select(columns, at, source=Derived(query, alias, at))


def _as_long(call: Call) -> Expr:
    """Equal and as long, or not equal or not as long."""
    lengths = tuple(map(_length, call.args))
    word = "and" if call.name == "equal" else "or"
    return Call(word, (call, Call(call.name, lengths, BOOL, call.at)), BOOL, call.at)


def _length(text: Expr) -> Expr:
    if isinstance(text, Literal) and isinstance(text.value, str):
        return Literal(len(text.value), BIGINT, text.at)
    return Call("text_length", (text,), BIGINT, text.at)


def _is_plain_list(expr: InList) -> bool:
    """Whether the list is of constants none of which ends in a blank."""
    return expr.arg.type.kind is Kind.TEXT and all(
        isinstance(item, Literal) and isinstance(item.value, str) and not item.value.endswith(" ")
        for item in expr.items
    )


def _is_marked(select: Select) -> bool:
    return any(isinstance(i.expr, Call) and i.expr.name == "mark" for i in select.items)


def _has_text(query: Query) -> bool:
    return any(item.expr.type.kind is Kind.TEXT for item in output(query))


def _aggregate(made: Aggregate) -> Expr:
    """What tells texts apart or sorts them sees them marked."""
    is_text = bool(made.args) and made.args[0].type.kind is Kind.TEXT
    if made.name == "count" and made.distinct and is_text:
        return replace(made, args=(mark(made.args[0]),))
    if made.name in {"min", "max"} and is_text:
        return unmark(replace(made, args=(mark(made.args[0]),)))
    if made.order:
        return replace(made, order=tuple(with_key(key, mark) for key in made.order))
    return made

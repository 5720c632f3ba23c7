"""Typed expressions as text of a target: only what the target lists is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from flowforge_assets.sql.portable.accept import Accepting
from flowforge_assets.sql.portable.refusal import CLAUSE, FORM, LITERAL, NAME, TYPE, Refused
from flowforge_assets.sql.portable.same import same
from flowforge_assets.sql.portable.target import (
    AND,
    ATOM,
    COMPARISON,
    LOOSE,
    NOT,
    OR,
    SIGN,
    Form,
    Formed,
    Infix,
    Target,
    Text,
    Writing,
    operands,
)
from flowforge_assets.sql.portable.tree import (
    Aggregate,
    At,
    Call,
    Case,
    Cast,
    Column,
    Exists,
    Expr,
    GroupingBit,
    InList,
    InQuery,
    Literal,
    Query,
    Scalar,
    SortKey,
    Window,
)
from flowforge_assets.sql.portable.types import INTEGER, NULL, Kind, SqlType

_FIELD: Final = re.compile(r"\{(all|type|scale|distinct|order|\d+|[nt]\d+)\}")
_CALL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*\([^()]*\)")
_CONDITIONS: Final = {
    *("equal", "not_equal", "less", "less_or_equal", "greater", "greater_or_equal", "between"),
    *("and", "or", "not", "is_null", "is_not_null", "like", "matches", "distinct"),
    *("not_distinct",),
}
_HINT: Final = "compute it before, store it as a column, or run this query on another target"
_OR_ACCEPT: Final = "or accept a near form: `-- ff: accept FF-451 why`"


@dataclass(frozen=True, slots=True)
class ExprWriter:
    """Writes expressions for one target; `query` writes the queries inside them."""

    target: Target
    query: Callable[[Query], str]
    accepting: Accepting = field(default_factory=Accepting)
    writing: Writing = field(init=False)

    def __post_init__(self) -> None:
        """What forms may ask for."""
        at = At(1, 1)
        writing = Writing(
            self.plain, self.held, lambda text: self.text(text, at), lambda t: self.type(t, at)
        )
        object.__setattr__(self, "writing", writing)

    def plain(self, expr: Expr) -> str:
        """The value, where nothing around can take it apart."""
        return self.value(expr).sql

    def held(self, expr: Expr, level: int) -> str:
        """The value, in parentheses if it holds less tightly than its place needs."""
        return _held(self.value(expr), level)

    def name(self, name: str, at: At) -> str:
        """A quoted name."""
        opening, closing = self.target.quotes
        if len(name.encode()) > self.target.longest_name:
            hint = f"at most {self.target.longest_name} bytes: give it a shorter name"
            raise Refused(NAME, f"the name `{name}` is too long", at, hint)
        if not re.fullmatch(self.target.name_pattern, name):
            hint = "use letters, digits and underscores"
            raise Refused(NAME, f"no column can be named `{name}` here", at, hint)
        return f"{opening}{name.replace(closing, closing * 2)}{closing}"

    def text(self, text: str, at: At) -> str:
        """A text constant."""
        written = self.target.text(text)
        if written is None:
            hint = "leave control characters and line breaks after a backslash out"
            raise Refused(LITERAL, "this text cannot be written as a constant", at, hint)
        return written

    def type(self, type_: SqlType, at: At) -> str:
        """A type."""
        written = self.target.types(INTEGER if type_ == NULL else type_)
        if written is None:
            raise Refused(TYPE, f"there is no `{type_}` here", at, "cast to a type in the list")
        return written

    def value(self, expr: Expr) -> Text:
        """An expression where a value stands."""
        is_condition = expr.type.kind is Kind.BOOL and _is_condition(expr)
        if is_condition and not self.target.conditions_are_values:
            truth = self.condition(expr).sql
            never_null = isinstance(expr, Exists) or (
                isinstance(expr, Call) and expr.name in {"is_null", "is_not_null"}
            )
            if never_null:
                return Text(f"CAST(CASE WHEN {truth} THEN 1 ELSE 0 END AS BIT)")
            negated = _held(self.condition(expr), COMPARISON)
            whens = f"WHEN {truth} THEN 1 WHEN NOT {negated} THEN 0"
            return Text(f"CAST(CASE {whens} END AS BIT)")
        return self._written(expr)

    def condition(self, expr: Expr) -> Text:
        """An expression where a condition stands."""
        if self.target.conditions_are_values or _is_condition(expr):
            return self._written(expr)
        if isinstance(expr, Literal) and expr.value is not None:
            return Text("1 = 1" if expr.value else "1 = 0", COMPARISON)
        return Text(f"{self.held(expr, COMPARISON + 1)} = 1", COMPARISON)

    def _written(self, expr: Expr) -> Text:  # noqa: C901, PLR0911 - one case a kind of expression
        match expr:
            case Column():
                return Text(f"{self.name(expr.source, expr.at)}.{self.name(expr.name, expr.at)}")
            case Literal():
                return self._literal(expr)
            case Call():
                return self._call(expr)
            case Cast():
                return self._cast(expr)
            case Case():
                return self._case(expr)
            case InList():
                items = ", ".join(map(self.plain, expr.items))
                return Text(f"{self.held(expr.arg, COMPARISON + 1)} IN ({items})", COMPARISON)
            case InQuery():
                inner = self.query(expr.query)
                return Text(f"{self.held(expr.arg, COMPARISON + 1)} IN ({inner})", COMPARISON)
            case Exists():
                return Text(f"EXISTS ({self.query(expr.query)})")
            case Scalar():
                return Text(f"({self.query(expr.query)})")
            case GroupingBit():
                return Text(f"GROUPING({self.plain(expr.key)})")
            case Aggregate():
                return self._formed(self.target.aggregates, expr)
            case Window():
                return self._window(expr)

    def _literal(self, literal: Literal) -> Text:
        if literal.value is None:
            return Text(f"CAST(NULL AS {self.type(literal.type, literal.at)})")
        written = (
            self.text(literal.value, literal.at)
            if isinstance(literal.value, str)
            else self.target.literal(literal)
        )
        if written is None:
            message = f"this `{literal.type}` cannot be written as a constant"
            raise Refused(LITERAL, message, literal.at, "compute it from smaller ones")
        return Text(written, SIGN if written.startswith("-") else ATOM)

    def _call(self, call: Call) -> Text:
        match call.name:
            case "and" | "or":
                level = AND if call.name == "and" else OR
                left, right = (_held(self.condition(arg), level) for arg in call.args)
                return Text(f"{left} {call.name.upper()} {right}", level)
            case "not":
                return Text(f"NOT {_held(self.condition(call.args[0]), COMPARISON)}", NOT)
            case "is_null" | "is_not_null":
                word = "IS NULL" if call.name == "is_null" else "IS NOT NULL"
                return Text(f"{self.held(call.args[0], COMPARISON + 1)} {word}", COMPARISON)
            case "between":
                arg, low, high = (self.held(each, COMPARISON + 1) for each in call.args)
                return Text(f"{arg} BETWEEN {low} AND {high}", COMPARISON)
            case "negate":
                return Text(f"-{self.held(call.args[0], SIGN + 1)}", SIGN)
            case _:
                return self._formed(self.target.operations, call)

    def _formed(self, forms: Mapping[str, Form], call: Call | Aggregate) -> Text:
        name = call.name
        form = forms.get(name)
        written = self._form(form, call) if form is not None else None
        if written is None:
            why = self.target.why.get(name, f"`{name.replace('_', ' ')}` has no exact form here")
            return self._near(name, call, why)
        return written

    def _near(self, name: str, call: Formed, why: str) -> Text:
        """The near form of what has no exact one, where the query accepts it."""
        near = self.target.near.get(name)
        if near is None:
            raise Refused(FORM, why, call.at, _HINT)
        refused = Refused(FORM, why, call.at, f"{_HINT}; {_OR_ACCEPT}")
        written = self._form(near, call) if self.accepting.takes(refused.refusal) else None
        if written is None:
            raise refused
        return written

    def _form(self, form: Form, call: Formed) -> Text | None:
        if isinstance(form, Infix):
            return self._infix(form, call)
        if isinstance(form, str):
            return self._template(form, call)
        found = form(self.writing, call)
        return self._template(found, call) if isinstance(found, str) else found

    def _infix(self, infix: Infix, call: Formed) -> Text:
        args = operands(call)
        is_comparison = infix.level == COMPARISON
        first = self.held(args[0], infix.level + (1 if is_comparison else 0))
        rest = (self.held(arg, infix.level + 1) for arg in args[1:])
        return Text(f" {infix.symbol} ".join((first, *rest)), infix.level)

    def _template(self, form: str, call: Formed) -> Text:
        """The form with its fields filled in; operands between brackets or commas stand bare."""
        args = operands(call)
        constants = call.constants if isinstance(call, Call) else ()

        def filled(match: re.Match[str]) -> str:
            name = match[1]
            if name == "all":
                return ", ".join(map(self.plain, args))
            if name == "type":
                return self.type(call.type, call.at)
            if name == "scale":
                return str(call.type.scale)
            if name == "distinct":
                return "DISTINCT " if isinstance(call, Aggregate) and call.distinct else ""
            if name == "order":
                return self._inner_order(call) if isinstance(call, Aggregate) else ""
            if name[0] in "nt":
                constant = constants[int(name[1:])]
                return constant if name[0] == "n" else self.text(constant, call.at)
            before = form[: match.start()].rstrip()[-1:]
            after = form[match.end() :].lstrip()[:1]
            is_bare = before in {"(", ","} and after in {")", ","}
            arg = args[int(name)]
            as_cast = form[match.end() :].startswith(" AS ") and before == "("
            return self.plain(arg) if is_bare or as_cast else self.held(arg, ATOM)

        return Text(_FIELD.sub(filled, form), ATOM if _is_atom(form) else LOOSE)

    def _cast(self, cast: Cast) -> Text:
        if self.target.name != "duckdb" and self._widens(cast):
            return self._written(cast.arg)
        form = self.target.casts.get((cast.arg.type.kind, cast.type.kind))
        written = self._form(form, cast) if form is not None else None
        if written is None:
            message = f"a cast from `{cast.arg.type}` to `{cast.type}` has no exact form here"
            return self._near("cast", cast, message)
        return written

    def _widens(self, cast: Cast) -> bool:
        """Whether a cast changes no value, nor how large a sum or a product with it may be."""
        before, after = cast.arg.type, cast.type
        if before.kind is after.kind is Kind.DECIMAL:
            whole = after.digits - after.scale >= before.digits - before.scale
            return whole and after.scale >= before.scale
        if before.kind is not Kind.INTEGER or after.kind is not Kind.INTEGER:
            return False
        return after.bits >= before.bits and (
            after.bits == before.bits or self.target.types(before) == self.target.types(after)
        )

    def _case(self, case: Case) -> Text:
        whens = "".join(
            f" WHEN {self.condition(when).sql} THEN {self.plain(then)}" for when, then in case.whens
        )
        is_null = isinstance(case.otherwise, Literal) and case.otherwise.value is None
        otherwise = "" if is_null else f" ELSE {self.plain(case.otherwise)}"
        all_null = is_null and all(
            isinstance(t, Literal) and t.value is None for _, t in case.whens
        )
        ending = f" ELSE {self.plain(case.otherwise)}" if all_null else otherwise
        return Text(f"CASE{whens}{ending} END")

    def _window(self, window: Window) -> Text:
        function = self._formed(self.target.windows, window.function).sql
        parts: list[str] = []
        has_double = any(key.type.kind is Kind.DOUBLE for key in window.partition)
        if has_double and not self.target.parts_by_doubles:
            hint = "cast the key to a DECIMAL"
            raise Refused(CLAUSE, "PARTITION BY a double", window.at, hint)
        if window.partition:
            parts.append(f"PARTITION BY {', '.join(map(self.plain, window.partition))}")
        if window.order:
            parts.append(f"ORDER BY {self.order(window.order)}")
        frame = window.frame
        if frame is not None:
            if frame.is_distance and "DISTANCE" not in self.target.frames:
                message = "a RANGE by a distance has no exact form here"
                hint = "use ROWS, or a self-join over the distance"
                raise Refused(CLAUSE, message, window.at, hint)
            if frame.unit not in self.target.frames:
                message = "a sum over all rows up to this one's equals has no exact form here"
                hint = (
                    "write the frame: ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW;"
                    " or accept that: `-- ff: accept FF-452 why`"
                )
                refused = Refused(CLAUSE, message, window.at, hint)
                if not self.accepting.takes(refused.refusal):
                    raise refused
                frame = replace(frame, unit="ROWS")
            parts.append(f"{frame.unit} BETWEEN {frame.start} AND {frame.end}")
        if not window.order and window.function.name in _RANKED:
            hint = "add ORDER BY to the window"
            raise Refused(CLAUSE, "a window without an order", window.at, hint)
        return Text(f"{function} OVER ({' '.join(parts)})")

    def order(self, keys: tuple[SortKey, ...]) -> str:
        """The keys after ORDER BY, with nulls where they belong."""
        return ", ".join(self._key(key) for key in keys)

    def _inner_order(self, call: Aggregate) -> str:
        """The keys inside an aggregate, which takes no NULLS LAST everywhere.

        Values that are null are left out, so that ordering by them needs no word on nulls.
        """
        keys: list[str] = []
        for key in call.order:
            written = self.plain(key.expr) + (" DESC" if key.descending else "")
            expr = key.expr
            bare = expr.args[0] if isinstance(expr, Call) and expr.name == "mark" else expr
            if not same(bare, call.args[0]):
                test = f"{self.held(expr, COMPARISON + 1)} IS NULL"
                ranks = "0 ELSE 1" if key.nulls_first else "1 ELSE 0"
                keys.append(f"CASE WHEN {test} THEN {ranks} END")
            keys.append(written)
        return ", ".join(keys)

    def _key(self, key: SortKey) -> str:
        written = self.plain(key.expr) + (" DESC" if key.descending else "")
        by_itself = {
            "last": False,
            "largest": key.descending,
            "smallest": not key.descending,
        }[self.target.nulls_sort]
        if by_itself == key.nulls_first:
            return written
        if self.target.says_nulls:
            return f"{written} NULLS {'FIRST' if key.nulls_first else 'LAST'}"
        test = self.held(key.expr, COMPARISON + 1)
        first, second = (0, 1) if key.nulls_first else (1, 0)
        return f"CASE WHEN {test} IS NULL THEN {first} ELSE {second} END, {written}"


_RANKED: Final = {
    *("row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "buckets", "lag", "lead"),
    *("first_value", "last_value", "nth_value", "first_value_present", "last_value_present"),
}


def _held(text: Text, level: int) -> str:
    return text.sql if text.level >= level else f"({text.sql})"


def _is_atom(form: str) -> bool:
    """Whether a form is one call of a function, or a CASE."""
    bare = _FIELD.sub("x", form)
    while (shorter := _CALL.sub("x", bare)) != bare:
        bare = shorter
    return bool(re.fullmatch(r"\w+", bare)) or (form.startswith("CASE ") and form.endswith(" END"))


def _is_condition(expr: Expr) -> bool:
    if isinstance(expr, Call):
        return expr.name in _CONDITIONS
    return isinstance(expr, (InList, InQuery, Exists))

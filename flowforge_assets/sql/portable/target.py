"""What a target says of itself: how it writes the operations that it has. The rest is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

from flowforge_assets.sql.portable.correlation import Pattern
from flowforge_assets.sql.portable.tree import Aggregate, Call, Cast, Expr, Literal
from flowforge_assets.sql.portable.types import Kind, SqlType

# How tightly a written expression holds together, from loose to tight.
LOOSE, OR, AND, NOT, COMPARISON, OTHER, SUM, PRODUCT, SIGN, ATOM = range(10)


class Text(NamedTuple):
    """A written expression; what holds less tightly than its place asks for gets parentheses."""

    sql: str
    level: int = ATOM


class Infix(NamedTuple):
    """An operator between two operands."""

    symbol: str
    level: int


@dataclass(frozen=True, slots=True)
class Writing:
    """What a form may ask of the writer: operands, constants and types as text of the target."""

    value: Callable[[Expr], str]
    held: Callable[[Expr, int], str]
    text: Callable[[str], str]
    type: Callable[[SqlType], str]


Formed: TypeAlias = Call | Cast | Aggregate
Form: TypeAlias = str | Infix | Callable[[Writing, Formed], Text | str | None]


def _no_words() -> dict[str, str]:
    return {}


def _near_casts() -> dict[str, Form]:
    return dict(NEAR)


@dataclass(frozen=True, slots=True)
class Target:
    """An engine, by its differences.

    `operations` are forms by name; a text has `{0}` for operands, `{type}` for the result's type,
    `{n0}` for constants as they are and `{t0}` for them as text constants. What is not in it has
    no exact form and is refused; `why` says more of some. `casts` are by the kinds from and to.
    `near` are forms whose rows may differ: written only where the query accepts that.
    `mark` and `unmark` are of engines that ignore blanks at the end of text: see `marks`.
    """

    name: str
    quotes: tuple[str, str]
    longest_name: int
    name_pattern: str
    types: Callable[[SqlType], str | None]
    text: Callable[[str], str | None]
    literal: Callable[[Literal], str | None]
    operations: Mapping[str, Form]
    casts: Mapping[tuple[Kind, Kind], Form]
    aggregates: Mapping[str, Form]
    windows: Mapping[str, Form]
    frames: frozenset[str] = frozenset({"ROWS", "RANGE"})
    why: Mapping[str, str] = field(default_factory=_no_words)
    near: Mapping[str, Form] = field(default_factory=_near_casts)
    marks: str = ""  # what `=` needs, see `Marks`; empty where texts need no marks
    conditions_are_values: bool = True
    nulls_sort: str = "last"  # where nulls go by themselves: last, largest or smallest
    says_nulls: bool = True
    parts_by_doubles: bool = True
    limit: str = "limit"
    recursive: bool = True
    with_columns: bool = True
    nested_with: bool = True
    groupings: frozenset[str] = frozenset({"plain", "rollup", "cube", "sets"})
    kept_duplicates: frozenset[str] = frozenset({"UNION", "INTERSECT", "EXCEPT"})
    set_words: Mapping[str, str] = field(default_factory=_no_words)
    no_correlated: frozenset[Pattern] = frozenset()  # subqueries that it cannot run
    settings: tuple[str, ...] = ()


# What nearly all engines have, and each does in its own way.
NEAR: Final[Mapping[str, Form]] = {"cast": "CAST({0} AS {type})"}

COMMON: Final[Mapping[str, Form]] = {
    "add": Infix("+", SUM),
    "subtract": Infix("-", SUM),
    "multiply": Infix("*", PRODUCT),
    "equal": Infix("=", COMPARISON),
    "not_equal": Infix("<>", COMPARISON),
    "less": Infix("<", COMPARISON),
    "less_or_equal": Infix("<=", COMPARISON),
    "greater": Infix(">", COMPARISON),
    "greater_or_equal": Infix(">=", COMPARISON),
    "joined": Infix("||", OTHER),
    "growing": "{0}",
    "divide": Infix("/", PRODUCT),
    "coalesce": "COALESCE({all})",
    "null_if": "NULLIF({0}, {1})",
    "abs": "ABS({0})",
    "upper": "UPPER({0})",
    "lower": "LOWER({0})",
    "sqrt": "SQRT({0})",
    "exp": "EXP({0})",
    "power": "POWER({0}, {1})",
    **{name: f"{name.upper()}({{0}})" for name in ("sin", "cos", "tan", "asin", "acos", "atan")},
    "atan2": "ATAN2({0}, {1})",
    "cube_root": "CBRT({0})",
    "replace": "REPLACE({0}, {1}, {2})",
    "reverse": "REVERSE({0})",
    "not_distinct": "{0} IS NOT DISTINCT FROM {1}",
    "distinct": "{0} IS DISTINCT FROM {1}",
}

AGGREGATES: Final[Mapping[str, Form]] = {
    "count_rows": "COUNT(*)",
    "count": "COUNT({distinct}{0})",
    "sum": "SUM({distinct}{0})",
    "mean": "AVG({distinct}{0})",
    "min": "MIN({0})",
    "max": "MAX({0})",
    "stddev": "STDDEV_SAMP({distinct}{0})",
    "stddev_population": "STDDEV_POP({distinct}{0})",
    "variance": "VAR_SAMP({distinct}{0})",
    "variance_population": "VAR_POP({distinct}{0})",
}

WINDOWS: Final[Mapping[str, Form]] = {
    **{name: form for name, form in AGGREGATES.items() if not name.startswith(("std", "var"))},
    "row_number": "ROW_NUMBER()",
    "rank": "RANK()",
    "dense_rank": "DENSE_RANK()",
    "percent_rank": "PERCENT_RANK()",
    "cume_dist": "CUME_DIST()",
    "buckets": "NTILE({0})",
    "lag": "LAG({all})",
    "lead": "LEAD({all})",
    "first_value": "FIRST_VALUE({0})",
    "last_value": "LAST_VALUE({0})",
    "nth_value": "NTH_VALUE({0}, {1})",
}


def operands(call: Formed) -> tuple[Expr, ...]:
    """What an operation is made of."""
    return (call.arg,) if isinstance(call, Cast) else call.args


def like(special: str = "%_", collation: str = "") -> Form:
    """LIKE with an escape where the pattern needs one."""

    def write(writing: Writing, call: Formed) -> Text:
        assert isinstance(call, Call)  # noqa: S101 - `like` is no cast
        pattern, escape = like_pattern(call.constants[0], special)
        ending = f" ESCAPE {writing.text(escape)}" if escape else ""
        left = writing.held(call.args[0], COMPARISON + 1) + collation
        return Text(f"{left} LIKE {writing.text(pattern)}{ending}", COMPARISON)

    return write


def time_text(write: str, codes: Mapping[str, str]) -> Form:
    """A time as text: `write` has `{value}` and `{format}`; codes that it lacks are refused."""

    def written(writing: Writing, call: Formed) -> Text | None:
        pieces = call.constants if isinstance(call, Call) else ()
        if any(piece.isalnum() and piece not in codes for piece in pieces):
            return None
        template = writing.text("".join(codes.get(piece, piece) for piece in pieces))
        value = writing.value(operands(call)[0])
        return Text(write.replace("{format}", template).replace("{value}", value))

    return written


def like_pattern(kept: str, special: str = "%_") -> tuple[str, str | None]:
    r"""The pattern of a `like`, and the escape that it needs, None for none.

    `kept` has `\\` before each wildcard that is meant; `special` are the target's wildcards.
    """
    pieces: list[tuple[str, bool]] = []
    characters = iter(kept)
    for character in characters:
        if character == "\\":
            pieces.append((next(characters), True))
        else:
            pieces.append((character, character not in "%_"))
    plain = "".join(character for character, _ in pieces)
    if not any(meant and character in special for character, meant in pieces):
        return plain, None
    escape = next(each for each in "!^~|#@$&" if each not in plain)
    return "".join(escape + c if meant and c in special else c for c, meant in pieces), escape

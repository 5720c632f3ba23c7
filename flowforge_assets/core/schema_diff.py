"""What became of a table's columns, and which of that its rows survive as they are.

    additive    a new column that may be null, or whose rows are all made again
    widening    a type that holds every value of the one before, exactly; nulls are allowed now
    renamed     a column goes on under another name, as its declaration says
    metadata    descriptions, and what is stored in the same way (JSON is a string)
    breaking    the rest: dropped, another type, no more nulls though rows with some may stay

Columns are found by name, so their order is no change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from flowforge_assets.core.schema import (
    DataType,
    DecimalType,
    Field,
    ListType,
    Plain,
    Schema,
    StructType,
)
from flowforge_assets.core.schema_change import Columns, Comments, columns_of
from flowforge_assets.core.schema_text import parse_type

ChangeClass: TypeAlias = Literal["metadata", "additive", "widening", "renamed", "breaking"]
ChangeKind: TypeAlias = Literal[
    "described", "same storage", "new", "nullable", "wider", "renamed",
    "new not null", "not null", "dropped", "other type", "partitioning",
]  # fmt: skip

_CLASSES: Final[dict[ChangeKind, ChangeClass]] = {
    "described": "metadata",
    "same storage": "metadata",
    "new": "additive",
    "nullable": "widening",
    "wider": "widening",
    "renamed": "renamed",
}
_RANKS: Final[tuple[ChangeClass, ...]] = (
    "metadata", "additive", "widening", "renamed", "breaking",
)  # fmt: skip
_NEEDS_NEW_ROWS: Final[frozenset[ChangeKind]] = frozenset({"new not null", "not null"})
_REWRITES: Final[frozenset[ChangeKind]] = frozenset({"wider", "renamed", "dropped"})

# A whole number fits where the other type has a bit for each of its own. The significands are
# those of IEEE 754-2019, table 3.5: 24 bits of single and 53 of double precision.
_BITS: Final[Mapping[str, int]] = {"int8": 8, "int16": 16, "int32": 32, "int64": 64}
_EXACT_BITS: Final[Mapping[str, int]] = {**_BITS, "float32": 24, "float64": 53}
_DIGITS: Final[Mapping[str, int]] = {"int8": 3, "int16": 5, "int32": 10, "int64": 19}


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """What became of one column; `was` and `now` are types, or names where it was renamed."""

    kind: ChangeKind
    column: str
    was: str = ""
    now: str = ""

    def change_class(self, *, is_remade: bool) -> ChangeClass:
        """What it means for the rows that are there; `is_remade` when none of them stays."""
        if self.kind in _NEEDS_NEW_ROWS:
            return "additive" if is_remade else "breaking"
        gravest: ChangeClass = "breaking"
        return _CLASSES.get(self.kind, gravest)

    @property
    def rewrites(self) -> bool:
        """Whether rows that stay are written again for it."""
        return self.kind in _REWRITES

    def __str__(self) -> str:
        """For people: `n` is int64 and was int32."""
        match self.kind:
            case "described":
                return f"`{self.column}` has another description"
            case "new" | "new not null":
                never = " and never null" if self.kind == "new not null" else ""
                return f"`{self.column}` is new{never} ({self.now})"
            case "nullable":
                return f"`{self.column}` may be null now"
            case "not null":
                return f"`{self.column}` may no longer be null"
            case "renamed":
                return f"`{self.now}` was called `{self.was}`"
            case "dropped":
                return f"`{self.column}` ({self.was}) is no longer declared"
            case "partitioning":
                return "its partitions are cut in another way"
            case _:
                return f"`{self.column}` was {self.was} and is {self.now}"

    def as_json(self) -> dict[str, object]:
        """The change as `plan --json` has it."""
        return {"kind": self.kind, "column": self.column, "was": self.was, "now": self.now}


@dataclass(frozen=True, slots=True)
class SchemaDiff:
    """All that became of a dataset's columns; empty when nothing did."""

    changes: tuple[ColumnChange, ...] = ()

    def change_class(self, *, is_remade: bool) -> ChangeClass:
        """The gravest of them."""
        found = {each.change_class(is_remade=is_remade) for each in self.changes}
        for each in reversed(_RANKS):
            if each in found:
                return each
        return "metadata"

    @property
    def rewrites(self) -> bool:
        """Whether rows that stay are written again."""
        return any(each.rewrites for each in self.changes)

    @property
    def loosened(self) -> frozenset[str]:
        """The columns that lack values until all rows that are there were made again."""
        return frozenset(e.column for e in self.changes if e.kind in _NEEDS_NEW_ROWS)

    @property
    def dropped(self) -> frozenset[str]:
        """The stored columns that are no longer declared."""
        return frozenset(each.column for each in self.changes if each.kind == "dropped")

    def breaking(self, *, is_remade: bool) -> tuple[ColumnChange, ...]:
        """Those that rows which stay do not survive as they are."""
        return tuple(
            each for each in self.changes if each.change_class(is_remade=is_remade) == "breaking"
        )


NO_CHANGE: Final = SchemaDiff()


def schema_diff(
    stored: Columns,
    declared: Schema,
    *,
    renames: Mapping[str, tuple[str, ...]],
    keeps_extra: bool = False,
    fixed: Collection[str] = (),
    comments: tuple[Comments, Comments] = ((), ()),
) -> SchemaDiff:
    """What became of the columns `stored` in `declared`.

    `renames` has the earlier names of columns. With `keeps_extra` columns that are not declared
    stay. The names and types of `fixed` columns cannot change: partitions are found by them.
    `comments` are the descriptions then and now.
    """
    if stored == columns_of(declared) and comments[0] == comments[1]:
        return NO_CHANGE  # as of most tables in most plans
    had = dict(stored)
    taken = renamed(had, declared, renames)
    changes: list[ColumnChange] = []
    for field in declared:
        was_called = taken.get(field.name, field.name)
        is_new = field.name in taken.values() and field.name not in taken
        spelled = None if is_new else had.get(was_called)
        changes += _column(field, was_called, spelled, is_fixed=field.name in fixed)
    left = [name for name in had if not declared.find(name) and name not in taken.values()]
    if not keeps_extra:
        changes += [ColumnChange("dropped", name, was=had[name]) for name in left]
    then, now = map(dict, comments)
    changes += [
        ColumnChange("described", field.name)
        for field in declared
        if field.name in had and then.get(field.name) != now.get(field.name)
    ]
    return SchemaDiff(tuple(changes))


def renamed(
    stored: Collection[str], declared: Schema, renames: Mapping[str, tuple[str, ...]]
) -> dict[str, str]:
    """The stored name of each declared column that goes on under another name.

    A column that is stored under its own name already was renamed before.
    """
    found: dict[str, str] = {}
    for field in declared:
        if field.name in stored:
            continue
        for old in renames.get(field.name, ()):
            if old in stored and old not in found.values():
                found[field.name] = old
                break
    return found


def is_wider(was: DataType, now: DataType) -> bool:
    """Whether `now` holds every value of `was` exactly, and is another type."""
    return was != now and _holds(was, now)


def _column(
    field: Field, was_called: str, spelled: str | None, *, is_fixed: bool
) -> Iterator[ColumnChange]:
    name, now = field.name, str(field.type)
    may_be_null = field.nullable or field.optional
    if spelled is None:
        yield ColumnChange("new" if may_be_null else "new not null", name, now=now)
        return
    if was_called != name:
        kind: ChangeKind = "other type" if is_fixed else "renamed"
        yield ColumnChange(kind, name, was=was_called, now=name)
    was, had_nulls = _parsed(spelled)
    text = spelled.removesuffix("?")
    if text != now:
        if text.replace("?", "") == now.replace("?", ""):
            inside: ChangeKind = "nullable" if was and _holds(was, field.type) else "not null"
            yield ColumnChange(inside, name, was=text, now=now)
        elif was is None or is_fixed or not _holds(was, field.type):
            yield ColumnChange("other type", name, was=text, now=now)
        elif _is_stored_alike(was, field.type):
            yield ColumnChange("same storage", name, was=text, now=now)
        else:
            yield ColumnChange("wider", name, was=text, now=now)
    if had_nulls and not may_be_null:
        yield ColumnChange("not null", name, was=spelled, now=now)
    elif may_be_null and not had_nulls:
        yield ColumnChange("nullable", name, was=spelled, now=f"{now}?")


def _parsed(spelled: str) -> tuple[DataType | None, bool]:
    """The type and whether it may be null; one that another program wrote may be none of ours."""
    try:
        return parse_type(spelled)
    except ValueError:
        return None, spelled.endswith("?")


def _is_stored_alike(was: DataType, now: DataType) -> bool:
    """Whether both are stored in the same way: JSON is a string."""
    match was, now:
        case Plain(a), Plain(b):
            return a == b or {a, b} == {"json", "string"}
        case ListType(a), ListType(b):
            return _is_stored_alike(a, b)
        case StructType(a_fields), StructType(b_fields):
            return len(a_fields) == len(b_fields) and all(
                a.name == b.name and _is_stored_alike(a.type, b.type)
                for a, b in zip(a_fields, b_fields, strict=True)
            )
        case _:
            return was == now


def _holds(was: DataType, now: DataType) -> bool:
    """Whether `now` holds every value of `was` exactly."""
    match was, now:
        case Plain(a), Plain(b):
            return _is_stored_alike(was, now) or _holds_number(a, b)
        case Plain(a), DecimalType(precision, scale):
            return a in _DIGITS and precision - scale >= _DIGITS[a]
        case DecimalType(a_precision, a_scale), DecimalType(precision, scale):
            return scale >= a_scale and precision - scale >= a_precision - a_scale
        case ListType(a, a_nulls), ListType(b, nulls):
            return (nulls or not a_nulls) and _holds(a, b)
        case StructType(a_fields), StructType(b_fields):
            # polars casts a struct field by field, so these must be the same in number and order
            return len(a_fields) == len(b_fields) and all(
                a.name == b.name and (b.nullable or not a.nullable) and _holds(a.type, b.type)
                for a, b in zip(a_fields, b_fields, strict=True)
            )
        case _:
            return False


def _holds_number(was: str, now: str) -> bool:
    if (was, now) == ("float32", "float64"):
        return True
    return was in _BITS and _EXACT_BITS.get(now, 0) >= _BITS[was]

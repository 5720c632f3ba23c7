"""From what values each column of a hostile fixture is drawn: hostile ones, and those asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from typing import Final, cast

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.rule import Bound, Length, Matches, OneOf, References, Rule, Scalar
from flowforge_assets.core.schema import DataType, DecimalType, Field, Plain, Schema
from flowforge_assets.core.sql_types import duckdb_type
from flowforge_assets.quality.hostile_values import (
    Value,
    as_type,
    hostile_values,
    more_values,
    near_values,
)
from flowforge_assets.quality.pattern_texts import pattern_texts
from flowforge_assets.sql.asked_values import AskedValues, passing

_KEYS: Final = 40
_HOSTILE_NUMBERS: Final = (1, 2, 0, -1, 3, 7, 10)
_HOSTILE_KEYS: Final = ("a", "A", "a ", 'it\'s "q"', "", "äöÜ", "b\\")


@dataclass(frozen=True, slots=True)
class FixtureTable:
    """A dataset of which rows are to be made; `unique` are columns that no two rows share."""

    key: DatasetKey
    schema: Schema
    rules: tuple[Rule, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnValues:
    """What a column may hold. `wanted` are those that conditions of the query let pass.

    `all` are hostile ones and neighbours of constants, `mild` those without extremes. `more` are
    plain ones, without any of `all`. `keys` is the same list, place by place, for each column that
    is compared with this one; empty for none. `refers` is the column that has its values.
    """

    field: Field
    wanted: tuple[Value, ...]
    all: tuple[Value, ...]
    mild: tuple[Value, ...]
    more: tuple[Value, ...]
    keys: tuple[Value, ...] = ()
    refers: References | None = None
    is_ordering: bool = False


def column_values(
    tables: Sequence[FixtureTable], asked: AskedValues
) -> dict[DatasetKey, list[ColumnValues]]:
    """The values of each column of each table, in the order of its schema.

    Columns of types that no fixture has, such as lists, have none.
    """
    fields = [(field.name.lower(), field.type) for table in tables for field in table.schema]
    families = {
        name: _family([type_ for each, type_ in fields if each in group])
        for group in asked.shared
        for name in group
    }
    patterns = _pattern_texts(tables)
    constants: dict[str, list[Value]] = {}
    for group in asked.shared:
        every = [value for each in sorted(group) for value in asked.constants.get(each, ())]
        every += [text for each in sorted(group) for text in patterns.get(each, ())]
        constants.update(dict.fromkeys(group, every))
    constants = {**patterns, **constants}
    return {
        table.key: [
            _values(field, table, asked, families=families, constants=constants)
            for field in table.schema
        ]
        for table in tables
    }


def _values(
    field: Field,
    table: FixtureTable,
    asked: AskedValues,
    *,
    families: Mapping[str, str],
    constants: Mapping[str, Sequence[Value]],
) -> ColumnValues:
    name, type_ = field.name.lower(), field.type
    rules = [rule for rule in table.rules if getattr(rule, "column", None) == field.name]
    texts = [text for text in constants.get(name, ()) if isinstance(text, str)]
    near = [near for each in asked.constants.get(name, ()) for near in near_values(each, type_)]
    hostile = hostile_values(type_, extremes=True)
    every = list(_kept([*near, *hostile, *texts], rules, type_))
    mild = {*near, *hostile_values(type_, extremes=False)}
    more = _kept(islice(more_values(type_), 500), rules, type_)
    keys: tuple[Value, ...] = ()
    if name in families and hostile:
        keys = tuple(_kept(_keys(families[name], constants[name], type_), rules, type_))
    return ColumnValues(
        field=field,
        wanted=_wanted(asked.conditions.get(name, ()), keys or every, near, type_),
        all=tuple(every),
        mild=tuple(value for value in every if value in mild) or tuple(every),
        more=tuple(value for value in more if value not in every),
        keys=keys,
        refers=next((rule for rule in rules if isinstance(rule, References)), None),
        is_ordering=name in asked.ordering,
    )


def _wanted(
    conditions: Sequence[str], values: Sequence[Value], near: Sequence[Value], type_: DataType
) -> tuple[Value, ...]:
    """The values that meet most of the conditions; without conditions those near constants."""
    if not conditions or not values:
        kept = [value for value in near if value in set(values)]
        return tuple(kept or _nearest(values, near))
    counted = passing(conditions, values, duckdb_type(type_))
    most = max(count for _, count in counted)
    return tuple(cast("Value", value) for value, count in counted if count == most > 0)


def _nearest(values: Sequence[Value], near: Sequence[Value]) -> list[Value]:
    """The number that comes nearest to those wanted, where a rule keeps them out."""
    numbers = [each for each in values if isinstance(each, (int, float, Decimal))]
    if not numbers or not near or not isinstance(near[0], (int, float, Decimal)):
        return []
    wanted = float(near[0])
    return [min(numbers, key=lambda each: abs(float(each) - wanted))]


def _pattern_texts(tables: Sequence[FixtureTable]) -> dict[str, list[Value]]:
    """By column in small letters, texts that match the pattern which its rules have."""
    return {
        rule.column.lower(): list(pattern_texts(rule.pattern, _KEYS))
        for table in tables
        for rule in table.rules
        if isinstance(rule, Matches)
    }


# --- values that several columns share ----------------------------------------------------------


def _family(types: Iterable[DataType]) -> str:
    """In what a group of columns is compared: numbers are written as text where one is text."""
    found = {_kind(type_) for type_ in types}
    if "number" in found:
        return "number"
    return "time" if "time" in found else "text"


def _kind(type_: DataType) -> str:
    match type_:
        case DecimalType() | Plain(
            "int8" | "int16" | "int32" | "int64" | "float32" | "float64" | "bool"
        ):
            return "number"
        case Plain("date" | "timestamp" | "timestamp_ntz"):
            return "time"
        case _:
            return "text"


def _keys(family: str, constants: Sequence[Value], type_: DataType) -> list[Value]:
    """The values of a shared column in its own type: the same in all, place by place."""
    if type_ == Plain("bool"):
        return [True, False]
    own = {"number": Plain("int64"), "time": Plain("date")}.get(family, Plain("string"))
    hostile: Sequence[Value] = {
        "number": _HOSTILE_NUMBERS,
        "time": hostile_values(own, extremes=False)[:7],
    }.get(family, _HOSTILE_KEYS)
    near = [near for each in constants for near in near_values(each, own)]
    logical = [*constants, *near, *hostile, *islice(more_values(own), _KEYS)]
    fitting = (as_type(each, type_) for each in logical)
    return list(dict.fromkeys(each for each in fitting if each is not None))


# --- rules --------------------------------------------------------------------------------------


def _kept(values: Iterable[Value], rules: Sequence[Rule], type_: DataType) -> Iterator[Value]:
    """The values that keep the rules, each once; where they name values, those."""
    named = [rule for rule in rules if isinstance(rule, OneOf)]
    if named:
        fitting = (as_type(each, type_) for each in named[0].values)
        values = [each for each in fitting if each is not None]
    limits = (as_type(rule.limit, type_) for rule in rules if isinstance(rule, Bound))
    near = [near for each in limits if each is not None for near in near_values(each, type_)]
    every: list[Value] = [*values, *([] if named else near)]
    for value in dict.fromkeys(every):
        if all(_keeps(value, rule) for rule in rules):
            yield value


def _keeps(value: Value, rule: Rule) -> bool:
    match rule:
        case Bound(_, op, limit):
            return _compares(value, op, limit)
        case Length(_, least, most) if isinstance(value, str):
            return least <= len(value) and (most is None or len(value) <= most)
        case Matches(_, pattern) if isinstance(value, str):
            try:
                return re.fullmatch(pattern, value) is not None
            except re.error:
                return True  # it is Rust's, and says something that Python does not
        case _:
            return True


def _compares(value: Value, op: str, limit: Scalar) -> bool:
    one, other = _comparable(value), _comparable(limit)
    if isinstance(one, str) != isinstance(other, str):
        return True
    if isinstance(one, datetime) != isinstance(other, datetime):
        return True
    return {
        ">=": one >= other,  # type: ignore[operator] # both are texts, times or numbers
        ">": one > other,  # type: ignore[operator] # as above
        "<=": one <= other,  # type: ignore[operator] # as above
        "<": one < other,  # type: ignore[operator] # as above
    }[op]


def _comparable(value: Scalar) -> Decimal | str | datetime:
    match value:
        case datetime():
            return value if value.tzinfo is not None else value.replace(tzinfo=UTC)
        case date():
            return datetime(value.year, value.month, value.day, tzinfo=UTC)
        case str():
            return value
        case _:
            return Decimal(str(value if not isinstance(value, bool) else int(value)))

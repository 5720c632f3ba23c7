"""What stands in the columns of a test's row that the test does not speak of."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import chain, count
from typing import Any, Final, TypeAlias

from flowforge_assets.core.dimension import Dimension
from flowforge_assets.core.partition import Extent, Partitioning, StaticExtent
from flowforge_assets.core.rule import Bound, Length, Matches, OneOf, Rule
from flowforge_assets.core.schema import (
    DataType,
    DecimalType,
    Field,
    ListType,
    Plain,
    Schema,
    StructType,
)
from flowforge_assets.storage.partition_rows import bounds_of_values

Values: TypeAlias = Iterator[object]

MOST_TRIES: Final = 1_000
"""How many values are tried in vain before a column is given up."""
_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}
_TEXTS: Final = ("", "a", "A", "0", "aa", "AA", "00", "aaa", "AAA", "000", "a@example.org")
_FIRST_DAY: Final = date(1970, 1, 1)
_FIRST_INSTANT: Final = datetime(1970, 1, 1, tzinfo=UTC)


def plain_values(field: Field, rules: Sequence[Rule], *, distinct: bool) -> Values:
    """Values for the column that keep its `rules`, the plainest first; all differ if `distinct`.

    Numbers begin at 0 (distinct ones at 1), dates at 1970-01-01. A column that may be null is
    null, unless its values must differ.
    """
    if field.nullable and not distinct:
        yield None
        return
    own = [rule for rule in rules if getattr(rule, "column", None) == field.name]
    seen: set[object] = set()
    misses = 0
    for value in _candidates(field.type, own, distinct=distinct):
        if not _keeps(value, own) or (distinct and value in seen):
            misses += 1
            if misses == MOST_TRIES:
                return
            continue
        yield value
        if distinct:
            misses = 0
            seen.add(value)


def partition_values(partitioning: Partitioning, schema: Schema, column: str) -> Values:
    """The first value of each declared partition along `column`, in order."""
    parts = zip(partitioning.dimensions, partitioning.extents, strict=True)
    dimension, extent = next(part for part in parts if part[0].column == column)
    if isinstance(extent, StaticExtent):
        yield from extent.values
        return
    for ordinal in _ordinals(dimension, extent):
        yield bounds_of_values(dimension, ordinal, ordinal + 1, schema)[0]


def _ordinals(dimension: Dimension, extent: Extent) -> Iterator[int]:
    assert not isinstance(extent, StaticExtent)  # noqa: S101 - the caller asked
    first = dimension.time_ordinal(extent.start)
    return (
        iter(count(first))
        if extent.end is None
        else iter(range(first, dimension.time_ordinal(extent.end) + 1))
    )


def _keeps(value: object, rules: Sequence[Rule]) -> bool:
    """Whether the value keeps rules that look at it alone."""
    return all(_keeps_one(value, rule) for rule in rules)


def _keeps_one(value: Any, rule: Rule) -> bool:  # noqa: ANN401 - of the column's type
    match rule:
        case Bound(op=op, limit=limit):
            return _COMPARE[op](value, limit)
        case OneOf(values=values):
            return value in values
        case Length(least=least, most=most):
            return least <= len(value) and (most is None or len(value) <= most)
        case Matches(pattern=pattern):
            try:
                return re.fullmatch(pattern, value) is not None
            except re.error:  # the engine's own syntax knows more than Python's
                return False
        case _:
            return True


def _candidates(kind: DataType, rules: Sequence[Rule], *, distinct: bool) -> Values:
    """Values of the type, plainest first, endless where the type allows."""
    for rule in rules:
        if isinstance(rule, OneOf):
            return iter(rule.values)
    least = max((rule.least for rule in rules if isinstance(rule, Length)), default=0)
    match kind:
        case Plain("bool"):
            return iter((False, True))
        case Plain("string"):
            return _texts(least, distinct=distinct)
        case Plain("json"):
            return chain(["{}"], map(str, count()))
        case Plain("binary"):
            return (bytes(length) for length in count(least))
        case ListType(item):
            return _lists(item, least)
        case StructType(fields):
            return iter([{field.name: plain_inside(field) for field in fields}])
        case _:
            limits = [rule.limit for rule in rules if isinstance(rule, Bound)]
            return _measures(kind, limits, first=int(distinct))


def _measures(kind: DataType, limits: Sequence[Any], *, first: int) -> Values:
    """Numbers from `first`, dates and times from the start of 1970; around their limits, if any."""
    match kind:
        case Plain("date"):
            return _around(_FIRST_DAY, timedelta(days=1), limits)
        case Plain("timestamp"):
            return _around(_FIRST_INSTANT, timedelta(seconds=1), limits)
        case Plain("timestamp_ntz"):
            return _around(_FIRST_INSTANT.replace(tzinfo=None), timedelta(seconds=1), limits)
        case Plain("float32" | "float64"):
            return _around(float(first), 1.0, [float(limit) for limit in limits])
        case DecimalType():
            return _around(Decimal(first), Decimal(1), [Decimal(str(limit)) for limit in limits])
        case _:
            return _around(first, 1, [int(limit) for limit in limits])


def plain_inside(field: Field) -> object:
    """The plain value of a field inside a struct, which has no rules."""
    return next(plain_values(field, (), distinct=False))


def _lists(item: DataType, least: int) -> Values:
    one = next(_candidates(item, (), distinct=False))
    return ([one] * length for length in count(least))


def _texts(least: int, *, distinct: bool) -> Values:
    if not distinct:
        yield "a" * least
        yield from _TEXTS
    for number in count(1):
        yield str(number).rjust(least, "0")


def _around(start: Any, step: Any, limits: Sequence[Any]) -> Values:  # noqa: ANN401 - of one kind
    """`start`, what lies amid the limits, then values from each limit up and down, then on."""
    yield start
    if limits:
        lowest, highest = min(limits), max(limits)
        yield lowest + (highest - lowest) / 2 if isinstance(start, float) else start
        for distance in range(MOST_TRIES):
            for limit in limits:
                yield limit + step * distance
                yield limit - step * distance
    for distance in count(1):
        yield start + step * distance

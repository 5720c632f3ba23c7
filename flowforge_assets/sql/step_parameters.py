"""What a query may ask for by `:name` or `$name`: its step's keys, and the project's variables.

A column of the partition stands for the step's key. Beside it, `partition` is the key of a step
that is cut by one column, `start` and `end` are the first moment of its time and the first moment
behind it, as a date or, of hours, as an instant. A column of one of these names comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Final, TypeAlias

from flowforge_assets.core.dimension import Kind, Ordinal
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.schema import DataType, Plain
from flowforge_assets.declare.definition import Variable

Given: TypeAlias = Mapping[str, Variable]

NO_VARIABLES: Final[Given] = {}
RESERVED: Final = ("partition", "start", "end")
"""Names that no variable can have: a step's own."""

_TYPES: Final[Mapping[type, DataType]] = {
    bool: Plain("bool"),
    int: Plain("int64"),
    float: Plain("float64"),
    str: Plain("string"),
    date: Plain("date"),
}
_INSTANTS: Final = frozenset({Plain("timestamp"), Plain("timestamp_ntz")})


def wrong_types(
    said: Mapping[str, type], types: Mapping[str, DataType]
) -> Iterator[tuple[str, DataType]]:
    """The parameters whose Python type is `said` to be another than it is, with what they are."""
    for name, kind in said.items():
        known = types.get(name)
        fits = _INSTANTS if kind is datetime else {_TYPES[kind]}
        if known is not None and known not in fits:
            yield name, known


def parameter_types(
    dimensions: Iterable[tuple[str, Kind]], variables: Given
) -> dict[str, DataType]:
    """The types of all that a query may ask for; a dimension is its column and kind."""
    cut = list(dimensions)
    keys = [(column, _type_of_kind(kind)) for column, kind in cut]
    times = [_type_of_kind(kind) for _, kind in cut if kind != "static"]
    own: dict[str, DataType] = {name: _type_of(value) for name, value in variables.items()}
    if len(times) == 1:
        own |= {"start": times[0], "end": times[0]}
    if len(keys) == 1:
        own["partition"] = keys[0][1]
    return own | dict(keys)


def parameter_values(unit: PartitionSet, variables: Given) -> dict[str, Variable]:
    """The values of all that the query of a step may ask for: of the step's first partition."""
    point = next(unit.points(), ())
    cut = list(zip(unit.dimensions, point, strict=bool(point)))
    keys = [(dimension.column, dimension.value(at)) for dimension, at in cut]
    own = dict(variables)
    times = [(dimension, at) for dimension, at in cut if isinstance(at, int)]
    if len(times) == 1:
        ((dimension, first),) = times
        own |= {"start": dimension.value(first), "end": dimension.value(_next(first))}
    if len(keys) == 1:
        own["partition"] = keys[0][1]
    return own | dict(keys)


def written_variables(variables: Given) -> Iterator[tuple[str, str, str | int | float | bool]]:
    """Variables as JSON has them: name, kind and value."""
    for name, value in variables.items():
        if isinstance(value, date):
            yield name, type(value).__name__, value.isoformat()
        else:
            yield name, "", value


def read_variables(
    written: Iterable[tuple[str, str, str | int | float | bool]],
) -> dict[str, Variable]:
    """The variables that `written_variables` wrote."""
    kinds = {"date": date.fromisoformat, "datetime": datetime.fromisoformat}
    return {name: kinds[kind](str(value)) if kind else value for name, kind, value in written}


def _next(ordinal: Ordinal) -> Ordinal:
    return ordinal if isinstance(ordinal, str) else ordinal + 1


def _type_of_kind(kind: Kind) -> DataType:
    if kind == "static":
        return Plain("string")
    return Plain("timestamp" if kind == "hour" else "date")


def _type_of(value: Variable) -> DataType:
    if isinstance(value, datetime):
        return Plain("timestamp_ntz" if value.tzinfo is None else "timestamp")
    return _TYPES[type(value)]


def in_utc(value: Variable) -> Variable:
    """A time with a zone as the same in UTC; all else as it is."""
    is_instant = isinstance(value, datetime) and value.tzinfo is not None
    return value.astimezone(UTC) if is_instant and isinstance(value, datetime) else value

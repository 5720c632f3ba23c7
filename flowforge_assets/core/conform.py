"""Makes a frame equal to its promise where nothing is lost, and says where it is not.

The frame that a step returns, the one handed over in memory and the one read back from a table
must be the same; so the few differences of spelling that polars and the tables have are removed
here, once, before anything is written:

- columns stand in the order of the schema; an `optional` one that is absent is null;
- Enum and Categorical are strings, Array is a list;
- datetimes count microseconds, and those with a zone are instants in UTC;
- UInt8, UInt16, UInt32 are the next signed integer;
- a column of type Null has the promised type.

Nothing else is cast, ever. The rules look at types alone, so a check without data and a run give
the same answer; `Datetime("ns")` and UInt64 are differences even where the values would fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from flowforge_assets.core.polars_types import instance, polars_schema

if TYPE_CHECKING:
    import polars as pl

    from flowforge_assets.core.schema import Schema

Frame = TypeVar("Frame", "pl.DataFrame", "pl.LazyFrame")


@dataclass(frozen=True, slots=True)
class Difference:
    """A column that is not as promised; None stands for no column."""

    column: str
    promised: str | None
    found: str | None

    def __str__(self) -> str:
        """`dep_delay: promised Float64, found String`."""
        if self.promised is None:
            return f"{self.column}: not promised, found {self.found}"
        return f"{self.column}: promised {self.promised}, found {self.found or 'no such column'}"


def differences(found: pl.Schema, schema: Schema) -> tuple[Difference, ...]:
    """Where a frame of schema `found` cannot be made `schema` without a change of values.

    In the order of `schema`, then the columns that it lacks. Types are in polars' spelling.
    """
    promised = polars_schema(schema)
    if found == promised:
        return ()
    result: list[Difference] = []
    for field in schema:
        want, have = promised[field.name], found.get(field.name)
        if have is None:
            if not field.optional:
                result.append(Difference(field.name, str(want), None))
        elif not _is_same(have, want):
            result.append(Difference(field.name, str(want), str(have)))
    result.extend(
        Difference(name, None, str(dtype)) for name, dtype in found.items() if name not in promised
    )
    return tuple(result)


def conform(frame: Frame, schema: Schema) -> tuple[Frame, tuple[Difference, ...]]:
    """`frame` as `schema` has it, and where that is impossible.

    With differences the frame comes back as it was. A frame that is right already is returned
    itself; a lazy one is not collected.
    """
    found = frame.collect_schema()
    promised = polars_schema(schema)
    if found == promised and found.names() == promised.names():
        return frame, ()
    if faults := differences(found, schema):
        return frame, faults
    return _cast(frame, found, promised), ()


def _cast(frame: Frame, found: pl.Schema, promised: pl.Schema) -> Frame:
    # polars takes 100 ms to import and this module is on the start path
    import polars as pl

    columns: list[pl.Expr] = []
    for name, want in promised.items():
        have = found.get(name)
        if have is None:
            columns.append(pl.lit(None, dtype=want).alias(name))
        elif have == want:
            columns.append(pl.col(name))
        else:
            columns.append(pl.col(name).cast(want))
    return frame.select(columns)


def _is_same(have: pl.DataType, want: pl.DataType) -> bool:
    """Whether a cast from `have` to `want` is one of the loss-free ones above."""
    # polars takes 100 ms to import and this module is on the start path
    import polars as pl

    if have == want:
        return True
    match have, want:
        case pl.Null(), _:
            return True
        case (pl.Enum() | pl.Categorical(), pl.String()):
            return True
        case (pl.UInt8(), pl.Int16()) | (pl.UInt16(), pl.Int32()) | (pl.UInt32(), pl.Int64()):
            return True
        case pl.Datetime(time_unit="ms" | "us", time_zone=zone), pl.Datetime(time_zone=promised):
            return (zone is None) == (promised is None)
        case ((pl.List(inner=a) | pl.Array(inner=a)), pl.List(inner=b)):
            return _is_same(instance(a), instance(b))
        case pl.Struct(fields=a_fields), pl.Struct(fields=b_fields):
            # polars cannot cast to another order of fields, so their order is part of the type
            return len(a_fields) == len(b_fields) and all(
                a.name == b.name and _is_same(instance(a.dtype), instance(b.dtype))
                for a, b in zip(a_fields, b_fields, strict=True)
            )
        case _:
            return False

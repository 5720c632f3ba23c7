"""The types of the hub as polars has them, and back.

What polars has and the hub lacks becomes the nearest type that holds every value exactly:

    UInt8 -> int16, UInt16 -> int32, UInt32 -> int64     the next signed integer
    Enum, Categorical -> string                          the labels
    Array -> list                                        the fixed length is not kept
    Datetime("ms", ...) -> timestamp, timestamp_ntz      microseconds
    Datetime("us", any zone) -> timestamp                the instants, in UTC

The rest (UInt64, 128-bit integers, Time, Duration, Datetime("ns"), Null, Object) is refused:
whether its values fit would depend on the data, and a check must equal a run.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, assert_never

from flowforge_assets.core.schema import (
    DataType,
    DecimalType,
    Field,
    ListType,
    Plain,
    PlainName,
    Schema,
    StructType,
)
from flowforge_assets.errors.storage import TypeNotStoredError

if TYPE_CHECKING:
    import polars as pl
    from polars.datatypes import DataTypeClass

_PLAIN_BY_CLASS: Final[dict[str, PlainName]] = {
    "Boolean": "bool",
    "Int8": "int8",
    "Int16": "int16",
    "Int32": "int32",
    "Int64": "int64",
    "UInt8": "int16",
    "UInt16": "int32",
    "UInt32": "int64",
    "Float32": "float32",
    "Float64": "float64",
    "String": "string",
    "Enum": "string",
    "Categorical": "string",
    "Binary": "binary",
    "Date": "date",
}
CLASS_BY_PLAIN: Final[dict[PlainName, str]] = {
    "bool": "Boolean",
    "int8": "Int8",
    "int16": "Int16",
    "int32": "Int32",
    "int64": "Int64",
    "float32": "Float32",
    "float64": "Float64",
    "string": "String",
    "json": "String",
    "binary": "Binary",
    "date": "Date",
}
"""The polars class of each type that has no parameters."""
_MOST_DIGITS: Final = 38  # of a decimal, in Arrow, Delta and DuckDB alike
_INSTEAD: Final[dict[str, str]] = {
    "UInt64": "cast it to `pl.Int64`, or to `pl.Decimal(20, 0)` where values may pass 2^63 - 1",
    "UInt128": "cast it to `pl.Decimal(38, 0)`",
    "Int128": "cast it to `pl.Int64` or `pl.Decimal(38, 0)`",
    "Float16": "cast it to `pl.Float32`",
    "Datetime": 'cast it to microseconds with `.dt.cast_time_unit("us")`',
    "Time": "cast it to `pl.String`, or store the microseconds since midnight as `pl.Int64`",
    "Duration": "store its length as a number with the unit in the name, e.g. `wait_seconds`",
    "Null": "cast the column to the type that its values would have",
    "Object": "make a column of plain values; Python objects cannot be stored",
    "Decimal": "give it a precision of at most 38 and a scale of at most the precision",
}


@lru_cache(maxsize=4096)
def polars_schema(schema: Schema) -> pl.Schema:
    """The polars schema of `schema`, columns in order. The result is shared: do not change it."""
    # polars takes 100 ms to import and this module is on the start path
    import polars as pl

    return pl.Schema({field.name: polars_type(field.type) for field in schema})


def polars_type(data_type: DataType) -> pl.DataType:
    """The polars type of `data_type`; JSON is a string."""
    # polars takes 100 ms to import and this module is on the start path
    import polars as pl

    match data_type:
        case Plain("timestamp"):
            return pl.Datetime("us", "UTC")
        case Plain("timestamp_ntz"):
            return pl.Datetime("us")
        case Plain(name):
            dtype: pl.DataType = getattr(pl, CLASS_BY_PLAIN[name])()
            return dtype
        case DecimalType(precision, scale):
            return pl.Decimal(precision, scale)
        case ListType(item):
            return pl.List(polars_type(item))
        case StructType(fields):
            return pl.Struct({field.name: polars_type(field.type) for field in fields})
        case _:
            assert_never(data_type)


def from_polars(schema: pl.Schema) -> Schema:
    """The hub's schema of `schema`; all may be null, since polars does not say.

    Raises:
        TypeNotStoredError: a column's type cannot be stored exactly (FF-610).
    """
    return Schema(
        tuple(
            Field(name, from_polars_type(dtype, column=name), nullable=True)
            for name, dtype in schema.items()
        )
    )


def from_polars_type(dtype: pl.DataType, *, column: str = "") -> DataType:
    """The hub's type that holds every value of `dtype`; `column` is for the message.

    Raises:
        TypeNotStoredError: there is none (FF-610).
    """
    # polars takes 100 ms to import and this module is on the start path
    import polars as pl

    match dtype:
        case pl.Datetime(time_unit="us" | "ms", time_zone=zone):
            return Plain("timestamp" if zone else "timestamp_ntz")
        case pl.Decimal(precision=precision, scale=scale) if (
            precision and precision <= _MOST_DIGITS
        ):
            return DecimalType(precision, scale)
        case pl.List(inner=inner) | pl.Array(inner=inner):
            return ListType(from_polars_type(instance(inner), column=column), nullable_items=True)
        case pl.Struct(fields=fields):
            return StructType(
                tuple(
                    Field(
                        field.name,
                        from_polars_type(instance(field.dtype), column=f"{column}.{field.name}"),
                        nullable=True,
                    )
                    for field in fields
                )
            )
        case _:
            kind = type(dtype).__name__
            if plain := _PLAIN_BY_CLASS.get(kind):
                return Plain(plain)
            where = f"column `{column}` has" if column else "there is"
            message = f"{where} type `{dtype}`, which cannot be stored exactly"
            raise TypeNotStoredError(message, hint=_INSTEAD.get(kind, _INSTEAD["Object"]))


def instance(dtype: pl.DataType | DataTypeClass) -> pl.DataType:
    """`dtype` as an instance: polars lets a nested type be spelt as its class."""
    return dtype() if isinstance(dtype, type) else dtype

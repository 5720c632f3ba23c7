"""The types of the hub as Arrow has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

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

if TYPE_CHECKING:
    import pyarrow as pa


def arrow_schema(schema: Schema) -> pa.Schema:
    """The Arrow schema of `schema`, columns in order, with their nullability."""
    # pyarrow takes 80 ms to import and this module is on the start path
    import pyarrow as pa

    return pa.schema([_arrow_field(field) for field in schema])


def arrow_type(data_type: DataType) -> pa.DataType:
    """The Arrow type of `data_type`; JSON is a string."""
    # pyarrow takes 80 ms to import and this module is on the start path
    import pyarrow as pa

    match data_type:
        case Plain(name):
            return _plain(name)
        case DecimalType(precision, scale):
            return pa.decimal128(precision, scale)
        case ListType(item, nullable_items):
            return pa.list_(pa.field("element", arrow_type(item), nullable=nullable_items))
        case StructType(fields):
            return pa.struct([_arrow_field(field) for field in fields])
        case _:
            assert_never(data_type)


def _plain(name: PlainName) -> pa.DataType:
    # pyarrow takes 80 ms to import and this module is on the start path
    import pyarrow as pa

    match name:
        case "date":
            return pa.date32()
        case "timestamp":
            return pa.timestamp("us", "UTC")
        case "timestamp_ntz":
            return pa.timestamp("us")
        case "json":
            return pa.string()
        case _:
            return pa.type_for_alias(name)


def _arrow_field(field: Field) -> pa.Field[pa.DataType]:
    # pyarrow takes 80 ms to import and this module is on the start path
    import pyarrow as pa

    return pa.field(field.name, arrow_type(field.type), nullable=field.nullable)

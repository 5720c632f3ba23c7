"""A dataset's schema as Delta's own, built from its JSON form so that no Arrow library is needed.

What Delta cannot say stands in field metadata: `ff.type` has the hub's spelling of the type.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, assert_never

from deltalake import Schema as DeltaSchema

from flowforge_assets.core.schema import (
    DataType,
    DecimalType,
    Field,
    ListType,
    Plain,
    PlainName,
    StructType,
)

if TYPE_CHECKING:
    from flowforge_assets.core.schema import Schema
    from flowforge_assets.storage.store import TableSpec

_NAMES: Final[dict[PlainName, str]] = {
    "bool": "boolean",
    "int8": "byte",
    "int16": "short",
    "int32": "integer",
    "int64": "long",
    "float32": "float",
    "float64": "double",
    "string": "string",
    "json": "string",
    "binary": "binary",
    "date": "date",
    "timestamp": "timestamp",
    "timestamp_ntz": "timestamp_ntz",
}


def delta_schema(schema: Schema, comments: Mapping[str, str] | None = None) -> DeltaSchema:
    """The Delta schema of `schema`, columns in order; `comments` by column name."""
    fields = [_field(field, (comments or {}).get(field.name, "")) for field in schema]
    return DeltaSchema.from_json(json.dumps({"type": "struct", "fields": fields}))


def physical_columns(spec: TableSpec) -> tuple[str, ...]:
    """The partition columns that name folders: days with a date, names with a string.

    Hours, weeks and months have many values of their column each; their rows are found by the
    files' statistics. A table needs a column that names no folder, so there is none if all would.
    """
    found: list[str] = []
    for dimension in spec.dimensions:
        field = spec.schema.find(dimension.column)
        match dimension.kind, field and field.type:
            case ("day", Plain("date")) | ("static", Plain("string")):
                found.append(dimension.column)
            case _:
                pass
    return tuple(found) if len(found) < len(spec.schema.fields) else ()


def _field(field: Field, comment: str = "") -> dict[str, object]:
    metadata = {"ff.type": str(field.type)}
    if comment:
        metadata["comment"] = comment
    return {
        "name": field.name,
        "type": _type(field.type),
        "nullable": field.nullable or field.optional,
        "metadata": metadata,
    }


def _type(data_type: DataType) -> object:
    match data_type:
        case Plain(name):
            return _NAMES[name]
        case DecimalType():
            return str(data_type)
        case ListType(item, nullable_items):
            return {
                "type": "array",
                "elementType": _type(item),
                "containsNull": nullable_items,
            }
        case StructType(fields):
            return {"type": "struct", "fields": [_field(field) for field in fields]}
        case _:
            assert_never(data_type)

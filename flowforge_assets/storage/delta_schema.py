"""A dataset's schema as Delta's own, built from its JSON form so that no Arrow library is needed.

What Delta cannot say stands in field metadata: `ff.type` has the hub's spelling of the type, and
`ff.null` is `never` where a column once had nulls, which Delta goes on to allow, and has none now.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, assert_never

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
from flowforge_assets.core.schema_change import comments_of

if TYPE_CHECKING:
    from flowforge_assets.core.schema import Schema
    from flowforge_assets.core.schema_change import Columns, Comments
    from flowforge_assets.storage.store import TableSpec

NULL_KEY: Final = "ff.null"
NEVER: Final = "never"

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

_HUB_NAMES: Final = {there: here for here, there in _NAMES.items() if here != "json"}


def delta_schema(schema: Schema, comments: Mapping[str, str] | None = None) -> DeltaSchema:
    """The Delta schema of `schema`, columns in order; `comments` by column name."""
    return DeltaSchema.from_json(schema_text(schema, comments))


def schema_text(schema: Schema, comments: Mapping[str, str] | None = None) -> str:
    """The same in its JSON form."""
    fields = [_field(field, (comments or {}).get(field.name, "")) for field in schema]
    return json.dumps({"type": "struct", "fields": fields}, separators=(",", ":"))


def columns_in(text: str) -> Columns:
    """The columns of a Delta schema in its JSON form, each in the hub's spelling."""
    # Any: what a file holds has no type until it was looked at
    fields: list[dict[str, Any]] = json.loads(text)["fields"]
    return tuple((field["name"], _spelled_field(field)) for field in fields)


def comments_in(text: str) -> Comments:
    """The descriptions of columns in a Delta schema in its JSON form."""
    # Any: what a file holds has no type until it was looked at
    fields: list[dict[str, Any]] = json.loads(text)["fields"]
    said = {str(field["name"]): str(field["metadata"].get("comment", "")) for field in fields}
    return comments_of(said)


def is_promised(metadata: Mapping[str, Any]) -> bool:
    """Whether the metadata of a field, which may hold anything, says that it has no nulls."""
    return metadata.get(NULL_KEY) == NEVER


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


def _spelled_field(field: Mapping[str, Any]) -> str:
    spelled: str = field["metadata"].get("ff.type") or _spelled(field["type"])
    return spelled + ("?" if field["nullable"] and not is_promised(field["metadata"]) else "")


def _spelled(found: Any) -> str:  # noqa: ANN401 - as it stands in JSON
    """A type that another program wrote, as the hub spells the nearest one."""
    if isinstance(found, str):
        return _HUB_NAMES.get(found, found)
    match found["type"]:
        case "array":
            return f"list<{_spelled(found['elementType'])}{'?' if found['containsNull'] else ''}>"
        case "struct":
            inner = (f"{each['name']}: {_spelled_field(each)}" for each in found["fields"])
            return f"struct<{', '.join(inner)}>"
        case other:
            return str(other)


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

"""The columns of a dataset as those of a table in a warehouse, and what is found there instead."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from flowforge_assets.core.schema import DataType, DecimalType, Plain, Schema
from flowforge_assets.core.sql_types import duckdb_type
from flowforge_assets.errors.warehouse import WarehouseTypeError, WarehouseTypesError
from flowforge_assets.sql.portable.statements.statements import TableColumn
from flowforge_assets.sql.portable.types import DOUBLE, TEXT, TIMESTAMP, SqlType, find_type

if TYPE_CHECKING:
    from flowforge_assets.core.key import DatasetKey
    from flowforge_assets.sdk.warehouse import TableFacts
    from flowforge_assets.storage.store import TableSpec

_AS: Final[dict[DataType, SqlType]] = {
    Plain("float32"): DOUBLE,
    Plain("json"): TEXT,
    Plain("timestamp"): TIMESTAMP,
}
_SIZE: Final = r"(?:\(\w+\))?"
_FAMILIES: Final = (
    ("whole", r"(?:tiny|small|big|medium)?int(?:eger)?\d*|byteint"),
    ("double", rf"double(?: precision)?|float\d*{_SIZE}|real"),
    ("text", rf"(?:n|bp)?(?:var)?(?:char|character)(?: varying)?2?{_SIZE}|text|string{_SIZE}"),
    ("bool", r"bool(?:ean)?|bit"),
    ("date", r"date"),
    ("instant", rf"timestamp(?:_tz|_ltz|tz){_SIZE}|datetimeoffset{_SIZE}"),
    ("instant", rf"timestamp{_SIZE} with time zone"),
    ("time", rf"timestamp(?:_ntz)?{_SIZE}(?: without time zone)?|datetime2?{_SIZE}"),
)
_NUMBER: Final = re.compile(r"(?:big)?(?:numeric|decimal|number)(?:\((\d+), ?(\d+)\))?")


def table_columns(spec: TableSpec) -> tuple[TableColumn, ...]:
    """The dataset's columns, in order; each may be null, for a table holds them while it is staged.

    Raises:
        WarehouseTypeError: a column has a type that no warehouse holds exactly (FF-684).
    """
    comments = spec.comments or {}
    return tuple(
        TableColumn(
            field.name,
            _type(field.name, field.type, spec.key),
            is_instant=field.type == Plain("timestamp"),
            doc=comments.get(field.name, ""),
        )
        for field in spec.schema
    )


def _type(name: str, data_type: DataType, key: DatasetKey) -> SqlType:
    found = _AS.get(data_type) or find_type(duckdb_type(data_type))
    if found is None:
        message = f"`{name}` of `{key}` is `{data_type}`, which a warehouse does not hold exactly"
        hint = "leave it out, or make it text, numbers, dates or times"
        raise WarehouseTypeError(message, hint=hint)
    return found


def nullable(schema: Schema) -> Schema:
    """The schema with every column one that may be null: rules look for nulls, not Arrow."""
    return Schema(tuple(replace(field, nullable=True) for field in schema))


def refuse_other_columns(facts: TableFacts, spec: TableSpec, target: str, where: str) -> None:
    """Passes a table that has the dataset's columns, each of a like type.

    `where` is what people know the table by.

    Raises:
        WarehouseTypesError: it has others (FF-681).
    """
    wrong = list(_others(facts, spec.schema, target))
    if wrong:
        message = f"{where} has other columns than `{spec.key}` declares: {', '.join(wrong)}"
        hint = "cast them in the query, or declare what is there; nothing was published"
        raise WarehouseTypesError(message, hint=hint)


def _others(facts: TableFacts, schema: Schema, target: str) -> Iterable[str]:
    found = dict(facts.columns)
    for field in schema:
        have = found.get(field.name)
        if have is None:
            yield f"`{field.name}` is missing"
        elif _family(have, target) not in _wanted(field.type, target):
            yield f"`{field.name}` is `{have}`"


def _wanted(data_type: DataType, target: str) -> set[str]:
    match data_type:
        case Plain("int8" | "int16" | "int32" | "int64"):
            return {"whole", "number 0"}
        case Plain("float32" | "float64"):
            return {"double"}
        case Plain("string" | "json"):
            return {"text"}
        case Plain("timestamp"):
            return {"time"} if target == "bigquery" else {"instant"}
        case Plain("timestamp_ntz"):
            return {"time"}
        case DecimalType(_, scale):
            return {f"number {scale}", "number"} | ({"whole"} if scale == 0 else set[str]())
        case Plain(name):
            return {name}
        case _:
            return set()


def _family(spelled: str, target: str) -> str:
    """What a type is apart from widths, as a warehouse spells it."""
    text = spelled.lower().strip()
    if number := _NUMBER.fullmatch(text):
        if number[2] is None:
            return "number"
        return f"number {int(number[2])}"
    if target == "snowflake" and text == "number":
        return "number 0"
    return next((name for name, form in _FAMILIES if re.fullmatch(form, text)), text)

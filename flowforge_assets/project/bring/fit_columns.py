"""What is said of columns, held against the columns that a query gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.rule import Scalar
from flowforge_assets.core.schema import DataType, DecimalType, Plain, Schema
from flowforge_assets.core.sql_types import from_duckdb
from flowforge_assets.errors.storage import TypeNotStoredError
from flowforge_assets.project.bring.found import Finding, FoundColumn, FoundQuery
from flowforge_assets.sql.reference import quoted


@dataclass(slots=True)
class Fitted:
    """The query with what fits it, what does not, and conditions that need a check of their own."""

    query: FoundQuery
    findings: list[Finding] = field(default_factory=list[Finding])
    apart: dict[str, str] = field(default_factory=dict[str, str])


def fit_columns(query: FoundQuery, schema: Schema) -> Fitted:
    """The query with its columns and rules as its result `schema` allows them."""
    fitted = Fitted(query)
    names = {name.lower(): name for name in reversed(schema.names)}
    columns = [*_known(query, names, schema, fitted)]
    keys = tuple(names.get(name.lower(), name) for name in query.key_columns)
    lost = [name for name in keys if schema.find(name) is None]
    write = query.write
    if lost:
        said = f"its key `{lost[0]}` is no column of the query"
        remedy = "select it, and write `key` and `write` into the header"
        fitted.findings.append(Finding("left", query.name, said, remedy, query.place))
        keys, write = (), "overwrite" if write in {"merge", "insert", "scd2"} else write
    if not keys:
        sure = [column.name for column in columns if column.unique and column.not_null]
        keys = (sure[0],) if len(sure) == 1 else ()
    columns = [
        replace(
            column,
            not_null=column.not_null and column.name not in keys,
            unique=column.unique and (column.name,) != keys,
        )
        for column in columns
    ]
    rules = {name: sql for name, sql in query.rules.items() if _can_judge(sql, schema)}
    fitted.apart |= {name: sql for name, sql in query.rules.items() if name not in rules}
    fitted.query = replace(
        query, columns=tuple(columns), key_columns=keys, write=write, rules=rules
    )
    return fitted


def _known(
    query: FoundQuery, names: Mapping[str, str], schema: Schema, fitted: Fitted
) -> Iterator[FoundColumn]:
    for said_ in query.columns:
        if said_.writer is not None:
            yield said_
            continue
        name = names.get(said_.name.lower())
        found = None if name is None else schema.find(name)
        if name is None or found is None:
            said = f"`{said_.name}` is described, and the query does not give it"
            remedy = "mend its name, or leave it out"
            fitted.findings.append(Finding("left", query.name, said, remedy, query.place))
            continue
        column = replace(said_, name=name, type=_said_type(said_, found.type, query, fitted))
        values = [_as_type(value, found.type) for value in column.values]
        if None in values:
            fitted.apart[f"{name}_accepted"] = _among(name, column.values)
        kept = tuple(value for value in values if value is not None)
        bounds = [(op, _as_type(limit, found.type)) for op, limit in column.bounds]
        yield replace(
            column,
            values=() if None in values else kept,
            bounds=tuple((op, limit) for op, limit in bounds if limit is not None),
        )


def _said_type(column: FoundColumn, given: DataType, query: FoundQuery, fitted: Fitted) -> str:
    """The declared type where the query gives just that; else nothing, and a finding."""
    if not column.type:
        return ""
    try:
        same = from_duckdb(column.type.upper()) == given
    except TypeNotStoredError:
        same = False
    if not same:
        said = f"`{column.name}` is declared `{column.type}`, and the query gives {given}"
        remedy = "cast it in the query, if the type matters"
        fitted.findings.append(Finding("look", query.name, said, remedy, query.place))
    return column.type.upper() if same else ""


def _as_type(value: Scalar, data_type: DataType) -> Scalar | None:
    """The value as a column of the type is compared with it; None where it cannot be."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    try:
        match data_type:
            case Plain("string"):
                return text
            case Plain("bool"):
                return {"true": True, "false": False}.get(text.lower())
            case Plain("int8" | "int16" | "int32" | "int64"):
                return int(text)
            case Plain("float32" | "float64"):
                return float(text)
            case Plain("date"):
                return date.fromisoformat(text)
            case Plain("timestamp_ntz"):
                return datetime.fromisoformat(text)
            case DecimalType():
                return int(text) if Decimal(text) == int(Decimal(text)) else float(text)
            case _:
                return None
    except (ValueError, InvalidOperation):
        return None


def _among(name: str, values: Sequence[Scalar]) -> str:
    shown = ", ".join("'{}'".format(str(value).replace("'", "''")) for value in values)
    return f"{quoted(name)} IN ({shown})"


def _can_judge(sql: str, schema: Schema) -> bool:
    """Whether the rows of a step can be judged by the condition as it is."""
    import polars as pl  # heavy: only a project that is imported needs it here

    from flowforge_assets.core.polars_types import polars_type  # as above

    try:
        expression = pl.sql_expr(sql)
        empty = pl.LazyFrame(schema={each.name: polars_type(each.type) for each in schema})
        return empty.select(expression.alias("kept")).collect_schema()["kept"] == pl.Boolean()
    except pl.exceptions.PolarsError:
        return False


def check_key(query: FoundQuery, name: str) -> DatasetKey:
    """The dataset of a check that stands by itself."""
    group = query.key.name.replace(".", "_")
    return DatasetKey.of("gold", f"checks.{group}_{name}")

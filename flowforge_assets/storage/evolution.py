"""Which changes of a dataset's columns a table takes, and how old rows are read after them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from flowforge_assets.core.polars_types import polars_type
from flowforge_assets.errors.storage import SchemaChangeError, StagedSchemaError

if TYPE_CHECKING:
    from flowforge_assets.core.schema import Schema
    from flowforge_assets.storage.store import TableSpec


def refuse_unlike(found: pl.Schema, promised: pl.Schema, spec: TableSpec) -> None:
    """Passes only a frame with exactly the dataset's columns, in order, with their types.

    Raises:
        StagedSchemaError: it has others (FF-612).
    """
    if found == promised and found.names() == promised.names():
        return
    pairs = [
        f"`{name}` is {found.get(name, 'absent')} instead of {promised.get(name, 'absent')}"
        for name in dict.fromkeys([*promised, *found])
        if found.get(name) != promised.get(name)
    ]
    message = f"the frame for `{spec.key}` is not as declared: "
    raise StagedSchemaError(
        message + ("; ".join(pairs) or "its columns stand in another order"),
        hint="return the columns that the dataset declares, with their types",
    )


def is_kept(stored: pl.Schema, schema: Schema) -> bool:
    """Whether rows stored as `stored` can be read as `schema`, with nulls for what is new."""
    if len(stored) > len(schema.fields):
        return False
    kept = 0
    for field in schema:
        dtype = stored.get(field.name)
        if dtype is None:
            if not (field.nullable or field.optional):
                return False
        elif dtype != polars_type(field.type):
            return False
        else:
            kept += 1
    return kept == len(stored)


def refuse_change(stored: pl.Schema, spec: TableSpec) -> None:
    """Passes when rows stored as `stored` can stay in the table of `spec`.

    Raises:
        SchemaChangeError: they cannot (FF-611).
    """
    if is_kept(stored, spec.schema):
        return
    hint = f"remove the folder of its table, then make it: `flowforge run -s {spec.key}`"
    if spec.keeps_history:
        hint = (
            "its table keeps history: declare the columns as they were (new ones may be added that "
            f"are nullable), or make all of it anew from its inputs: `flowforge run --rebuild "
            f"-s {spec.key}`"
        )
    raise SchemaChangeError(
        f"the stored rows of `{spec.key}` have other columns than it declares now: "
        + "; ".join(_changes(stored, spec.schema)),
        hint=hint,
    )


def _changes(stored: pl.Schema, schema: Schema) -> list[str]:
    changes: list[str] = []
    for field in schema:
        have, want = stored.get(field.name), polars_type(field.type)
        if have is None:
            if not (field.nullable or field.optional):
                changes.append(f"`{field.name}` is new and not nullable")
        elif have != want:
            changes.append(f"`{field.name}` was {have} and is {want}")
    changes.extend(f"`{name}` is no longer declared" for name in stored if not schema.find(name))
    return changes


def as_declared(frame: pl.LazyFrame, stored: pl.Schema, spec: TableSpec) -> pl.LazyFrame:
    """`frame`, stored as `stored`, with the columns of `spec` in order; new ones are null.

    Raises:
        SchemaChangeError: the stored columns cannot be read as the declared ones (FF-611).
    """
    if stored.names() == list(spec.schema.names) and is_kept(stored, spec.schema):
        return frame
    refuse_change(stored, spec)
    return frame.select(
        pl.col(field.name)
        if field.name in stored
        else pl.lit(None, dtype=polars_type(field.type)).alias(field.name)
        for field in spec.schema
    )


def with_missing(frame: pl.LazyFrame, stored: pl.Schema, spec: TableSpec) -> pl.LazyFrame:
    """`frame`, stored as `stored`, with nulls in the columns of `spec` that it lacks.

    Raises:
        SchemaChangeError: the stored columns cannot be read as the declared ones (FF-611).
    """
    refuse_change(stored, spec)
    return frame.with_columns(
        pl.lit(None, dtype=polars_type(field.type)).alias(field.name)
        for field in spec.schema
        if field.name not in stored
    )

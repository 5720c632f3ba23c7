"""Which changes of a dataset's columns a table takes, and how old rows are read after them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from flowforge_assets.core.polars_types import from_polars, polars_schema, polars_type
from flowforge_assets.core.schema_change import columns_of
from flowforge_assets.core.schema_diff import ChangeKind, renamed, schema_diff
from flowforge_assets.errors.storage import (
    SchemaChangeError,
    StagedSchemaError,
    TypeNotStoredError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowforge_assets.storage.store import TableSpec

# Polars does not say of a column whether it may be null, nor that a string holds JSON.
_IN_THE_WAY: Final[frozenset[ChangeKind]] = frozenset({"new not null", "other type", "dropped"})


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


def is_read_as_it_is(stored: pl.Schema, spec: TableSpec) -> bool:
    """Whether rows stored as `stored` need nothing but nulls for what is new."""
    declared = polars_schema(spec.schema)
    return all(declared.get(name) == dtype for name, dtype in stored.items()) and all(
        field.name in stored or field.nullable or field.optional for field in spec.schema
    )


def refuse_change(stored: pl.Schema, spec: TableSpec) -> None:
    """Passes when rows stored as `stored` can stay in the table of `spec`, losing nothing.

    They can when new columns may be null, when types are others that hold every value exactly,
    and when columns were renamed, or dropped with leave.

    Raises:
        SchemaChangeError: they cannot (FF-611).
    """
    if is_read_as_it_is(stored, spec):
        return
    if changes := list(_in_the_way(stored, spec)):
        raise SchemaChangeError(
            f"the stored rows of `{spec.key}` have other columns than it declares now: "
            + "; ".join(changes),
            hint="`flowforge plan` says what becomes of the rows of today; an older version reads "
            "with the columns that it had: declare them as they were",
        )


def _in_the_way(stored: pl.Schema, spec: TableSpec) -> Iterator[str]:
    try:
        had = columns_of(from_polars(stored))
    except TypeNotStoredError as error:  # another program wrote it
        yield error.message
        return
    diff = schema_diff(
        had,
        spec.schema,
        renames=dict(spec.renames),
        fixed={dimension.column for dimension in spec.dimensions},
    )
    for change in diff.changes:
        if change.kind in _IN_THE_WAY and change.column not in spec.drops:
            yield str(change)


def as_declared(frame: pl.LazyFrame, stored: pl.Schema, spec: TableSpec) -> pl.LazyFrame:
    """`frame`, stored as `stored`, with the columns of `spec` in order; new ones are null.

    Values of a narrower type are those of the wider one, exactly.

    Raises:
        SchemaChangeError: the stored columns cannot be read as the declared ones (FF-611).
    """
    if stored.names() == list(spec.schema.names) and is_read_as_it_is(stored, spec):
        return frame
    refuse_change(stored, spec)
    return frame.select(_columns(stored, spec))


def _columns(stored: pl.Schema, spec: TableSpec) -> Iterator[pl.Expr]:
    taken = renamed(stored, spec.schema, dict(spec.renames))
    for field in spec.schema:
        name, dtype = field.name, polars_type(field.type)
        was_called = taken.get(name, name)
        if was_called not in stored or (name in taken.values() and name not in taken):
            yield pl.lit(None, dtype=dtype).alias(name)
        elif stored[was_called] == dtype:
            yield pl.col(was_called).alias(name)
        else:
            yield pl.col(was_called).cast(dtype).alias(name)


def with_missing(frame: pl.LazyFrame, stored: pl.Schema, spec: TableSpec) -> pl.LazyFrame:
    """`frame`, stored as `stored`, with nulls in the columns of `spec` that it lacks.

    It may have columns beside those, and has no values of another type: see `storage.migration`.

    Raises:
        SchemaChangeError: the stored columns cannot be read as the declared ones (FF-611).
    """
    refuse_change(stored, spec)
    return frame.with_columns(
        pl.lit(None, dtype=polars_type(field.type)).alias(field.name)
        for field in spec.schema
        if field.name not in stored
    )

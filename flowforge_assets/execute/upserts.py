"""Rows that are written by key: which are stored, which are removed, and which are one too many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

import polars as pl

from flowforge_assets.core.conform import conform
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.schema import Schema
from flowforge_assets.declare.asset import Write
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition
from flowforge_assets.errors.base import raise_all
from flowforge_assets.errors.run import DeleteMarkError, DuplicateKeysError
from flowforge_assets.execute.contract import Frame
from flowforge_assets.graph.promise import promise_errors
from flowforge_assets.storage.row_match import free_name, is_older
from flowforge_assets.storage.store import Matching

KEYED: Final[frozenset[Write]] = frozenset({"merge", "insert", "scd2"})
_EXAMPLES: Final = 3
_LONGEST_VALUE: Final = 40
_PERSONAL: Final = "pii"


def matching(
    asset: AssetDefinition, dataset: DatasetDefinition, removed: pl.DataFrame | None
) -> Matching:
    """How a merge finds the stored rows that make room for its own."""
    keys = [field for field in dataset.schema if field.name in dataset.key_columns]
    # rows that share a key are refused before; the rule of a key passes over nulls
    is_unique = not any(field.nullable or field.optional for field in keys)
    return Matching(dataset.key_columns, latest=asset.latest, removing=removed, is_unique=is_unique)


def told_apart(
    frame: Frame, dataset: DatasetDefinition, asset: AssetDefinition, unit: PartitionSet
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The returned rows that are to be stored, and the keys of those that are to be removed.

    With the keys stands how late they are removed, where the asset tells the latest row.

    Raises:
        Problems: the mark lacks, or columns are not as promised (FF-301 to FF-303).
        DeleteMarkError: a mark is null, or a row to be removed has no key (FF-744).
        DuplicateKeysError: a key is both stored and removed, or removed twice (FF-742).
    """
    mark = asset.deletes or ""
    schema = frame.collect_schema()
    if not isinstance(schema.get(mark), (pl.Boolean, pl.Null)):
        raise_all(promise_errors(schema, dataset, asset))
    rows = frame.lazy().collect()
    marks = rows.get_column(mark).cast(pl.Boolean)
    if nulls := marks.null_count():
        message = f"`{mark}` of `{asset.name}` is null in {_counted(nulls)}"
        hint = "let it be false in rows that stay"
        raise DeleteMarkError(message, place=asset.place, hint=hint)
    keys = list(dataset.key_columns)
    stored, gone = rows.filter(~marks).drop(mark), rows.filter(marks)
    fields = [f for f in dataset.schema if f.name in {*keys, asset.latest}]
    wanted = Schema(tuple(fields))
    lacking = [field.name for field in fields if field.name not in schema and not field.optional]
    removed, differences = conform(gone.select(n for n in wanted.names if n in schema), wanted)
    if lacking or differences:
        raise_all(promise_errors(schema, dataset, asset))
    if nulls := removed.select(pl.any_horizontal(pl.col(keys).is_null()).sum()).item():
        message = f"`{asset.name}` removes {_counted(nulls)} of `{dataset.key}` without a key"
        hint = f"a row is removed by its key: fill {', '.join(f'`{name}`' for name in keys)}"
        raise DeleteMarkError(message, place=asset.place, hint=hint)
    if removed.height:
        both = pl.concat([stored.select(keys), gone.select(keys)])
        meant = both.join(gone.select(keys), on=keys, how="semi")
        raise_all([error] if (error := repeated_keys(meant, dataset, asset, unit)) else [])
    return stored, removed


def repeated_keys(
    rows: pl.DataFrame, dataset: DatasetDefinition, asset: AssetDefinition, unit: PartitionSet
) -> DuplicateKeysError | None:
    """What is wrong where rows have the same key, with examples; None where no two have."""
    keys = list(dataset.key_columns)
    repeated = rows.select(keys).filter(rows.select(keys).is_duplicated())
    if repeated.is_empty():
        return None
    shown = [
        f"`{', '.join(_said(dataset, name, value) for name, value in key.items())}`"
        for key in repeated.unique(maintain_order=True).head(_EXAMPLES).to_dicts()
    ]
    distinct = repeated.n_unique()
    beyond = f" and {distinct - _EXAMPLES:,} more" if distinct > _EXAMPLES else ""
    where = f" in {unit.render()}" if unit.dimensions else ""
    message = (
        f"{_counted(repeated.height)} of `{dataset.key}`{where} share {distinct:,} "
        f"{'key' if distinct == 1 else 'keys'}: {', '.join(dict.fromkeys(shown))}{beyond}"
    )
    return DuplicateKeysError(message, place=asset.place, hint=_one_a_key(asset, keys))


def _one_a_key(asset: AssetDefinition, keys: Sequence[str]) -> str:
    """How to keep the last row of each key."""
    last = asset.latest or "..."
    if asset.sql_path is not None:
        over = f"PARTITION BY {', '.join(keys)} ORDER BY {last} DESC"
        return f"nothing was written; keep the last: `QUALIFY row_number() OVER ({over}) = 1`"
    sort = f'.sort("{last}")'
    names = ", ".join(f'"{name}"' for name in keys)
    return f'nothing was written; keep the last: `rows{sort}.unique([{names}], keep="last")`'


def _said(dataset: DatasetDefinition, name: str, value: object) -> str:
    """`id=7`, shortened; nothing of what is personal."""
    column = next(column for column in dataset.columns if column.field.name == name)
    if _PERSONAL in column.tags:
        return f"{name}=***"
    text = str(value).replace("`", "'")
    return f"{name}={text if len(text) <= _LONGEST_VALUE else f'{text[:_LONGEST_VALUE]}...'}"


def _counted(rows: int) -> str:
    return "1 row" if rows == 1 else f"{rows:,} rows"


Part: TypeAlias = tuple[pl.DataFrame, pl.DataFrame | None]
"""The rows that are stored, and the keys of those that are removed."""


def one_a_key(
    rows: pl.DataFrame,
    heights: Sequence[int],
    removed: Sequence[pl.DataFrame | None],
    dataset: DatasetDefinition,
    asset: AssetDefinition,
) -> Part:
    """What several steps come to in their order: of each key one row, or its removal.

    `rows` are those of all steps, `heights` how many each has, `removed` what each removes. An
    insert takes the first row of a key; a merge the last, or where the asset tells it the latest.
    """
    keys, latest = list(dataset.key_columns), asset.latest
    if len(heights) == 1:
        return rows, removed[0]
    if asset.write == "insert":
        return rows.unique(keys, keep="first", maintain_order=True), None
    if latest is None and asset.deletes is None:
        return rows.unique(keys, keep="last", maintain_order=True), None
    columns = keys if latest is None else [*keys, latest]
    gone = [rows.select(columns).clear() if part is None else part for part in removed]
    # removals stand behind the rows, so that a place tells which it is
    changes = pl.concat([rows.select(columns), *(part.select(columns) for part in gone)])
    counts = [*heights, *(part.height for part in gone)]
    steps = [at % len(heights) for at, count in enumerate(counts) for _ in range(count)]
    place, step = free_name("place", columns), free_name("step", columns)
    last = (
        changes.with_row_index(place)
        .with_columns(pl.Series(step, steps, dtype=pl.Int64))
        .sort([step] if latest is None else [latest, step], maintain_order=True)
        .unique(keys, keep="last", maintain_order=True)
        .get_column(place)
        .sort()
    )
    is_row = last < rows.height
    return rows[last.filter(is_row)], pl.concat(gone)[last.filter(~is_row) - rows.height]


def merged(
    rows: pl.LazyFrame,
    others: pl.LazyFrame,
    dataset: DatasetDefinition,
    asset: AssetDefinition,
    removed: pl.DataFrame | None,
) -> pl.LazyFrame:
    """The table with the columns of `rows` as it would be when these are merged into `others`."""
    keys, latest = list(dataset.key_columns), asset.latest
    taken = rows
    if latest is not None:
        new = rows.collect()
        changes = new.select(*keys, latest)
        if removed is not None:
            changes = pl.concat([changes, removed.select(*keys, latest)])
        reached = others.select(*keys, latest).join(changes.lazy(), on=keys, how="semi").collect()
        taken = new.filter(~is_older(new, reached, keys, latest)).lazy()
        if removed is not None:
            removed = removed.filter(~is_older(removed, reached, keys, latest))
    going = [taken.select(keys)] + ([] if removed is None else [removed.lazy().select(keys)])
    return pl.concat([taken, others.join(pl.concat(going), on=keys, how="anti")])

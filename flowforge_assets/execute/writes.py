"""How judged rows come into their table, by the asset's way of writing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

import polars as pl

from flowforge_assets.core.made import Made
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition
from flowforge_assets.errors.run import EarlierStateError
from flowforge_assets.errors.storage import BaseMovedError
from flowforge_assets.execute.states import next_states, state_of
from flowforge_assets.execute.upserts import matching
from flowforge_assets.storage.failure import reading
from flowforge_assets.storage.request import Request
from flowforge_assets.storage.same_steps import refuse_made
from flowforge_assets.storage.store import (
    NO_TABLE,
    Base,
    Everything,
    Known,
    Matching,
    Replace,
    Staged,
    Table,
)

_TRIES: Final = 20


def write(  # noqa: PLR0913 - the rows, and all that says how they are written
    table: Table,
    rows: pl.DataFrame | Staged,
    *,
    asset: AssetDefinition,
    dataset: DatasetDefinition,
    replaced: PartitionSet,
    made: Made,
    now: datetime,
    removed: pl.DataFrame | None = None,
    known: Callable[[], Known | None] = lambda: None,
) -> Made:
    """Commits `rows` as the asset writes them, and gives the commit as it stands in the table.

    `replaced` are the partitions that an overwrite replaces, `removed` has the keys of rows that
    a merge removes. `known` gives the steps as the run knows them to be made: where another run has
    made them, rows are not added again, and none are written that were worked out from `Before`
    (None: other runs do not matter). With `made.restart` all that was there goes, in the same
    commit. Rows that are staged already are `rows` as they are: only what replaces or adds whole
    rows takes them.

    Raises:
        StorageError: the commit fails (FF-6xx).
        EarlierStateError: states of later times are there already (FF-740).
        BaseMovedError: another run has made these steps meanwhile, where that matters (FF-621).
    """
    if made.restart:
        return _commit(table, rows, Everything(), made)
    base = known() if any(read.form == "before" for read in asset.inputs) else None
    match asset.write:
        case "append":
            none = PartitionSet.none(dataset.partitioning.dimensions)
            return _commit(table, rows, none, made, base or known())
        case "merge":
            return _commit(table, rows, matching(asset, dataset, removed), made, base)
        case "insert":
            return _worked_out(table, made, lambda: _unknown(rows, table, dataset), None, base)
        case "scd2":
            since = (*dataset.key_columns, dataset.written_by("valid_from") or "")

            def states() -> pl.DataFrame:
                try:
                    return _states(rows, table, dataset, asset)
                except EarlierStateError:
                    _refuse_made(table, made, known())  # says more
                    raise

            return _worked_out(table, made, states, Matching(since, is_unique=True), base)
        case "snapshot":
            state = Matching(*state_of(made.partitions, dataset, now))
            return _commit(table, rows, state, made, base)
        case "overwrite" | "view":
            return _commit(table, rows, replaced, made, base)


def _commit(
    table: Table,
    rows: pl.DataFrame | Staged,
    what: Replace,
    made: Made,
    base: Base | None = None,
) -> Made:
    if not isinstance(rows, pl.DataFrame):
        return table.commit(rows, replace=what, made=made, base=base)
    staged = table.stage(rows)
    try:
        return table.commit(staged, replace=what, made=made, base=base)
    except BaseException:
        table.discard(staged)
        raise


def _worked_out(
    table: Table,
    made: Made,
    work: Callable[[], pl.DataFrame],
    what: Replace | None,
    known: Known | None,
) -> Made:
    """Commits what `work` gives for the table as it is; works it out anew when others were first.

    Without a row to write the commit is one of metadata. With `known` nothing is written where
    another run has made steps of it that are not among them.
    """
    tries = 0
    while True:
        base = table.version() or NO_TABLE
        _refuse_made(table, made, known)
        with reading(table):
            rows = work()
        none = PartitionSet.none(table.spec.dimensions)
        try:
            if not rows.height:
                return table.record(replace(made, touched=none), base=base)
            return _commit(table, rows, none if what is None else what, made, base)
        except BaseMovedError:
            tries += 1
            if tries >= _TRIES:
                raise


def _refuse_made(table: Table, made: Made, known: Known | None) -> None:
    """Passes when no other run has made a step of `made` beside those `known`.

    Raises:
        BaseMovedError: one has (FF-621).
    """
    if known is not None:
        refuse_made(Request(None, Everything(), made, known), table.made(), table.spec)


def _unknown(rows: pl.DataFrame | Staged, table: Table, dataset: DatasetDefinition) -> pl.DataFrame:
    """The rows whose key is not there yet."""
    frame = _in_memory(rows)
    if table.version() is None:
        return frame
    keys = list(dataset.key_columns)
    known = table.scan().select(keys)
    return frame.lazy().join(known, on=keys, how="anti", nulls_equal=True).collect()


def _states(
    rows: pl.DataFrame | Staged, table: Table, dataset: DatasetDefinition, asset: AssetDefinition
) -> pl.DataFrame:
    frame = _in_memory(rows)
    if table.version() is None:
        return frame
    return next_states(frame, table.scan(), dataset, asset)


def _in_memory(rows: pl.DataFrame | Staged) -> pl.DataFrame:
    return rows if isinstance(rows, pl.DataFrame) else rows.scan().collect()

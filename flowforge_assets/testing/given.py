"""What a test gives: rows of tables, and files of artifacts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias, cast

import polars as pl

from flowforge_assets.core.conform import conform
from flowforge_assets.declare.definition import DatasetDefinition
from flowforge_assets.errors.testing import GivenRowsError
from flowforge_assets.testing.rows import Row, filled

Given: TypeAlias = pl.LazyFrame | pl.DataFrame | Iterable[Row] | Path | Mapping[str, Path]
"""The rows of a dataset: a frame of exactly its columns, or rows as `rows` takes them.

The file of an artifact, or one for each of its partitions by their keys.
"""


def given_frame(dataset: DatasetDefinition, given: Given) -> pl.DataFrame:
    """The rows as the dataset's table holds them.

    Raises:
        GivenRowsError: they have other columns, or are a file (FF-722).
    """
    if isinstance(given, (Path, Mapping)):
        message = f"`{dataset.key}` is given a file, but is a table"
        raise GivenRowsError(message, hint="give a frame, or rows: `[{...}]`")
    if not isinstance(given, (pl.LazyFrame, pl.DataFrame)):
        return filled(dataset, given)
    frame, differences = conform(given.lazy().collect(), dataset.schema)
    if differences:
        said = "; ".join(map(str, differences))
        message = f"the rows given for `{dataset.key}` are not as declared: {said}"
        raise GivenRowsError(message, hint="give rows: `rows(D, [...])` casts and fills them")
    return frame


def given_files(dataset: DatasetDefinition, given: Given) -> Mapping[str, Path]:
    """The artifact's files by the keys of its partitions.

    Raises:
        GivenRowsError: they are rows, or not one a partition (FF-722).
    """
    is_whole = not dataset.partitioning.dimensions
    if isinstance(given, Path) and is_whole:
        return {"": given}
    if isinstance(given, Mapping) and not is_whole:
        return cast("Mapping[str, Path]", given)
    kind = "file" if is_whole else "file for each partition"
    hint = "give its path" if is_whole else 'give `{"2026-01-01": path}`'
    raise GivenRowsError(f"`{dataset.key}` is an artifact: it has a {kind}", hint=hint)

"""Whether a table has the columns by which it is to lie in a warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flowforge_assets.core.schema import Plain
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition
from flowforge_assets.errors.base import did_you_mean
from flowforge_assets.errors.sql_function import LayoutColumnError

_TIMES: Final = frozenset({Plain("date"), Plain("timestamp"), Plain("timestamp_ntz")})


def layout_errors(
    asset: AssetDefinition, dataset: DatasetDefinition
) -> Iterator[LayoutColumnError]:
    """An error for each column of a layout that the dataset has not, or that cuts no table."""
    for option, columns in asset.layout.columns.items():
        for column in columns:
            field = dataset.schema.find(column)
            if field is None:
                message = f"`{option}` of `{asset.id}` names `{column}`, which it does not have"
                known = ", ".join(f"`{name}`" for name in dataset.schema.names)
                hint = did_you_mean(column, dataset.schema.names) or f"it has {known}"
                yield LayoutColumnError(message, place=asset.place, hint=hint)
            elif option == "partition_by" and field.type not in _TIMES:
                message = f"`{option}` of `{asset.id}` is `{column}`, which is {field.type}"
                hint = "a date or a time cuts a table: cluster by other columns"
                yield LayoutColumnError(message, place=asset.place, hint=hint)

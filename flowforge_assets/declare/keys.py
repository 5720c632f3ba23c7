"""Which partition column each key parameter of an asset means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Final

from flowforge_assets.core.dimension import Dimension, Kind
from flowforge_assets.declare.definition import AssetDefinition, KeyParameter
from flowforge_assets.errors.base import FlowForgeError, did_you_mean, raise_all
from flowforge_assets.errors.declaration import PartitionParameterError

KEY_TYPES: Final[dict[Kind, type]] = {
    "hour": datetime,
    "day": date,
    "week": date,
    "month": date,
    "static": str,
}


def with_key_columns(asset: AssetDefinition, dimensions: tuple[Dimension, ...]) -> AssetDefinition:
    """The asset with its key parameters tied to the partition columns of what it makes.

    A single key is matched by name and type (`day: date`); a set (`days: Partitions[date]`) by
    its type alone where one dimension has it, else by name.

    Raises:
        Problems: a parameter that no dimension matches (FF-116).
    """
    problems: list[FlowForgeError] = []
    keys: list[KeyParameter] = []
    for key in asset.keys:
        dimension = _match(key, dimensions)
        if dimension is None:
            problems.append(_no_match(asset, key, dimensions))
        else:
            keys.append(replace(key, column=dimension.column))
    problems += _mixed(asset)
    raise_all(problems)
    return replace(asset, keys=tuple(keys))


def _match(key: KeyParameter, dimensions: tuple[Dimension, ...]) -> Dimension | None:
    fitting = [d for d in dimensions if KEY_TYPES[d.kind] is key.type]
    named = [d for d in fitting if d.column == key.parameter]
    if named:
        return named[0]
    return fitting[0] if key.is_set and len(fitting) == 1 else None


def _no_match(
    asset: AssetDefinition, key: KeyParameter, dimensions: tuple[Dimension, ...]
) -> PartitionParameterError:
    keys = {d.column: KEY_TYPES[d.kind].__name__ for d in dimensions}
    shown = ", ".join(f"`{column}: {kind}`" for column, kind in keys.items())
    message = f"`{asset.name}` asks for the partition key `{key.parameter}: {key.type.__name__}`"
    near = did_you_mean(key.parameter, keys)
    hint = f"`{asset.id}` has {shown}" if keys else f"`{asset.id}` is not partitioned"
    return PartitionParameterError(message, place=asset.place, hint=near or hint)


def _mixed(asset: AssetDefinition) -> Iterator[FlowForgeError]:
    sets = [key for key in asset.keys if key.is_set]
    if sets and len(sets) != len(asset.keys):
        message = f"`{asset.name}` takes some keys one by one and others as sets"
        hint = "take all as `Partitions[...]`, or all one by one"
        yield PartitionParameterError(message, place=asset.place, hint=hint)

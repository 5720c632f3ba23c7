"""The module of classes for the datasets that SQL files and seeds make, as source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from flowforge_assets.core.dimension import Dimension, Kind
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import Extent, StaticExtent
from flowforge_assets.core.rule import Bound, Length, Matches, OneOf, Rule, Scalar, Unique
from flowforge_assets.declare.definition import ColumnDefinition, DatasetDefinition, Definitions
from flowforge_assets.project.class_source import (
    ClassSource,
    SourceColumn,
    class_name_of,
    quoted,
)
from flowforge_assets.project.header_dataset import is_of_file

DOC: Final = "Datasets that SQL files and seeds make. Written by `flowforge sync`: do not edit."
_CALENDARS: Final[dict[Kind, str]] = {
    "hour": "Hourly",
    "day": "Daily",
    "week": "Weekly",
    "month": "Monthly",
}
_OPTIONS: Final = {">=": "ge", ">": "gt", "<=": "le", "<": "lt"}
_OF_KEYS: Final = frozenset({"ge", "le", "regex", "doc", "tags"})
"""What `key(...)` takes beside the type's own options."""


def sync_source(definitions: Definitions) -> str:
    """The module, by key; a class bears its layer's name too where two would have one name.

    What rows are held to besides their own columns stands in the files alone.
    """
    made = [
        definitions.datasets[asset.id]
        for asset in sorted(definitions.assets, key=lambda each: each.id)
        if asset.kind != "python" and asset.id in definitions.datasets
    ]
    own = [dataset for dataset in made if is_of_file(dataset)]
    if not own:
        return f'"""{DOC}"""\n'
    names = Counter(class_name_of(dataset.key.name) for dataset in own)
    source = ClassSource()
    for dataset in own:
        name = class_name_of(dataset.key.name)
        name = name if names[name] == 1 else f"{dataset.key.layer.capitalize()}{name}"
        source.add_dataset(
            dataset.key,
            (_column(column, dataset, source) for column in dataset.columns),
            description=_sentence(dataset.description, dataset.key),
            name=name,
            option=_partition(dataset, source),
        )
    return source.text(DOC)


def _sentence(description: str, key: DatasetKey) -> str:
    text = description.strip() or f"`{key}`"
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _column(
    column: ColumnDefinition, dataset: DatasetDefinition, source: ClassSource
) -> SourceColumn:
    options = dict(_rule_options(column, dataset.rules, source))
    if column.unit:
        options["unit"] = quoted(column.unit)
    if column.doc:
        options["doc"] = quoted(column.doc)
    if column.tags:
        options["tags"] = f"[{', '.join(map(quoted, column.tags))}]"
    if column.writer is not None:
        options[column.writer] = "True"
    told = (
        f"{name}={value}"
        for name, value in options.items()
        if not column.is_key or name in _OF_KEYS
    )
    return SourceColumn(column.field, column.is_key, options=tuple(told))


def _rule_options(
    column: ColumnDefinition, rules: tuple[Rule, ...], source: ClassSource
) -> Iterator[tuple[str, str]]:
    """The rules on the column alone that `col(...)` can say."""
    name = column.field.name
    for rule in rules:
        match rule:
            case Bound(of, op, limit) if of == name:
                yield _OPTIONS[op], _literal(limit, source)
            case OneOf(of, values) if of == name:
                yield "isin", f"[{', '.join(_literal(value, source) for value in values)}]"
            case Matches(of, pattern) if of == name:
                yield "regex", quoted(pattern)
            case Length(of, least, most) if of == name:
                if least:
                    yield "min_length", str(least)
                if most is not None:
                    yield "max_length", str(most)
            case Unique((of,)) if of == name and not column.is_key:
                yield "unique", "True"
            case _:
                pass


def _literal(value: Scalar, source: ClassSource) -> str:
    match value:
        case str():
            return quoted(value)
        case datetime():
            source.use("datetime", "datetime")
            return f"datetime.fromisoformat({quoted(value.isoformat())})"
        case date():
            source.use("datetime", "date")
            return f"date({value.year}, {value.month}, {value.day})"
        case _:
            return repr(value)


def _partition(dataset: DatasetDefinition, source: ClassSource) -> str:
    cut = dataset.partitioning
    parts = [_part(*each, source) for each in zip(cut.dimensions, cut.extents, strict=True)]
    return f"partition={' * '.join(parts)}" if parts else ""


def _part(dimension: Dimension, extent: Extent, source: ClassSource) -> str:
    if isinstance(extent, StaticExtent):
        source.ours.add("Static")
        head = f"Static({', '.join(map(quoted, extent.values))})"
    else:
        calendar = _CALENDARS[dimension.kind]
        source.ours.add(calendar)
        said = [quoted(extent.start), *([quoted(extent.end)] if extent.end else [])]
        said += [f"tz={quoted(dimension.tz)}"] if dimension.tz != "UTC" else []
        head = f"{calendar}({', '.join(said)})"
    return f"{head}.on({quoted(dimension.column)})"

"""A dataset class as people see it in a notebook or a terminal."""

from __future__ import annotations

from flowforge_assets.core.drawing import Drawing
from flowforge_assets.core.rule import NotNull
from flowforge_assets.declare.describe import describe, key_of


def dataset_drawing(cls: type) -> Drawing:
    """The dataset's key and description, its columns, and its rules on more than one column.

    Raises:
        FlowForgeError: the class declares something wrong (FF-1xx).
    """
    dataset = describe(cls)
    said: dict[str, list[str]] = {}
    notes: list[str] = []
    for rule in dataset.rules:
        columns = getattr(rule, "columns", None) or (getattr(rule, "column", ""),)
        if len(columns) == 1 and columns[0]:
            if not isinstance(rule, NotNull):
                said.setdefault(columns[0], []).append(str(rule))
        else:
            notes.append(str(rule))
    by = [dimension.column for dimension in dataset.partitioning.dimensions]
    rows = tuple(
        (
            column.field.name,
            f"{column.field.type}{'?' if column.field.nullable else ''}",
            " ".join(
                word
                for word, is_said in (
                    ("key", column.is_key),
                    ("partition", column.field.name in by),
                )
                if is_said
            ),
            column.unit,
            "; ".join(said.get(column.field.name, ())),
            column.doc,
        )
        for column in dataset.columns
    )
    description = dataset.description.partition("\n")[0]
    title = f"{key_of(cls)}: {description}" if description else str(key_of(cls))
    return Drawing(title, ("column", "type", "", "unit", "rules", ""), rows, tuple(notes))


def one_line(cls: type) -> str:
    """`<silver.orders: order_id int64, country string?>`.

    Raises:
        FlowForgeError: the class declares something wrong (FF-1xx).
    """
    columns = (
        f"{field.name} {field.type}{'?' if field.nullable else ''}"
        for field in describe(cls).schema
    )
    return f"<{key_of(cls)}: {', '.join(columns)}>"

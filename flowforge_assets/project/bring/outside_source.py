"""The module that declares tables which someone else makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from flowforge_assets.core.schema import Schema
from flowforge_assets.project.bring.found import FoundOutside
from flowforge_assets.project.class_source import ClassSource, SourceColumn, quoted

MODULE: Final = "sources"


@dataclass(frozen=True, slots=True)
class OutsideTable:
    """A table with its columns, of which the types of some are `guessed`."""

    table: FoundOutside
    schema: Schema
    guessed: frozenset[str] = frozenset()
    docs: Mapping[str, str] = field(default_factory=dict[str, str])


def outside_source(tables: Iterable[OutsideTable], tool: str) -> str:
    """The module's text."""
    source = ClassSource()
    source.ours.add("external")
    for each in tables:
        columns = [
            SourceColumn(
                column,
                remark="the type is a guess" if column.name in each.guessed else "",
                options=tuple(f"doc={quoted(doc)}" for doc in [_doc(each, column.name)] if doc),
            )
            for column in each.schema
        ]
        said = each.table.description.strip() or f"`{each.table.name}` of the {tool} project."
        name = source.add_dataset(each.table.key, columns, description=said)
        at = f", at={quoted(each.table.at)}" if each.table.at else ""
        source.blocks.append(f"external({name}{at})")
    doc = "Tables that are read here and made elsewhere: say where each lies, with `at=`."
    return source.text(doc)


def _doc(table: OutsideTable, column: str) -> str:
    return " ".join(table.docs.get(column, "").split())

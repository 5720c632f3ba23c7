"""The header of a SQL file, and the `.toml` beside a seed, as a person would write them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from flowforge_assets.core.rule import Scalar
from flowforge_assets.project.bring.found import FoundColumn, FoundPartition, FoundQuery, FoundSeed

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")


def query_text(query: FoundQuery) -> str:
    """The whole `.sql` file of the query: its header, where it comes from, the query."""
    lines = _words(query.description, query.tags, query.owners)
    if query.write != "overwrite":
        lines.append(f"write = {_text(query.write)}")
    if query.key_columns:
        lines.append(f"key = {_list(query.key_columns)}")
    if query.partition is not None:
        lines.append(f"partition = {_partition(query.partition)}")
    if query.min_rows:
        lines.append(f"min_rows = {query.min_rows}")
    lines += _columns(query.columns)
    lines += [f"rules.{_name(name)} = {_text(sql)}" for name, sql in query.rules.items()]
    header = "\n".join(lines).replace("*/", "* /")
    head = f"/*\n{header}\n*/\n" if lines else ""
    where = f"{query.place.file}:{query.place.line}" if query.place.line else query.place.file
    return f"{head}-- from {where}\n{query.text.strip()}\n"


def seed_text(seed: FoundSeed) -> str:
    """What is said of a seed beside it; empty where nothing is."""
    keys = [column.name for column in seed.columns if column.unique and column.not_null]
    lines = _words(seed.description, seed.tags, ())
    if len(keys) == 1:
        lines.append(f"key = {_list(keys)}")
    lines += _columns(seed.columns, key=keys if len(keys) == 1 else ())
    return "".join(f"{line}\n" for line in lines)


def _words(description: str, tags: Iterable[str], owners: Iterable[str]) -> list[str]:
    lines = [f"description = {_text(' '.join(description.split()))}"] if description.strip() else []
    lines += [f"tags = {_list(tags)}"] if tags else []
    return lines + ([f"owners = {_list(owners)}"] if owners else [])


def _columns(columns: Iterable[FoundColumn], *, key: Iterable[str] = ()) -> list[str]:
    lines: list[str] = []
    for column in columns:
        said = _said(column, is_key=column.name in set(key))
        if said:
            inner = ", ".join(f"{name} = {value}" for name, value in said.items())
            lines.append(f"columns.{_name(column.name)} = {{ {inner} }}")
    return lines


def _said(column: FoundColumn, *, is_key: bool) -> Mapping[str, str]:
    said: dict[str, str] = {}
    if column.writer is not None:
        said["writer"] = _text(column.writer)
    if column.doc.strip():
        said["doc"] = _text(" ".join(column.doc.split()))
    if column.type:
        said["type"] = _text(column.type)
    if column.tags:
        said["tags"] = _list(column.tags)
    if column.not_null and not is_key:
        said["not_null"] = "true"
    if column.unique and not is_key:
        said["unique"] = "true"
    if column.values:
        said["in"] = _list(column.values)
    said |= {name: _value(limit) for name, limit in column.bounds}
    if column.reference is not None:
        dataset, name = column.reference
        said["ref"] = _text(f"{dataset}.{name}")
    return said


def _partition(partition: FoundPartition) -> str:
    start, column = _text(partition.start), _text(partition.column)
    end = f", end = {_text(partition.end)}" if partition.end else ""
    return f"{{ daily = {start}{end}, column = {column} }}"


def _list(values: Iterable[Scalar]) -> str:
    return f"[{', '.join(map(_value, values))}]"


def _value(value: Scalar) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return _text(value)
        case datetime() | date():
            return value.isoformat()
        case Decimal() | int() | float():
            return str(value)


def _name(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")

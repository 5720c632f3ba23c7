"""The columns of JSON: an array of objects, or an object a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final, cast

from flowforge_assets.core.schema import DataType, Field, ListType, Plain, StructType
from flowforge_assets.project.infer_csv import DATE, DATETIME, INSTANT
from flowforge_assets.project.inferred import (
    Doubt,
    InferredColumn,
    InferredFile,
    Kind,
    doubt_of,
    type_of,
)

_INT64: Final = 1 << 63
_TIMES: Final[tuple[tuple[Kind, re.Pattern[str]], ...]] = (
    ("date", re.compile(DATE, re.ASCII)),
    ("datetime", re.compile(DATETIME, re.ASCII)),
    ("instant", re.compile(INSTANT, re.ASCII)),
)


class NotRowsError(ValueError):
    """The text is no JSON, or holds something else than objects; `line` says where, if known."""

    def __init__(self, said: str, line: int = 0) -> None:
        """What is wrong, and in which line."""
        super().__init__(said)
        self.line = line


@dataclass(slots=True, eq=False)
class _Seen:
    """The values of one place of the rows. `examples` has the first row of each kind."""

    count: int = 0
    nulls: int = 0
    examples: dict[Kind, int] = field(default_factory=dict[Kind, int])
    fields: dict[str, _Seen] = field(default_factory=dict[str, "_Seen"])
    items: _Seen | None = None
    distinct: set[int | str] | None = field(default_factory=set[int | str])

    def add(self, value: object, at: int) -> None:
        """Takes in one value of the row `at`."""
        self.count += 1
        if value is None:
            self.nulls += 1
            return
        self.examples.setdefault(_kind(value), at)
        if isinstance(value, dict):
            for name, inner in cast("dict[str, object]", value).items():
                self.fields.setdefault(name, _Seen(distinct=None)).add(inner, at)
        elif isinstance(value, list):
            self.items = self.items or _Seen(distinct=None)
            for item in cast("list[object]", value):
                self.items.add(item, at)
        elif self.distinct is not None:
            if type(value) in {int, str} and value not in self.distinct:
                self.distinct.add(cast("int | str", value))
            else:
                self.distinct = None


def infer_json(path: Path, *, is_lines: bool) -> tuple[InferredFile, list[Doubt]]:
    """The columns, and those whose type is in doubt. An array is held in memory, lines are not.

    Raises:
        NotRowsError: it is no JSON, or not made of objects.
        UnicodeDecodeError: it is not UTF-8.
    """
    rows = _Seen(distinct=None)
    for at, row in _lines(path) if is_lines else _items(path):
        rows.count += 1
        for name, value in row.items():
            rows.fields.setdefault(name, _Seen()).add(value, at)
    if not rows.count:
        raise NotRowsError("it holds no row")
    doubts: list[Doubt] = []
    columns: list[InferredColumn] = []
    for name, seen in rows.fields.items():
        reader = _Reader("line" if is_lines else "row")
        kind, remark = reader.type_of(seen, name)
        doubts += [replace(doubt, column=name) for doubt in reader.doubts[:1]]
        has_null = seen.nulls > 0 or seen.count < rows.count
        is_unique = bool(seen.distinct) and not has_null and rows.count > 1
        columns.append(InferredColumn(name, kind, has_null, is_unique, remark))
    return InferredFile(path, "ndjson" if is_lines else "json", tuple(columns), rows.count), doubts


def _lines(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise NotRowsError(f"line {number} is no JSON", number) from error
            if not isinstance(row, dict):
                raise NotRowsError(f"line {number} holds no object", number)
            yield number, cast("dict[str, object]", row)


def _items(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    try:
        rows: object = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise NotRowsError("it is no JSON", error.lineno) from error
    if not isinstance(rows, list):
        raise NotRowsError("it is no list of objects")
    for number, row in enumerate(cast("list[object]", rows), start=1):
        if not isinstance(row, dict):
            raise NotRowsError(f"row {number} of its list is no object")
        yield number, cast("dict[str, object]", row)


@dataclass(slots=True, eq=False)
class _Reader:
    """Works out types; `doubts` are those met so far. Rows are named by `unit`."""

    unit: str
    doubts: list[Doubt] = field(default_factory=list[Doubt])

    def type_of(self, seen: _Seen, name: str) -> tuple[DataType, str]:
        """The type of what was seen at `name`, with a remark; a string where it is in doubt."""
        kinds = set(seen.examples)
        if kinds == {"object"} and seen.fields:
            fields = [
                Field(
                    inner,
                    self.type_of(values, f"{name}.{inner}")[0],
                    nullable=values.nulls > 0 or values.count < seen.count - seen.nulls,
                )
                for inner, values in seen.fields.items()
            ]
            return StructType(tuple(fields)), ""
        if kinds == {"list"} and seen.items is not None and seen.items.count:
            item = self.type_of(seen.items, f"{name}[]")[0]
            return ListType(item, nullable_items=seen.items.nulls > 0), ""
        if kinds <= {"text", "date", "datetime", "instant"} and len(kinds) > 1:
            kinds = set[Kind](["text"])
        known = type_of(kinds)
        if known is None:
            self.doubts.append(doubt_of(name, seen.examples, unit=self.unit))
            return Plain("string"), ""
        return known


def _kind(value: object) -> Kind:
    match value:
        case bool():
            return "bool"
        case int():
            return "int" if -_INT64 <= value < _INT64 else "long"
        case float():
            return "float"
        case str():
            return _kind_of_text(value)
        case list():
            return "list"
        case _:
            return "object"


def _kind_of_text(value: str) -> Kind:
    for kind, form in _TIMES:
        if form.match(value):
            try:
                datetime.fromisoformat(value)
            except ValueError:
                return "text"
            return kind
    return "text"

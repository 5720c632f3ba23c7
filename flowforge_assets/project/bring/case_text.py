"""A unit test as a `.test.toml` file has it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from flowforge_assets.core.key import DatasetKey

Row = Mapping[str, object]


def case_text(
    name: str, given: Iterable[tuple[DatasetKey, Iterable[Row]]], expect: Iterable[Row]
) -> str:
    """One `[[test]]`: the rows that the query is given, and those that it should give."""
    lines = ["[[test]]", f"name = {_value(name)}"]
    lines += [f"given.{json.dumps(key)} = {_rows(rows)}" for key, rows in given]
    lines.append(f"expect = {_rows(expect)}")
    return "\n".join(lines) + "\n"


def _rows(rows: Iterable[Row]) -> str:
    shown = [
        ", ".join(
            f"{json.dumps(name, ensure_ascii=False)} = {_value(value)}"
            for name, value in row.items()
            if value is not None and not name.startswith("__")
        )
        for row in rows
    ]
    return "[" + ", ".join(f"{{ {row} }}" for row in shown) + "]"


def _value(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case _:
            return json.dumps(str(value), ensure_ascii=False)

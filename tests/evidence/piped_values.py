"""Rows as lines of JSON between a test and an engine in a process of its own.

Numbers, texts and truths are JSON's own; `{"decimal": "1.20"}`, `{"date": ...}` and
`{"timestamp": ...}` keep what JSON has no word for. Runs in the engines' environments too, so it
needs the standard library alone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

Value = None | bool | int | float | str | Decimal | date | datetime
Row = tuple[Value, ...]


def packed(value: object) -> object:
    """A value as JSON can hold it."""
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, datetime):
        return {"timestamp": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return {"other": repr(value)}


def unpacked(value: Any) -> Value:  # what JSON gives
    """The value that `packed` was given."""
    if not isinstance(value, dict):
        known: Value = value
        return known
    ((name, text),) = value.items()
    match name:
        case "decimal":
            return Decimal(text)
        case "timestamp":
            return datetime.fromisoformat(text)
        case "date":
            return date.fromisoformat(text)
        case _:
            return str(text)


def answer_forever(acts: dict[str, Callable[..., object]]) -> None:
    """Does what each line of standard input asks for; answers on standard output, in order.

    A line is `{"do": name, ...arguments}`, an answer `{"done": ...}` or `{"failed": "why"}`.
    """
    out = sys.stdout
    sys.stdout = sys.stderr  # what libraries print is no answer
    for line in sys.stdin:
        asked = json.loads(line)
        name = asked.pop("do")
        try:
            answer: dict[str, object] = {"done": acts[name](**asked)}
        except Exception as error:  # noqa: BLE001 - whatever an engine raises is its answer
            answer = {"failed": f"{type(error).__name__}: {error}"}
        out.write(json.dumps(answer) + "\n")
        out.flush()

"""Rows of a CSV file of another tool in the form that a seed has here."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlainRows:
    """The content, its columns, and what was changed in it, in words."""

    content: str
    names: tuple[str, ...]
    changes: tuple[str, ...] = ()


def plain_rows(content: str, *, delimiter: str = ",", nulls: Collection[str] = ()) -> PlainRows:
    """`content` with commas between values and nothing for the words `nulls`, in lower case."""
    rows = list(csv.reader(io.StringIO(content, newline=""), delimiter=delimiter))
    names = tuple(rows[0]) if rows else ()
    found = sorted({value for row in rows[1:] for value in row if value.lower() in nulls})
    changes = [f"`{word}` is nothing there now" for word in found]
    changes += ["commas stand between its values now"] if delimiter != "," else []
    if changes:
        kept = [["" if value.lower() in nulls else value for value in row] for row in rows[1:]]
        written = io.StringIO(newline="")
        csv.writer(written, lineterminator="\n").writerows([names, *kept])
        content = written.getvalue()
    return PlainRows(content, names, tuple(changes))

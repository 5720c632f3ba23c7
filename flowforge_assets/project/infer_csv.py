"""The columns of a CSV file, each value looked at as the text that it is."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flowforge_assets.core.schema import Plain
from flowforge_assets.project.inferred import (
    Doubt,
    InferredColumn,
    InferredFile,
    Kind,
    doubt_of,
    type_of,
)

if TYPE_CHECKING:
    import polars as pl

SEPARATORS: Final = (",", ";", "\t", "|")
DATE: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_CLOCK: Final = r"[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
DATETIME: Final = rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:{_CLOCK}|[T ][0-9]{{2}}:[0-9]{{2}})$"
INSTANT: Final = rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}{_CLOCK}(?:Z|[+-][0-9]{{2}}:?[0-9]{{2}})$"
_FORMS: Final[tuple[tuple[Kind, str], ...]] = (
    ("int", r"^[+-]?(?:0|[1-9][0-9]{0,17})$"),
    ("code", r"^0[0-9]+$"),
    ("long", r"^[+-]?[1-9][0-9]{18,}$"),
    ("float", r"^[+-]?(?:(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:[eE][+-]?[0-9]+)?|nan|NaN|inf)$"),
    ("date", DATE),
    ("datetime", DATETIME),
    ("instant", INSTANT),
    ("bool", r"^(?:true|false|True|False|TRUE|FALSE)$"),
    ("dotted", r"^[0-9]{1,2}\.[0-9]{1,2}\.(?:[0-9]{2}|[0-9]{4})$"),
    ("slashed", r"^[0-9]{1,2}/[0-9]{1,2}/(?:[0-9]{2}|[0-9]{4})$"),
    ("dashed", r"^[0-9]{1,2}-[0-9]{1,2}-(?:[0-9]{2}|[0-9]{4})$"),
    ("year first", r"^[0-9]{4}[/.][0-9]{1,2}[/.][0-9]{1,2}$"),
)
"""What tells a value's kind, the first that fits."""
_ISO: Final = frozenset[Kind](["date", "datetime", "instant"])  # their day must exist, too


def infer_csv(path: Path) -> tuple[InferredFile, list[Doubt]]:
    """The file's columns, and those whose type is in doubt. Holds the whole file in memory.

    Raises:
        polars.exceptions.PolarsError: it is no CSV file.
    """
    # polars takes 100 ms to import and no other command needs it here
    import polars as pl

    separator = _separator(path)
    frame = pl.read_csv(path, separator=separator, infer_schema=False)
    columns: list[InferredColumn] = []
    found: dict[str, dict[Kind, int]] = {}
    for series in frame:
        kinds = _kinds(series)
        has_null = bool(series.null_count()) or ("" in series and "text" not in kinds)
        known = type_of(kinds)
        if known is None:
            found[series.name] = kinds
        kind, remark = known or (Plain("string"), "")
        is_unique = (
            kind.name in {"int64", "string"}
            and not has_null
            and series.len() > 1
            and series.n_unique() == series.len()
        )
        columns.append(InferredColumn(series.name, kind, has_null, is_unique, remark))
    doubts = _with_lines(path, separator, found)
    return InferredFile(path, "csv", tuple(columns), frame.height, separator), doubts


def _separator(path: Path) -> str:
    """The separator that the header line has most of."""
    with path.open(encoding="utf-8-sig") as file:
        header = file.readline()
    return max(SEPARATORS, key=header.count)


def _kinds(series: pl.Series) -> dict[Kind, int]:
    """The kinds of the values, each with the first row (from 0) that has it; empty ones aside."""
    # polars takes 100 ms to import and no other command needs it here
    import polars as pl

    text = pl.col("text")
    day = text.str.slice(0, 10).str.to_date(strict=False)
    left = (
        pl.DataFrame({"text": series})
        .with_row_index("row")
        .filter(text.is_not_null() & (text != ""))
    )
    found: dict[Kind, int] = {}
    for kind, form in _FORMS:
        is_so = text.str.contains(form)
        marked = left.with_columns(is_so=is_so & day.is_not_null() if kind in _ISO else is_so)
        fitting = marked.filter("is_so")
        if fitting.height:
            found[kind] = fitting.item(0, "row")
            left = marked.filter(~pl.col("is_so")).drop("is_so")
        if not left.height:
            return found
    found["text"] = left.item(0, "row")
    return found


def _with_lines(path: Path, separator: str, found: Mapping[str, Mapping[Kind, int]]) -> list[Doubt]:
    """The doubts about columns, rows as lines: a value may hold line breaks, so they are read."""
    line_of = _lines(path, separator, {row for kinds in found.values() for row in kinds.values()})
    return [
        doubt_of(name, {kind: line_of[row] for kind, row in kinds.items()}, unit="line")
        for name, kinds in found.items()
    ]


def _lines(path: Path, separator: str, rows: Iterable[int]) -> dict[int, int]:
    """The line in which each of the rows begins, from 1; the header is the first."""
    wanted = set(rows)
    lines: dict[int, int] = {}
    if not wanted:
        return lines
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=separator)
        while not next(reader):  # lines without anything before the header count for nothing
            pass
        start = reader.line_num + 1
        for row, _ in enumerate(reader):
            if row in wanted:
                lines[row] = start
            if len(lines) == len(wanted):
                break
            start = reader.line_num + 1
    return lines

"""Small projects of one query each, to be written by FlowForge and by scripts of a warehouse."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

NOON: Final = datetime(2026, 1, 10, 12, tzinfo=UTC)
COLUMNS: Final = {
    "id": "BIGINT", "city": "VARCHAR", "day": "DATE", "n": "INTEGER",
    "price": "DECIMAL(10, 2)", "gone": "BOOLEAN",
}  # fmt: skip
Row = tuple[object, ...]
FIRST: Final[Sequence[Row]] = (
    (1, "Bern", "2026-01-01", 5, "1.50", False),
    (2, "bern", "2026-01-01", None, "2.50", False),
    (3, "Bern ", "2026-01-02", 7, None, False),
    (4, "O'Hare", "2026-01-02", 0, "-0.01", False),
)
SECOND: Final[Sequence[Row]] = (
    (1, "Bern", "2026-01-01", 6, "1.50", False),
    (3, "Bern ", "2026-01-02", 7, None, False),
    (4, "O'Hare", "2026-01-02", 1, "-0.01", True),
    (5, 'a "b" \\ c', "2026-01-03", 9, "99999999.99", False),
)
THIRD: Final[Sequence[Row]] = (
    (1, "Bern", "2026-01-01", 4, "8.00", False),
    (2, "bern", "2026-01-01", None, "2.50", False),
    (5, None, "2026-01-03", None, None, False),
)


@dataclass(frozen=True)
class Case:
    """A query with its header, and the rows of `bronze.feed` that it reads in turn."""

    name: str
    header: str
    query: str
    rounds: tuple[Sequence[Row], ...] = (FIRST, SECOND, THIRD)
    partitions: str | None = None


_ALL: Final = "SELECT id, city, day, n, price FROM bronze.feed"
_KEYED: Final = 'key = ["id"]\n'
_STATES: Final = (
    'columns.since = { writer = "valid_from" }\ncolumns.until = { writer = "valid_to" }\n'
    'columns.is_last = { writer = "current" }\n'
)

CASES: Final = (
    Case("overwrite", _KEYED + "columns.n = { ge = 0, le = 9, doc = 'how many' }\n", _ALL),
    Case(
        "overwrite_of_a_day",
        'partition = { daily = "2026-01-01", end = "2026-01-03", column = "day" }\n' + _KEYED,
        f"{_ALL} WHERE day = $day",
        rounds=(FIRST, SECOND),
        partitions="2026-01-02",
    ),
    Case("append", 'write = "append"\n', _ALL),
    Case("merge", 'write = "merge"\n' + _KEYED, _ALL),
    Case("merge_by_text", 'write = "merge"\nkey = ["city", "day"]\n',
         f"{_ALL} WHERE city IS NOT NULL"),
    Case(
        "merge_of_the_latest",
        'write = "merge"\nlatest = "n"\ndeletes = "gone"\n' + _KEYED,
        "SELECT id, city, n, gone FROM bronze.feed",
    ),
    Case("insert", 'write = "insert"\n' + _KEYED, _ALL),
    Case("scd2", 'write = "scd2"\n' + _KEYED + _STATES, _ALL),
    Case("snapshot", 'write = "snapshot"\n' + _KEYED + _STATES.split("\n")[0] + "\n", _ALL),
    Case("view", 'write = "view"\n', "SELECT city, sum(n) AS n FROM bronze.feed GROUP BY city"),
)  # fmt: skip


def write_project(folder: Path, case: Case) -> None:
    """The project of the case, without rows."""
    (folder / "assets/bronze").mkdir(parents=True)
    (folder / "assets/gold").mkdir()
    (folder / "flowforge.toml").write_text('[project]\nname = "scripts"\n', encoding="utf-8")
    types = "".join(f'columns.{name} = {{ type = "{t}" }}\n' for name, t in COLUMNS.items())
    (folder / "assets/bronze/feed.toml").write_text(types, encoding="utf-8")
    header = f"/*\n{case.header}*/\n"
    (folder / "assets/gold/made.sql").write_text(header + case.query, encoding="utf-8")


def write_feed(folder: Path, rows: Iterable[Row]) -> None:
    """The rows of `bronze.feed`, as a seed."""
    with (folder / "assets/bronze/feed.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(
            ["" if v is None else str(v).lower() if isinstance(v, bool) else v for v in row]
            for row in rows
        )


def moment(number: int) -> datetime:
    """When the round of that number runs."""
    return NOON + timedelta(days=number)

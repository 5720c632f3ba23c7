"""A table of the values on which engines differ, and a second one to join it with."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Final

from evidence_engines import TableRows
from flowforge_assets.quality.hostile_values import (
    BIGS,
    CENTS,
    DAYS,
    DOUBLES,
    INTEGERS,
    MOMENTS,
    TEXTS,
)
from piped_values import Row, Value

_COLUMNS: Final = {
    "id": "INTEGER",
    "i": "INTEGER",
    "b": "BIGINT",
    "x": "DOUBLE",
    "p": "DECIMAL(10,2)",
    "w": "DECIMAL(38,9)",
    "s": "VARCHAR",
    "u": "VARCHAR",
    "d": "DATE",
    "ts": "TIMESTAMP",
    "f": "BOOLEAN",
    "g": "VARCHAR",
}
_INTEGERS: Final = (*INTEGERS[:8], None, *INTEGERS[8:])
_BIGS: Final = (*BIGS[:6], None, *BIGS[6:])
_DOUBLES: Final = (*DOUBLES[:10], None, *DOUBLES[10:])
_CENTS: Final = (*CENTS[:10], None, *CENTS[10:])
_WIDES: Final = (
    *("0", "1", "-1", "0.000000001", "-0.000000001", "12345678901234567890.123456789"),
    *(None, "99999999999999999999999999999.999999999", "2.5", "-2.5", "3.999999999"),
    *("1000000", "0.5", "-7.125"),
)
_TEXTS: Final = (*TEXTS[:12], None, *TEXTS[12:])
_OTHER_TEXTS: Final = (
    *("a", "a", "A", "b", "a", "a,b,,c", "bc", None, "q", "\\", "%", "b", "x", "ö"),
)
_DATES: Final = (*DAYS[:8], None, *DAYS[8:])
_MOMENTS: Final = (*MOMENTS[:6], None, *MOMENTS[6:])
_TRUTHS: Final = (True, False, None, True, False, True, None, False, True, True, None, False, True)
_GROUPS: Final = ("x", "x", "X", "y", "y", None, None, "x ", "z", "z", "x", "x", "y", "ü")


def _rows() -> list[Row]:
    rows: list[Row] = []
    for number in range(14):
        cents, wide, day, moment = (column[number] for column in (_CENTS, _WIDES, _DATES, _MOMENTS))
        values: list[Value] = [number + 1, _INTEGERS[number], _BIGS[number], _DOUBLES[number]]
        values += [Decimal(cents) if cents is not None else None]
        values += [Decimal(wide) if wide is not None else None]
        values += [_TEXTS[number], _OTHER_TEXTS[number]]
        values += [date.fromisoformat(day) if day else None]
        values += [datetime.fromisoformat(moment) if moment else None]
        values += [_TRUTHS[number % len(_TRUTHS)], _GROUPS[number]]
        rows.append(tuple(values))
    repeated = (15, *rows[1][1:])  # but for its number the same as the second
    nothing: Row = (16, *[None] * 11)  # what a left join may leave
    return [*rows, repeated, nothing]


HOSTILE: Final = {
    "h": TableRows(_COLUMNS, _rows()),
    "k": TableRows(
        {"id": "INTEGER", "g": "VARCHAR", "d": "DATE", "n": "BIGINT"},
        [
            (1, "x", date(2024, 2, 29), 1),
            (1, "x", date(2024, 2, 29), 1),
            (2, "X", None, 2**53 + 1),
            (3, "x ", date(2023, 12, 31), None),
            (4, None, date(2021, 1, 3), -1),
            (None, "y", date(2024, 1, 1), 0),
            (99, "nowhere", date(1970, 1, 1), 7),
        ],
    ),
    "none": TableRows({"id": "INTEGER", "s": "VARCHAR", "p": "DECIMAL(10,2)"}, []),
}
HOSTILE_SCHEMA: Final = {name: dict(table.columns) for name, table in HOSTILE.items()}

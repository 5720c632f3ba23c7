"""A table of the values on which engines differ, and a second one to join it with."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Final

from evidence_engines import TableRows
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
_INTEGERS: Final = (0, 1, -1, 2, 7, -7, 2147483647, -2147483648, None, 10, 15, -15, 25, 100)
_BIGS: Final = (0, -3, 3, 2**53 + 1, -(2**53) - 1, 2**40, None, 5, -5, 12, 86400, -1, 1, 9)
_DOUBLES: Final = (
    *(0.0, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 1e-7, 1e15, -0.05),
    *(None, 2.675, 1234567.891, -99.999),
)
_CENTS: Final = (
    *("0.00", "0.01", "-0.01", "0.05", "0.15", "-0.25", "2.50", "-2.50", "99999999.99"),
    *("-99999999.99", None, "10.25", "1.005"[:4], "0.50"),
)
_WIDES: Final = (
    *("0", "1", "-1", "0.000000001", "-0.000000001", "12345678901234567890.123456789"),
    *(None, "99999999999999999999999999999.999999999", "2.5", "-2.5", "3.999999999"),
    *("1000000", "0.5", "-7.125"),
)
_TEXTS: Final = (
    *("", " ", "a", "A", "a ", " a", "abcabc", "ABC", 'it\'s "q"', "back\\slash", "100%_x"),
    *("<b>&amp;</b>", None, "äöÜ"),
)
_OTHER_TEXTS: Final = (
    *("a", "a", "A", "b", "a", "a,b,,c", "bc", None, "q", "\\", "%", "b", "x", "ö"),
)
_DATES: Final = (
    *("2024-02-29", "2023-12-31", "2024-01-01", "2024-12-30", "2021-01-03", "2021-01-04"),
    *("1999-12-31", "1970-01-01", None, "2024-03-31", "2024-10-27", "1900-03-01", "2100-02-28"),
    *("2020-01-31",),
)
_MOMENTS: Final = (
    *("2024-02-29T23:59:59.999999", "2023-12-31T00:00:00", "2024-01-01T00:00:00"),
    *("2024-12-30T12:30:45", "2021-01-03T06:07:08.5", "2021-01-04T00:00:00.000001"),
    *(None, "1969-12-31T23:59:59", "2024-03-31T01:30:00", "2024-03-31T00:59:59"),
    *("2024-10-27T00:30:00", "2024-10-27T01:30:00", "1900-03-01T10:00:00", "2024-01-31T10:07:30"),
)
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

"""A small shop with the values on which engines differ, and the queries of idioms/*.sql over it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from evidence_engines import TableRows, duckdb_reference

_FOLDER: Final = Path(__file__).parent / "idioms"
_NAME: Final = re.compile(r"^-- (\w+)\n", re.MULTILINE)

IDIOM_SCHEMA: Final = {
    "orders": {
        "order_id": "INTEGER",
        "customer_id": "INTEGER",
        "ordered_at": "TIMESTAMP",
        "day": "DATE",
        "status": "VARCHAR",
        "amount": "DECIMAL(12,2)",
        "discount": "DOUBLE",
        "qty": "INTEGER",
        "coupon": "VARCHAR",
        "paid": "BOOLEAN",
    },
    "customers": {
        "customer_id": "INTEGER",
        "name": "VARCHAR",
        "email": "VARCHAR",
        "city": "VARCHAR",
        "born": "DATE",
        "signed_up": "TIMESTAMP",
        "referrer_id": "INTEGER",
        "vip": "BOOLEAN",
        "credit": "DECIMAL(9,3)",
        "note": "VARCHAR",
    },
    "events": {
        "event_id": "BIGINT",
        "customer_id": "INTEGER",
        "seen_at": "TIMESTAMP",
        "kind": "VARCHAR",
        "page": "VARCHAR",
        "value": "DOUBLE",
    },
    "prices": {
        "sku": "VARCHAR",
        "valid_from": "DATE",
        "valid_to": "DATE",
        "price": "DECIMAL(10,4)",
    },
    "stock": {"sku": "VARCHAR", "place": "VARCHAR", "day": "DATE", "moved": "INTEGER"},
}
_ROWS: Final = {
    "orders": """
        (1, 1, '2024-02-29 23:59:59.999999', '2024-02-29', 'paid', 10.00, 0.1, 1, 'A1', true),
        (2, 1, '2024-03-01 00:00:00', '2024-03-01', 'PAID', 10.00, 0.0, 2, NULL, false),
        (3, 1, '2024-03-02 08:30:00', '2024-03-02', 'open', 0.01, NULL, 0, '', NULL),
        (4, 2, '2023-12-31 12:00:00', '2023-12-31', 'open ', -15.55, 0.5, -7, 'a1', true),
        (5, 2, '2024-01-01 00:00:00', '2024-01-01', NULL, 99999999.99, 2.5, 7, 'A1', true),
        (6, 2, NULL, NULL, 'paid', NULL, 1e-7, NULL, 'A''1', NULL),
        (7, 3, '2024-12-30 06:00:00', '2024-12-30', 'paid', 0.15, -0.5, 15, NULL, false),
        (8, 3, '2021-01-03 18:45:00', '2021-01-03', 'open', 2.50, 1.5, 3, 'B%', true),
        (9, 3, '2021-01-04 00:00:00', '2021-01-04', 'open', 2.50, 0.05, 3, 'b\', true),
        (10, NULL, '2024-03-31 01:30:00', '2024-03-31', 'lost', 75.25, 0.3, 10, 'A1', false),
        (11, 9, '2020-02-29 09:00:00', '2020-02-29', '', 125.00, 0.25, 2147483647, '_', true),
        (12, 4, '2024-02-29 10:00:00', '2024-02-29', 'paid', 50.00, 1e15, -1, 'A1', true),
        (13, 4, '2023-03-01 10:00:00', '2023-03-01', 'Paid', 49.99, -2.5, 4, 'x', NULL),
        (14, 1, '2025-02-28 10:00:00', '2025-02-28', 'open', 0.05, 0.125, 8, NULL, true)""",
    "customers": """
        (1, 'Ada Brown', 'ada@Example.com', 'Bern', '1980-02-29', '2023-12-31 23:59:59',
         NULL, true, 10.125, '2024-02-29'),
        (2, 'alan  turing ', 'ADA@example.com', 'bern', '1999-12-31', '2024-01-01 00:00:00',
         1, false, -0.005, '31/12/2023'),
        (3, 'O''Neil "Jo"', 'jo_neil@mail.example.org', 'Bern ', '1900-03-01', NULL,
         1, NULL, NULL, '00420'),
        (4, '  Ñandú Äöü', '@', NULL, '2024-02-29', '2024-03-31 01:30:00',
         2, true, 999999.999, 'k=v=w'),
        (5, '', '', '', NULL, '1969-12-31 23:59:59', 4, false, 0.000, ' '),
        (6, NULL, NULL, 'Zug', '2000-01-01', '2024-10-27 01:30:00', NULL, NULL, 1.500, NULL),
        (7, 'Zoë 100%_\', 'z@b@c.example', 'Zug', '2023-02-28', '2020-02-29 12:00:00',
         99, false, 0.001, ''),
        (8, 'ada brown', 'x.y+z@Example.COM', 'Bern', '1980-03-01', '2024-02-29 00:00:00',
         3, true, -7.250, 'a,b,,c')""",
    "events": """
        (9007199254740993, 1, '2024-02-29 23:50:00', 'view', 'home', 0.5),
        (2, 1, '2024-03-01 00:20:00', 'cart', 'shoes', NULL),
        (3, 1, '2024-03-01 00:50:00.000001', 'buy', 'shoes', 49.99),
        (4, 2, '2024-03-31 00:59:59', 'view', 'home', -1.5),
        (5, 2, '2024-03-31 01:30:00', 'view', 'Home', 0.0),
        (6, 3, '1969-12-31 23:59:59', 'cart', NULL, 1e15),
        (7, 3, NULL, 'buy', 'hat', 2.5),
        (8, NULL, '2024-10-27 00:30:00', 'view', 'hat', NULL),
        (9, 4, '2024-10-27 01:30:00', NULL, 'home', 1e-7),
        (10, 4, '2024-02-29 06:07:08.25', 'view', '', 3.5),
        (11, 1, '2024-02-29 12:00:00', 'view', 'hat', 1.0)""",
    "prices": """
        ('a', '2023-12-31', '2024-02-29', 1.2345),
        ('a', '2024-02-29', NULL, 2.0000),
        ('A', '2024-01-01', '2024-01-02', 0.0001),
        ('b ', '1999-12-31', '2024-12-31', 999999.9999),
        ('b', '2024-01-31', NULL, -1.5000),
        (NULL, '2024-01-01', NULL, 5.0000),
        ('c', NULL, NULL, NULL)""",
    "stock": """
        ('a', 'A', '2024-02-28', 5),
        ('a', 'A', '2024-02-29', -7),
        ('a', 'A', '2024-02-29', -7),
        ('a', 'B', '2024-03-01', 12),
        ('b', 'B', '2024-01-01', NULL),
        ('b', 'A', NULL, 4),
        ('B', 'B', '2024-02-01', 0),
        (NULL, 'A', '2024-02-01', 1),
        ('d', NULL, '2023-12-30', 2147483647)""",
}


def _read() -> dict[str, TableRows]:
    tables: dict[str, TableRows] = {}
    with duckdb_reference() as engine:
        for name, columns in IDIOM_SCHEMA.items():
            engine.enter({name: TableRows(columns, [])})
            engine.connection.execute(f"INSERT INTO {name} VALUES {_ROWS[name]}")
            tables[name] = TableRows(columns, engine.run(f"FROM {name}").rows)
    return tables


IDIOM_TABLES: Final = _read()


def idioms() -> Iterator[tuple[str, str]]:
    """The queries with their names, as `windows.latest_row_of_each`."""
    for path in sorted(_FOLDER.glob("*.sql")):
        _, *found = _NAME.split(path.read_text(encoding="utf-8"))
        for name, text in zip(found[::2], found[1::2], strict=True):
            yield f"{path.stem}.{name}", text.strip().removesuffix(";")

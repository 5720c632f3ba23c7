from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from flowforge_assets.core.schema import (
    DataType,
    DecimalType,
    Field,
    ListType,
    Plain,
    PlainName,
    StructType,
)
from flowforge_assets.sql.given_values import stored_value

MONEY = DecimalType(5, 2)
PLACE = StructType((Field("city", Plain("string")), Field("at", Plain("date"), nullable=True)))
DAYS = ListType(Plain("date"), nullable_items=True)
BERN = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("name", "given", "stored"),
    [
        ("bool", "TRUE", True),
        ("bool", False, False),
        ("int8", "-128", -128),
        ("int64", 5, 5),
        ("float64", 5, 5.0),
        ("float64", "1.5e3", 1500.0),
        ("float32", ".5", 0.5),
        ("string", "5", "5"),
        ("json", '{"a": 1}', '{"a": 1}'),
        ("json", {"a": 1}, '{"a": 1}'),
        ("binary", "ab", b"ab"),
        ("date", "2026-01-31", date(2026, 1, 31)),
        ("date", date(2026, 1, 31), date(2026, 1, 31)),
        ("timestamp", "2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("timestamp", "2026-01-31T12:00:00+02:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        (
            "timestamp",
            datetime(2026, 1, 31, 12, tzinfo=BERN),
            datetime(2026, 1, 31, 10, tzinfo=UTC),
        ),
        ("timestamp_ntz", "2026-01-31 12:00:00", datetime(2026, 1, 31, 12)),  # noqa: DTZ001
        ("timestamp_ntz", date(2026, 1, 31), datetime(2026, 1, 31)),  # noqa: DTZ001
        ("int64", None, None),
    ],
)
def test_a_value_is_as_its_column_stores_it(name: PlainName, given: object, stored: object) -> None:
    found = stored_value(given, Plain(name))
    assert (found, type(found)) == (stored, type(stored))


@pytest.mark.parametrize(
    ("data_type", "given", "form"),
    [
        (Plain("bool"), 1, "`true` or `false`"),
        (Plain("bool"), "yes", "`true` or `false`"),
        (Plain("int8"), 128, "a whole number of 8 bits"),
        (Plain("int64"), "1.0", "a whole number of 64 bits"),
        (Plain("int64"), True, "a whole number of 64 bits"),
        (Plain("float64"), "a", "a number"),
        (Plain("float64"), False, "a number"),
        (Plain("string"), 5, "text"),
        (Plain("binary"), 5, "text"),
        (Plain("json"), "{", "JSON"),
        (Plain("date"), "31.1.2026", "a day as `2026-01-31`"),
        (Plain("date"), datetime(2026, 1, 31, tzinfo=UTC), "a day as `2026-01-31`"),
        (Plain("timestamp"), "noon", "a time as `2026-01-31T12:00:00Z`"),
        (Plain("timestamp"), 5, "a time as `2026-01-31T12:00:00Z`"),
        (Plain("timestamp_ntz"), "2026-01-31T12:00:00Z", "a time without a zone"),
        (MONEY, "1.005", "a number of 5 digits, at most 2 after the point"),
        (MONEY, 1000, "a number of 5 digits"),
        (MONEY, "inf", "a number of 5 digits"),
        (MONEY, "x", "a number of 5 digits"),
        (MONEY, True, "a number of 5 digits"),
        (DAYS, "2026-01-31", "a list in TOML"),
        (DAYS, ["x"], "a day as `2026-01-31`"),
        (PLACE, {"town": "Bern"}, "a table of `city`, `at` in TOML"),
        (PLACE, "Bern", "a table of `city`, `at` in TOML"),
    ],
)
def test_a_value_that_does_not_fit_is_told_its_form(
    data_type: DataType, given: object, form: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(form)}"):
        stored_value(given, data_type)


@pytest.mark.parametrize("given", ["999.99", "1.50", 0, 12, 0.1, "-0.00"])
def test_a_decimal_is_exact(given: object) -> None:
    assert stored_value(given, MONEY) == Decimal(str(given))


def test_what_is_inside_a_value_is_stored_too() -> None:
    assert stored_value(["2026-01-31"], DAYS) == [date(2026, 1, 31)]
    assert stored_value({"city": "Bern"}, PLACE) == {"city": "Bern", "at": None}

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Literal

import polars as pl
import pytest

from flowforge_assets import (
    Bronze,
    Col,
    Daily,
    Gold,
    Hourly,
    Int8,
    Json,
    Monthly,
    Shape,
    Silver,
    Static,
    col,
    key,
)
from flowforge_assets.declare.describe import describe
from flowforge_assets.errors.testing import (
    GivenRowsError,
    NoPlainValueError,
    UnknownRowColumnError,
)
from flowforge_assets.testing import rows


class Size(Enum):
    SMALL = "s"
    LARGE = "l"


class Address(Shape):
    city: Col[str] = col()
    zip: Col[str | None] = col()


class Orders(Silver):
    order_id: Col[int] = key()
    country: Col[str] = col(min_length=2)
    note: Col[str | None] = col()
    price: Col[float] = col(gt=0, le=1)
    size: Col[Size] = col()
    state: Col[Literal["open", "paid"]] = col()
    amount: Col[Decimal] = col(precision=10, scale=2, ge=5)
    placed: Col[datetime] = col()
    seen: Col[datetime] = col(tz=None)
    day: Col[date] = col()
    tags: Col[list[str]] = col(min_length=1)
    address: Col[Address] = col()
    details: Col[Json] = col()
    payload: Col[bytes] = col()
    is_paid: Col[bool] = col()
    left: Col[str] = col(optional=True)


def only(data: dict[str, object]) -> dict[str, object]:
    return rows(Orders, [data]).collect().row(0, named=True)


def test_rows_have_exactly_the_columns_of_their_dataset() -> None:
    found = rows(Orders, [{}, {}]).collect()
    assert found.columns == list(describe(Orders).schema.names)
    assert found.schema["amount"] == pl.Decimal(10, 2)
    assert found.schema["placed"] == pl.Datetime("us", "UTC")
    assert found.height == 2


def test_no_data_is_a_frame_without_rows() -> None:
    assert rows(Orders).collect().is_empty()
    assert rows(Orders).collect_schema() == rows(Orders, [{}]).collect_schema()


def test_what_is_left_out_is_plain_and_keeps_the_rules() -> None:
    assert only({}) == {
        "order_id": 1,
        "country": "aa",
        "note": None,
        "price": 0.5,
        "size": "s",
        "state": "open",
        "amount": Decimal(5),
        "placed": datetime(1970, 1, 1, tzinfo=UTC),
        "seen": datetime(1970, 1, 1),  # noqa: DTZ001 - a wall-clock reading
        "day": date(1970, 1, 1),
        "tags": [""],
        "address": {"city": "", "zip": None},
        "details": "{}",
        "payload": b"",
        "is_paid": False,
        "left": None,
    }


def test_keys_count_up_around_those_that_are_said() -> None:
    assert rows(Orders, [{}, {"order_id": 2}, {}]).collect()["order_id"].to_list() == [1, 2, 3]


def test_values_may_be_said_more_simply_than_they_are_stored() -> None:
    said = only(
        {
            "amount": 7,
            "placed": "2026-01-01T12:30",
            "day": "2026-01-02",
            "size": Size.LARGE,
            "address": {"city": "Bern"},
            "price": 1,
        }
    )
    assert said["amount"] == Decimal(7)
    assert said["placed"] == datetime(2026, 1, 1, 12, 30, tzinfo=UTC)
    assert said["day"] == date(2026, 1, 2)
    assert said["size"] == "l"
    assert said["address"] == {"city": "Bern", "zip": None}
    assert said["price"] == 1.0


def test_rules_are_not_looked_at_in_what_is_said() -> None:
    assert only({"price": -3.0})["price"] == -3.0


def test_rows_of_the_class_will_do() -> None:
    class Names(Bronze):
        name: Col[str] = col()

    assert rows(Names, [Names(name="a")]).collect().rows() == [("a",)]


class Sensors(Bronze):
    sensor: Col[str] = key()
    at: Col[datetime] = key()
    level: Col[Int8] = col(unique=True, ge=3)
    raw: Col[str] = col(name="Raw Text")


def test_of_a_key_of_several_columns_one_counts() -> None:
    found = rows(Sensors, [{"sensor": "a"}, {"sensor": "a"}]).collect()
    assert found["at"].n_unique() == 2
    found = rows(Sensors, [{"at": "2026-01-01"}, {"at": "2026-01-01"}]).collect()
    assert found["sensor"].to_list() == ["1", "2"]


def test_unique_columns_count_within_their_bounds() -> None:
    levels = rows(Sensors, [{}, {}, {}]).collect()["level"]
    assert levels.n_unique() == 3
    assert (levels >= 3).all()


@pytest.mark.parametrize("name", ["raw", "Raw Text"])
def test_a_column_goes_by_either_of_its_names(name: str) -> None:
    assert rows(Sensors, [{name: "x"}]).collect()["Raw Text"].item() == "x"


DAY = Daily("2026-01-01")


class Visits(Gold, partition=DAY.on("day") * Static("ch", "de").on("country")):
    day: Col[date] = col()
    country: Col[str] = col()
    visits: Col[int] = col()


def test_partition_columns_are_in_the_first_partition() -> None:
    assert rows(Visits, [{}]).collect().rows() == [(date(2026, 1, 1), "ch", 0)]


class Hours(Gold, partition=Hourly("2026-01-01T05").on("hour")):
    hour: Col[datetime] = key()


class Months(Gold, partition=Monthly("2026-02", "2026-03").on("month")):
    month: Col[date] = key()


def test_a_key_that_is_the_partition_counts_along_the_partitions() -> None:
    assert rows(Hours, [{}, {}]).collect()["hour"].to_list() == [
        datetime(2026, 1, 1, 5, tzinfo=UTC),
        datetime(2026, 1, 1, 6, tzinfo=UTC),
    ]
    assert rows(Months, [{}, {}]).collect()["month"].to_list() == [
        date(2026, 2, 1),
        date(2026, 3, 1),
    ]
    with pytest.raises(NoPlainValueError):
        rows(Months, [{}, {}, {}])


class Users(Silver):
    name: Col[str] = key()
    since: Col[datetime] = col(valid_from=True)
    until: Col[datetime | None] = col(valid_to=True)
    is_current: Col[bool] = col(current=True)


def test_a_row_of_a_history_is_the_current_one() -> None:
    row = rows(Users, [{"name": "a"}]).collect().row(0, named=True)
    assert (row["until"], row["is_current"]) == (None, True)


def test_an_unknown_column_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownRowColumnError) as refused:
        rows(Orders, [{"countryy": "ch"}])
    assert refused.value.code == "FF-720"
    assert refused.value.hint == "did you mean `country`?"


def test_an_unknown_field_of_a_struct_is_refused() -> None:
    with pytest.raises(UnknownRowColumnError, match=r"`address` has no field `citty`"):
        rows(Orders, [{"address": {"citty": "Bern"}}])


@pytest.mark.parametrize(
    "wrong",
    [
        {"order_id": "1"},
        {"order_id": True},
        {"order_id": 2**63},
        {"day": "tomorrow"},
        {"day": datetime(2026, 1, 1, tzinfo=UTC)},
        {"placed": date(2026, 1, 1)},
        {"seen": datetime(2026, 1, 1, tzinfo=UTC)},
        {"amount": "many"},
        {"amount": True},
        {"tags": "one"},
        {"tags": [1]},
        {"address": "Bern"},
        {"is_paid": 1},
    ],
    ids=str,
)
def test_a_value_of_another_type_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(GivenRowsError) as refused:
        rows(Orders, [wrong])
    assert next(iter(wrong)) in refused.value.message


class Plates(Silver):
    plate: Col[str] = col(regex="[A-Z]{2}-[0-9]{1,4}")
    strange: Col[str] = col(regex=r"\p{Greek}+")


def test_a_pattern_is_not_solved() -> None:
    with pytest.raises(NoPlainValueError, match="`plate`"):
        rows(Plates, [{"strange": "x"}])
    with pytest.raises(NoPlainValueError, match="`strange`"):
        rows(Plates, [{"plate": "x"}])


def test_a_short_pattern_may_be_met_by_a_plain_text() -> None:
    class Countries(Silver):
        country: Col[str] = col(regex="[A-Z]{2}")

    assert rows(Countries, [{}]).collect().item() == "AA"


def test_a_limited_key_runs_out() -> None:
    class Sides(Silver):
        side: Col[Literal["left", "right"]] = key()
        level: Col[int] = col(ge=1, le=2, unique=True)

    assert rows(Sides, [{}, {}]).collect()["side"].to_list() == ["left", "right"]
    with pytest.raises(NoPlainValueError):
        rows(Sides, [{}, {}, {}])
    with pytest.raises(NoPlainValueError, match="`level`"):
        rows(Sides, [{"side": "left"}, {"side": "left"}, {"side": "right"}])

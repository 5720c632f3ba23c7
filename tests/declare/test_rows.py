from __future__ import annotations

import copy
import pickle
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Literal

import pytest

from flowforge_assets import Bronze, Col, Float32, Int8, Shape, Silver, col, key
from flowforge_assets.errors.declaration import RowError, RuleTypeError, UnstorableTypeError


class Colour(Enum):
    RED = "red"


class Line(Shape):
    sku: Col[str] = col()


class Order(Silver):
    order_id: Col[int] = key()
    day: Col[date] = col()
    note: Col[str | None] = col(max_length=3)


class Wide(Bronze):
    small: Col[Int8 | None] = col()
    share: Col[Float32 | None] = col(ge=0, lt=1)
    at: Col[datetime | None] = col()
    wall: Col[datetime | None] = col(tz=None)
    price: Col[Decimal | None] = col(precision=4, scale=2)
    code: Col[str | None] = col(regex="[A-Z]+")
    origin: Col[str | None] = col(isin=["JFK", "LGA"])
    colour: Col[Colour | None] = col()
    kind: Col[Literal["New", "Used"] | None] = col()
    lines: Col[list[Line] | None] = col()
    later: Col[int] = col(optional=True)


def order(**values: object) -> Order:
    given: dict[str, Any] = {"order_id": 1, "day": date(2026, 1, 1), "note": None} | values
    return Order(**given)


def refusal(cls: type, **values: object) -> str:
    with pytest.raises(RowError) as caught:
        cls(**values)
    assert caught.value.code == "FF-113"
    assert caught.value.place is not None
    assert caught.value.place.file == __file__
    assert caught.value.hint
    return caught.value.message


def test_a_row_has_its_values() -> None:
    row = order(note="abc")
    assert (row.order_id, row.day, row.note) == (1, date(2026, 1, 1), "abc")


def test_a_null_column_may_be_left_out() -> None:
    make: Any = Wide
    assert set(vars(make()).values()) == {None}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"order_id": "1"}, "`order_id` input should be a valid integer"),
        ({"order_id": 1.0}, "`order_id` input should be a valid integer"),
        ({"order_id": True}, "`order_id` input should be a valid integer"),
        ({"order_id": 2**63}, "`order_id` input should be less than or equal to"),
        ({"order_id": None}, "`order_id` input should be a valid integer"),
        ({"note": "abcd"}, "`note` string should have at most 3 characters"),
        ({"day": "2026-01-01"}, "`day` input should be a valid date"),
        ({"dya": 1}, "`dya` extra inputs are not permitted"),
    ],
)
def test_a_row_that_does_not_fit_is_refused(values: dict[str, object], said: str) -> None:
    given = {"order_id": 1, "day": date(2026, 1, 1)} | values
    assert refusal(Order, **given).startswith(f"a row of `Order` does not fit: {said}")


def test_a_missing_value_is_named() -> None:
    assert refusal(Order, order_id=1) == "a row of `Order` does not fit: `day` field required"


def test_all_columns_that_are_wrong_are_named_and_no_value_is() -> None:
    said = refusal(Order, order_id="secret-1", day="secret-2", note="secret-3")
    assert all(f"`{name}`" in said for name in ("order_id", "day", "note"))
    assert "secret" not in said


@pytest.mark.parametrize(
    ("column", "good", "bad"),
    [
        ("small", -128, 128),
        ("share", 0.5, 1.0),
        ("at", datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1)),  # noqa: DTZ001
        ("wall", datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)),  # noqa: DTZ001
        ("price", Decimal("12.34"), Decimal("1.234")),
        ("price", Decimal("12.34"), 12.34),
        ("code", "ABC", "ABC1"),
        ("origin", "JFK", "EWR"),
        ("colour", Colour.RED, "red"),
        ("kind", "New", "new"),
        ("lines", [Line(sku="a")], [{"sku": "a"}]),
    ],
)
def test_values_are_held_to_type_and_rules(column: str, good: object, bad: object) -> None:
    make: Any = Wide
    assert getattr(make(**{column: good}), column) == good
    assert f"`{column}" in refusal(Wide, **{column: bad})


def test_words_of_the_user_keep_their_case() -> None:
    assert "'New' or 'Used'" in refusal(Wide, kind="new")


def test_rows_of_equal_values_are_equal_and_hash_alike() -> None:
    assert order() == order()
    assert order() != order(order_id=2)
    other: object = Line(sku="a")
    assert order() != other
    assert {order(): 1}[order()] == 1


def test_a_row_shows_its_values() -> None:
    assert repr(order()) == "Order(order_id=1, day=datetime.date(2026, 1, 1), note=None)"


def test_a_row_is_frozen() -> None:
    row = order()
    with pytest.raises(AttributeError, match="a row of Order is frozen"):
        row.note = "x"
    with pytest.raises(AttributeError, match="frozen"):
        del row.note


def test_a_row_can_be_copied_and_pickled() -> None:
    assert copy.copy(order()) == pickle.loads(pickle.dumps(order())) == order()  # noqa: S301


def test_a_class_that_is_wrong_says_so_before_its_rows() -> None:
    class Wrong(Bronze):
        x: Col[set[int]] = col()

    with pytest.raises(UnstorableTypeError, match="FF-101"):
        Wrong(x={1})


def test_a_pattern_that_is_no_good_is_refused() -> None:
    class Wrong(Bronze):
        x: Col[str] = col(regex="(?=a)")

    with pytest.raises(RuleTypeError) as caught:
        Wrong(x="a")
    assert caught.value.hint == "patterns are those of Rust's `regex`, without look-around"


def test_a_column_gives_the_value_of_a_row() -> None:
    column: Any = vars(Order)["note"]
    assert column.__get__(order(note="a"), Order) == "a"

from __future__ import annotations

from datetime import date
from typing import Any

from flowforge_assets import Bronze, Col, Daily, Shape, Silver, col, key


class Address(Shape):
    city: Col[str] = col()


class Orders(Silver, partition=Daily("2026-01-01").on("day")):
    """Orders as paid.

    More of it.
    """

    order_id: Col[int] = key(doc="the shop's own <number>")
    day: Col[date] = key()
    price: Col[float] = col(gt=0, le=10, unit="EUR")
    note: Col[str | None] = col()


class _Printer:
    """What IPython hands to `_repr_pretty_`."""

    said = ""

    def text(self, text: str) -> None:
        self.said += text


def pretty(cls: Any) -> str:  # noqa: ANN401 - its method is the metaclass's
    printer = _Printer()
    cls._repr_pretty_(printer, False)
    return printer.said


def html(cls: Any) -> str | None:  # noqa: ANN401 - as above
    shown: str | None = cls._repr_html_()
    return shown


def test_a_dataset_shows_its_columns_in_a_line() -> None:
    assert repr(Orders) == (
        "<silver.orders: order_id int64, day date, price float64, note string?>"
    )


def test_a_dataset_shows_its_columns_and_rules_in_a_terminal() -> None:
    lines = [line.split() for line in pretty(Orders).splitlines()]
    assert " ".join(lines[0]) == "silver.orders: Orders as paid."
    assert lines[2] == ["day", "date", "key", "partition"]
    assert lines[3] == ["price", "float64", "EUR", "price", ">", "0;", "price", "<=", "10"]
    assert lines[-1] == ["(order_id,", "day)", "is", "unique"]


def test_a_dataset_shows_a_table_in_a_notebook() -> None:
    shown = html(Orders)
    assert shown is not None
    assert shown.startswith("<div><strong>silver.orders: Orders as paid.</strong><table>")
    assert "<td>the shop&#x27;s own &lt;number&gt;</td>" in shown


def test_what_is_no_dataset_shows_as_python_shows_it() -> None:
    assert repr(Silver) == "<class 'flowforge_assets.declare.dataset.Silver'>"
    assert repr(Address).endswith("Address'>")
    assert html(Address) is None
    assert pretty(Address) == repr(Address)


def test_a_dataset_that_is_declared_wrongly_can_still_be_shown() -> None:
    class Odd(Bronze):
        number: Col[complex] = col()

    assert repr(Odd).endswith("Odd'>")
    assert html(Odd) is None


def test_a_column_may_have_the_name_of_such_a_method() -> None:
    class Pages(Bronze):
        _repr_html_: Col[str] = col()

    assert repr(Pages) == "<bronze.pages: _repr_html_ string>"
    assert Pages(_repr_html_="<p>")._repr_html_ == "<p>"

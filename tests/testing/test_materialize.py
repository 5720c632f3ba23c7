from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

import polars as pl
import pytest

from flowforge_assets import (
    All,
    BadRows,
    Bronze,
    Col,
    Context,
    Daily,
    Frame,
    Gold,
    Hourly,
    Resource,
    Rows,
    Silver,
    Table,
    asset,
    check,
    col,
    key,
)
from flowforge_assets.errors.check import MissingColumnError
from flowforge_assets.errors.run import CheckFailedError, RulesBrokenError, StepFailedError
from flowforge_assets.errors.storage import NoTableError
from flowforge_assets.errors.testing import (
    GivenRowsError,
    NotGivenError,
)
from flowforge_assets.testing import materialize, rows

NOW = datetime(2026, 1, 10, tzinfo=UTC)
DAY = Daily("2026-01-01")
HOUR = Hourly("2026-01-01T00")


class RawOrders(Bronze):
    order_id: Col[int] = col()
    customer: Col[str] = col()
    price: Col[float] = col()


class Orders(Silver):
    order_id: Col[int] = key()
    customer: Col[str] = col(min_length=1)
    price: Col[float] = col(ge=0)


class Sales(Gold):
    customer: Col[str] = key()
    total: Col[float] = col()


@asset
def clean_orders(raw: Frame[RawOrders]) -> Frame[Orders]:
    return raw.filter(RawOrders.price.is_not_nan())


@asset
def sales(orders: Frame[Orders]) -> Frame[Sales]:
    return orders.group_by("customer").agg(total=Orders.price.sum())


@check
def no_order_is_huge(orders: Frame[Orders]) -> BadRows[Orders]:
    return orders.filter(Orders.price > 1_000)


RAW = [{"customer": "a", "price": 1.0}, {"order_id": 2, "customer": "b", "price": 2.0}]


def test_an_asset_makes_its_dataset_from_given_rows() -> None:
    ran = materialize(Orders, given={RawOrders: rows(RawOrders, RAW)})
    assert ran[Orders]["price"].to_list() == [1.0, 2.0]
    assert [(step.asset, step.reason) for step in ran.plan.steps] == [
        ("clean_orders", "never made")
    ]
    assert (ran.result.made, ran.errors) == (1, ())
    assert "clean_orders  never made" in repr(ran)
    assert repr(ran).endswith("succeeded: 1 made")


def test_rows_may_be_given_as_they_are() -> None:
    assert materialize(Orders, given={RawOrders: RAW})[Orders].height == 2


def test_several_assets_are_made_in_their_order() -> None:
    ran = materialize(Sales, Orders, given={RawOrders: RAW})
    assert [step.asset for step in ran.plan.steps] == ["clean_orders", "sales"]
    assert sorted(ran[Sales].rows()) == [("a", 1.0), ("b", 2.0)]


def test_what_is_given_can_be_read_back() -> None:
    assert materialize(Orders, given={RawOrders: RAW})[RawOrders].height == 2


def test_an_upstream_that_is_not_given_is_named() -> None:
    with pytest.raises(NotGivenError) as refused:
        materialize(Sales)
    assert refused.value.code == "FF-721"
    assert "`silver.orders`" in refused.value.message
    assert refused.value.hint == "add it: `given={Orders: rows(Orders, [...])}`"


def test_rules_hold_as_in_a_run() -> None:
    with pytest.raises(RulesBrokenError):
        materialize(Orders, given={RawOrders: [{"customer": "a", "price": -1.0}]})


def test_checks_hold_as_in_a_run() -> None:
    with pytest.raises(CheckFailedError):
        materialize(Orders, given={RawOrders: [{"customer": "a", "price": 1e6}]})


def test_failures_can_be_looked_at_instead() -> None:
    ran = materialize(Orders, given={RawOrders: [{"customer": "a", "price": -1.0}]}, raises=False)
    assert [error.code for error in ran.errors] == ["FF-710"]
    with pytest.raises(NoTableError):
        ran[Orders]


def test_given_rows_are_not_held_to_their_rules() -> None:
    assert materialize(Sales, given={Orders: [{"price": -1.0}]})[Sales]["total"].item() == -1.0


def test_given_frames_must_have_the_columns_of_their_dataset() -> None:
    with pytest.raises(GivenRowsError, match="customer: promised String, found no such column"):
        materialize(Sales, given={Orders: pl.LazyFrame({"order_id": [1], "price": [1.0]})})


class Rates(Resource):
    url: str

    def of(self, day: date) -> float:
        raise NotImplementedError


class FixedRates(Rates):
    def of(self, day: date) -> float:
        return 2.0 * day.day


class Prices(Silver, partition=DAY.on("day")):
    day: Col[date] = key()
    price: Col[float] = col()


@asset
def prices(day: date, rates: Rates, context: Context) -> Rows[Prices]:
    assert context.env == "test"
    yield Prices(day=day, price=rates.of(day))


def test_a_resource_is_stood_in_for_by_an_instance() -> None:
    ran = materialize(Prices, partition="2026-01-03", resources=[FixedRates()], now=NOW)
    assert ran[Prices]["price"].item() == 6.0


def test_a_resource_with_settings_must_be_stood_in_for() -> None:
    with pytest.raises(NotGivenError, match="asks for a `Rates`") as refused:
        materialize(Prices, partition="2026-01-03", now=NOW)
    assert refused.value.hint == "add one, of a class below it: `resources=[FakeRates()]`"


def test_a_resource_without_settings_is_taken_as_it_is() -> None:
    class Dice(Resource):
        def roll(self) -> int:
            return 4

    class Rolls(Silver):
        roll: Col[int] = col()

    @asset
    def rolls(dice: Dice) -> Frame[Rolls]:
        return rows(Rolls, [{"roll": dice.roll()}])

    assert materialize(Rolls)[Rolls].item() == 4


def test_what_a_foreign_key_refers_to_must_be_given_too() -> None:
    class Lines(Gold):
        customer: Col[str] = key(ref=Sales)

    @asset
    def lines() -> Frame[Lines]:
        return rows(Lines, [{"customer": "a"}])

    with pytest.raises(NotGivenError, match=r"gold.sales"):
        materialize(Lines)
    assert materialize(Lines, given={Sales: [{"customer": "a"}]})[Lines].height == 1
    with pytest.raises(RulesBrokenError):
        materialize(Lines, given={Sales: []})


def test_what_a_check_reads_must_be_given_too() -> None:
    class Refunds(Silver):
        order_id: Col[int] = key()

    @asset
    def refunds() -> Frame[Refunds]:
        return rows(Refunds, [{"order_id": 7}])

    @check
    def each_was_ordered(
        refunds: Frame[Refunds], orders: Annotated[Frame[Orders], All()]
    ) -> BadRows[Refunds]:
        return refunds.join(orders, on="order_id", how="anti")

    with pytest.raises(NotGivenError, match=r"`each_was_ordered` reads `silver.orders`"):
        materialize(Refunds)
    assert materialize(Refunds, given={Orders: [{"order_id": 7}]})[Refunds].height == 1
    with pytest.raises(CheckFailedError):
        materialize(Refunds, given={Orders: []})


def test_an_input_that_may_be_absent_need_not_be_given() -> None:
    class Report(Gold):
        rows: Col[int] = key()

    @asset
    def report(orders: Table[Orders] | None, users: Frame[Sales]) -> Frame[Report]:
        return pl.LazyFrame({"rows": [-1 if orders is None else orders.height]})

    assert materialize(Report, given={Sales: []})[Report].item() == -1
    assert materialize(Report, given={Sales: [], Orders: [{}]})[Report].item() == 1


def test_the_code_of_an_asset_fails_with_its_own_traceback() -> None:
    class Broken(Gold):
        number: Col[int] = key()

    @asset
    def broken() -> Frame[Broken]:
        msg = "no luck"
        raise RuntimeError(msg)

    with pytest.raises(StepFailedError) as failed:
        materialize(Broken)
    assert isinstance(failed.value.__cause__, RuntimeError)


def test_a_result_that_is_not_as_promised_fails() -> None:
    class Promised(Gold):
        number: Col[int] = key()

    @asset
    def promised() -> Frame[Promised]:
        return pl.LazyFrame({"numbr_": [1]})

    with pytest.raises(MissingColumnError, match="number"):
        materialize(Promised)


def test_bad_rows_that_are_set_aside_can_be_looked_at() -> None:
    class Kept(Silver):
        price: Col[float] = col(ge=0)

    @asset(bad_rows="quarantine")
    def kept(orders: Frame[Orders]) -> Frame[Kept]:
        return orders.select("price")

    ran = materialize(Kept, given={Orders: [{"price": -1.0}, {"price": 1.0}]})
    assert ran[Kept]["price"].to_list() == [1.0]
    assert ran.bad_rows(Kept)["price"].to_list() == [-1.0]


def test_a_run_can_go_on_from_what_was_made() -> None:
    class Log(Silver):
        size: Col[int] = col()

    @asset
    def log(orders: Table[Orders], context: Context) -> Table[Log]:
        return pl.DataFrame({"size": [orders.height + context.now.day]})

    first = materialize(Log, given={Orders: [{}]}, now=NOW)
    assert first[Log]["size"].item() == 11
    second = first.again(given={Orders: [{}, {}]}, now=datetime(2026, 1, 20))  # noqa: DTZ001 - is UTC
    assert second[Log]["size"].item() == 22
    assert second.again()[Log]["size"].item() == 22

"""What the shop exports, and the history of its users."""

from __future__ import annotations

from datetime import UTC, date, datetime

from events.datasets.bronze import RawOrders, RawRefunds, RawUsers
from events.datasets.silver import Orders, Users

from flowforge_assets.testing import Materialize

FIRST, SECOND = date(2026, 3, 1), date(2026, 3, 2)


def test_one_call_gives_users_orders_and_refunds(materialize: Materialize) -> None:
    ran = materialize(RawUsers, partition=FIRST)
    assert ran[RawUsers].height == 20
    assert ran.result.made == 1
    refunded = ran[RawRefunds].join(ran[RawOrders], on="order_id")
    assert refunded.height == ran[RawRefunds].height


def test_what_was_given_back_is_not_earned(materialize: Materialize) -> None:
    orders = [
        {"day": FIRST, "order_id": "a", "cents": 900},
        {"day": FIRST, "order_id": "b", "cents": 500},
    ]
    ran = materialize(
        Orders,
        given={
            RawOrders: orders,
            RawRefunds: [{"day": FIRST, "order_id": "a", "cents": 400}],
        },
    )
    assert dict(ran[Orders].select("order_id", "paid").iter_rows()) == {"a": 500, "b": 500}


def test_a_user_who_changes_the_plan_has_two_states(materialize: Materialize) -> None:
    days = [
        {"day": FIRST, "user_id": "u1", "plan": "free"},
        {"day": SECOND, "user_id": "u1", "plan": "team"},
    ]
    ran = materialize(Users, given={RawUsers: days})
    states = ran[Users].sort("since").select("plan", "since", "until", "is_current")
    first, second = (datetime(2026, 3, day, tzinfo=UTC) for day in (1, 2))
    assert states.rows() == [("free", first, second, False), ("team", second, None, True)]


def test_the_same_day_twice_changes_nothing(materialize: Materialize) -> None:
    users = [{"day": SECOND, "user_id": user, "plan": "free"} for user in ("u1", "u2")]
    ran = materialize(Users, given={RawUsers: users})
    assert ran.again(partition=SECOND)[Users].equals(ran[Users])

"""One table of orders, written in the way that the bench asks for."""

from __future__ import annotations

import os
from datetime import date, datetime

from workloads import writes

from flowforge_assets import Bronze, Col, Shape, Silver, Table, asset, col, key

WAY = os.environ["WRITES_WAY"]


class Order(Shape):
    customer: Col[int] = col()
    day: Col[date] = col()
    amount: Col[float] = col()
    status: Col[str] = col()
    note: Col[str] = col()


if WAY == "append":

    class Log(Order, Bronze):
        """Every order as it came."""

        order_id: Col[int] = col()

    @asset(write="append")
    def log() -> Table[Log]:
        return writes.given()

elif WAY == "merge":

    class Orders(Order, Silver):
        """Every order once, as it is now."""

        order_id: Col[int] = key()

    @asset(write="merge")
    def orders() -> Table[Orders]:
        return writes.given()

else:

    class OrderStates(Order, Silver):
        """What every order was, and since when."""

        order_id: Col[int] = key()
        valid_from: Col[datetime] = col(valid_from=True)
        valid_to: Col[datetime | None] = col(valid_to=True)
        is_current: Col[bool] = col(current=True)

    @asset(write="scd2")
    def order_states() -> Table[OrderStates]:
        return writes.given()

"""One table of orders, written in the way that the bench asks for."""

from __future__ import annotations

import os
from datetime import date, datetime

from workloads import writes

from flowforge_assets import Bronze, Col, Partitions, Shape, Silver, Static, Table, asset, col, key

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

elif WAY == "partition":

    class OrdersByStatus(Order, Silver, partition=Static(*writes.STATUSES).on("status")):
        """Every order once, by status."""

        order_id: Col[int] = key()

    @asset
    def orders_by_status(status: Partitions[str]) -> Table[OrdersByStatus]:  # noqa: ARG001 - one step for all
        return writes.given()

elif WAY == "scd2":

    class OrderStates(Order, Silver):
        """What every order was, and since when."""

        order_id: Col[int] = key()
        valid_from: Col[datetime] = col(valid_from=True)
        valid_to: Col[datetime | None] = col(valid_to=True)
        is_current: Col[bool] = col(current=True)

    @asset(write="scd2")
    def order_states() -> Table[OrderStates]:
        return writes.given()

elif WAY == "snapshot":

    class OrderSnapshots(Order, Silver):
        """All orders, as they were each time."""

        order_id: Col[int] = key()
        valid_from: Col[datetime] = col(valid_from=True)

    @asset(write="snapshot")
    def order_snapshots() -> Table[OrderSnapshots]:
        return writes.given()

else:

    class Orders(Order, Silver):
        """Every order once."""

        order_id: Col[int] = key()

    if WAY == "merge":

        @asset(write="merge")
        def merged() -> Table[Orders]:
            return writes.given()

    elif WAY == "insert":

        @asset(write="insert")
        def inserted() -> Table[Orders]:
            return writes.given()

    else:

        @asset
        def overwritten() -> Table[Orders]:
            return writes.given()

"""What type checkers know of readers of changes."""

from __future__ import annotations

from typing import Annotated, TypeAlias, assert_type

import polars as pl

from flowforge_assets import Before, Bronze, Changes, Col, Deletes, Frame, Gold, asset, key


class Orders(Bronze):
    order: Col[int] = key()
    state: Col[str]


class Newest(Gold):
    order: Col[int] = key()
    state: Col[str]


@asset(write="merge", deletes="_deleted", isolated=True)
def newest(orders: Annotated[Changes[Orders], Deletes("_deleted")]) -> Frame[Newest]:
    assert_type(orders, pl.LazyFrame)
    return orders


@asset
def both(before: Before[Newest], orders: Changes[Orders] | None) -> Frame[Newest]:
    return before if orders is None else pl.concat([before, orders])


assert_type(newest(pl.LazyFrame()), pl.LazyFrame)
newest(pl.DataFrame())  # error: an eager frame
Deletes(7)  # error: a number for a name
asset(isolated="yes")  # error: a text for a flag


Wrong: TypeAlias = Changes[int]  # error: no dataset

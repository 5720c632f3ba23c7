"""Merges that know the newest row, and promises of rows, in tests of assets."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from flowforge_assets import Bronze, Col, Frame, Silver, asset, col, key
from flowforge_assets.errors.run import TooFewRowsError
from flowforge_assets.testing import materialize

FIRST = datetime(2026, 1, 10, tzinfo=UTC)


class Feed(Bronze):
    id: Col[int] = col()
    at: Col[int] = col()
    op: Col[str] = col()


class Stock(Silver, min_rows=500):
    id: Col[int] = key()
    at: Col[int] = col()


@asset(write="merge", latest="at", deletes="gone")
def stock(feed: Frame[Feed]) -> Frame[Stock]:
    return feed.select("id", "at", gone=pl.col("op") == "D")


def change(number: int, at: int, op: str = "U") -> dict[str, object]:
    return {"id": number, "at": at, "op": op}


def test_a_test_need_not_give_as_many_rows_as_are_promised() -> None:
    ran = materialize(Stock, given={Feed: [change(1, 5), change(2, 5)]}, now=FIRST)
    assert ran[Stock].sort("id").rows() == [(1, 5), (2, 5)]
    again = ran.again(given={Feed: [change(1, 4), change(2, 6, "D"), change(3, 1)]})
    assert again[Stock].sort("id").rows() == [(1, 5), (3, 1)]


def test_no_row_at_all_is_refused_as_in_a_run() -> None:
    with pytest.raises(TooFewRowsError, match="gets 0 rows, and promises `min_rows=1`"):
        materialize(Stock, given={Feed: []})

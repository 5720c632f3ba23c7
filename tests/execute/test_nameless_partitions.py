"""Rows whose partition has no name are refused, however they are written: no reader finds them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flowforge_assets import Bronze, Col, Daily, Frame, Silver, Static, asset, col, key
from flowforge_assets.declare.asset import Write
from pipelines import pipeline

SHOP = Static("a/b", "it's 100%", " ")
DAY = Daily("2026-01-01", "2026-01-01")
WAYS: list[Write] = ["append", "merge", "insert"]


class Raw(Bronze):
    id: Col[int] = col()
    shop: Col[str | None] = col()
    day: Col[date | None] = col()


class ByShop(Silver, partition=SHOP.on("shop")):
    id: Col[int] = key()
    shop: Col[str] = col()


class ByDay(Silver, partition=DAY.on("day")):
    id: Col[int] = key()
    day: Col[date] = col()


ROWS: list[tuple[int, str | None, date | None]] = []


@asset
def raw() -> Frame[Raw]:
    schema = {"id": pl.Int64, "shop": pl.String, "day": pl.Date}
    return pl.LazyFrame(ROWS, schema=schema, orient="row")


@pytest.fixture(autouse=True)
def rows() -> None:
    ROWS[:] = [(n, shop, date(2026, 1, 1)) for n, shop in enumerate(["a/b", "it's 100%", " "])]


def made_by(write: Write, target: type, column: str) -> Any:  # noqa: ANN401 - a function
    found: Any = target  # Any: an annotation

    @asset(write=write, per=DAY, name=f"made_by_{write}")
    def made(raw: Frame[Raw]) -> Frame[found]:
        return raw.select("id", column)

    return made


@pytest.mark.parametrize("store", ["memory", "delta", "parquet"])
@pytest.mark.parametrize("write", WAYS)
def test_odd_names_are_as_good_as_others(write: Write, store: str, tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw, made_by(write, ByShop, "shop"), store=store)
    assert p.run().errors == ()
    assert p.rows(ByShop, "shop") == [" ", "a/b", "it's 100%"]
    assert not p.plan().steps


@pytest.mark.parametrize("write", WAYS)
@pytest.mark.parametrize(
    ("target", "column", "odd", "code"),
    [
        (ByShop, "shop", (9, "", None), "FF-613"),
        (ByShop, "shop", (9, None, None), "FF-710"),
        (ByDay, "day", (9, "x", date(9999, 12, 31)), "FF-613"),
        (ByDay, "day", (9, "x", None), "FF-710"),
    ],
)
def test_a_row_in_no_partition_is_refused(
    write: Write,
    target: type,
    column: str,
    odd: tuple[int, str | None, date | None],
    code: str,
    tmp_path: Path,
) -> None:
    ROWS.append(odd)
    p = pipeline(tmp_path, raw, made_by(write, target, column))
    (error,) = p.run().errors
    assert error.code == code
    assert error.hint
    assert p.table(target).version() is None

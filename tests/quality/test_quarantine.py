from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.rule import Bound, Matches, NotNull, References, Rule, Unique
from flowforge_assets.errors.run import LookupMissingError
from flowforge_assets.quality.examine import BoundCheck, examine
from flowforge_assets.quality.quarantine import BROKEN_RULES, split

ORDERS = pl.DataFrame({"id": [1, 2, 2, 3], "price": [5.0, -1.0, 2.0, None]})


def test_bad_rows_say_all_that_they_break() -> None:
    apart = split(ORDERS, [NotNull("price"), Bound("price", ">=", 0), Bound("price", ">", -0.5)])

    assert_frame_equal(apart.good.collect(), ORDERS[[0, 2]])
    assert apart.bad.collect()[BROKEN_RULES].to_list() == [
        ["price >= 0", "price > -0.5"],
        ["price is not null"],
    ]


def test_the_first_row_of_a_key_is_good() -> None:
    apart = split(ORDERS, [Unique(("id",))])

    assert_frame_equal(apart.good.collect(), ORDERS[[0, 1, 3]])


def test_every_row_is_bad_whose_key_the_table_has() -> None:
    others = pl.LazyFrame({"id": [2, 2, 9]}, schema={"id": pl.Int16})

    apart = split(ORDERS, [Unique(("id",), "table")], others=others)

    assert_frame_equal(apart.good.collect(), ORDERS[[0, 3]])


def test_without_rules_every_row_is_good() -> None:
    apart = split(ORDERS, [])

    assert_frame_equal(apart.good.collect(), ORDERS)
    assert apart.bad.collect().schema == {**ORDERS.schema, BROKEN_RULES: pl.List(pl.String)}
    assert apart.bad.collect().is_empty()


def test_rows_of_a_check_are_found_by_their_key() -> None:
    late = BoundCheck("late", ORDERS.lazy().filter(pl.col("price") == 2).select("id"))

    apart = split(ORDERS, [Bound("price", ">=", 0)], checks=[late], key_columns=["id"])

    assert_frame_equal(apart.good.collect(), ORDERS[[0, 3]])
    assert apart.bad.collect()[BROKEN_RULES].to_list() == [["price >= 0", "late"], ["late"]]
    assert apart.unassigned == ()


def test_a_check_whose_frame_lacks_the_key_assigns_no_row() -> None:
    totals = BoundCheck("totals", ORDERS.lazy().select(pl.col("price").sum()))

    apart = split(ORDERS, [], checks=[totals], key_columns=["id"])

    assert_frame_equal(apart.good.collect(), ORDERS)
    assert apart.unassigned == ("totals",)


def test_a_check_of_a_dataset_without_a_key_assigns_no_row() -> None:
    assert split(ORDERS, [], checks=[BoundCheck("all", ORDERS.lazy())]).unassigned == ("all",)


def test_a_check_that_only_warns_sets_nothing_aside() -> None:
    noted = BoundCheck("noted", ORDERS.lazy(), blocking=False)

    apart = split(ORDERS, [], checks=[noted], key_columns=["id"])

    assert_frame_equal(apart.good.collect(), ORDERS)
    assert apart.unassigned == ()


def test_good_rows_keep_every_rule(tmp_path: Path) -> None:
    orders = pl.DataFrame({"id": range(5000), "code": ["a", "b", "cc", None, "d"] * 1000})
    orders.with_columns(pl.col("id") % 4000).write_parquet(tmp_path / "orders.parquet")
    rows = pl.scan_parquet(tmp_path / "orders.parquet")
    rules: list[Rule] = [NotNull("code"), Matches("code", "[a-c]+"), Unique(("id",))]
    found = examine(rows, rules)

    apart = split(rows, rules, found=found)
    good, bad = pl.collect_all([apart.good, apart.bad], engine="streaming")

    assert found.failed
    assert not examine(good, rules).failed
    assert good.height + bad.height == 5000
    broken = bad[BROKEN_RULES].explode().value_counts().rows()
    assert dict(broken) == {finding.rule: finding.bad_rows for finding in found.findings}


def test_a_missing_target_is_refused() -> None:
    with pytest.raises(LookupMissingError) as caught:
        split(ORDERS, [References("id", DatasetKey("silver.t"), "id")])

    assert caught.value.code == "FF-715"

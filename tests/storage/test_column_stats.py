"""Statistics of data files."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowforge_assets.storage.column_stats import (
    ColumnStats,
    delta_stats,
    ends_of_file,
    footer_stats,
    frame_stats,
)
from flowforge_assets.storage.folder_local import LocalFolder
from storage_values import DAY, every_type


def test_a_footer_tells_what_the_frame_does(tmp_path: Path) -> None:
    _, frame = every_type()
    frame = frame.drop("text")  # too long to have ends either way
    path = tmp_path / "a.parquet"
    frame.write_parquet(path)
    from_footer, from_frame = (
        footer_stats(LocalFolder(path.parent), path.name),
        frame_stats(frame, ()),
    )
    for name, column in from_frame.items():
        assert from_footer[name] == column, name


def test_several_row_groups_are_one_column(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    frame = pl.DataFrame({"a": [3, None, 1, 7], "s": ["b", "c", "a", None]})
    frame.write_parquet(path, row_group_size=1)
    assert footer_stats(LocalFolder(path.parent), path.name) == frame_stats(frame, ())


def test_columns_without_a_sure_order_have_no_ends() -> None:
    frame = pl.DataFrame(
        {"f": [1.0, float("nan")], "b": [True, False], "x": [b"a", b"b"], "s": ["a", "z" * 33]}
    )
    assert set(frame_stats(frame, ()).values()) == {ColumnStats(0)}


def test_dates_beyond_the_calendar_have_no_ends() -> None:
    frame = pl.DataFrame({"d": pl.Series([10**9], dtype=pl.Int32).cast(pl.Date)})
    assert frame_stats(frame, ())["d"] == ColumnStats(0)


def test_only_the_first_columns_and_the_partition_columns_are_told() -> None:
    frame = pl.DataFrame({f"c{n}": [n] for n in range(40)}).with_columns(day=date(2020, 1, 1))
    found = frame_stats(frame, (DAY,))
    assert len(found) == 33
    assert "day" in found


def test_a_partition_column_with_nulls_has_no_ends() -> None:
    frame = pl.DataFrame({"day": [date(2020, 1, 1), None]})
    assert ends_of_file(frame_stats(frame, (DAY,)), (DAY,)) == (None,)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=10, min_value=-(10**20)))
def test_decimals_keep_their_digits(value: Decimal) -> None:
    text = delta_stats(1, {"a": ColumnStats(0, value, value)})
    found = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    assert found["minValues"]["a"] == value


@given(st.text())
def test_column_names_are_escaped(name: str) -> None:
    text = delta_stats(2, {name: ColumnStats(1, 5, 6)})
    assert json.loads(text) == {
        "numRecords": 2,
        "minValues": {name: 5},
        "maxValues": {name: 6},
        "nullCount": {name: 1},
    }


@pytest.mark.parametrize("without", [(), ("a",)])
def test_partition_columns_are_left_out(without: tuple[str, ...]) -> None:
    found = json.loads(delta_stats(1, {"a": ColumnStats(0, 1, 1)}, without))
    assert ("a" in found["minValues"]) == (not without)

from __future__ import annotations

from pathlib import Path
from typing import Literal

import polars as pl
import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import UNPARTITIONED
from flowforge_assets.core.schema import Field, ListType, Plain, Schema
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition, Output
from flowforge_assets.errors.base import Place
from flowforge_assets.graph.promise import promise_errors

KEY = DatasetKey("gold.a")
SCHEMA = Schema(
    (
        Field("n", Plain("int64")),
        Field("at", Plain("timestamp")),
        Field("wall", Plain("timestamp_ntz")),
        Field("items", ListType(Plain("int64"), nullable_items=False)),
        Field("maybe", Plain("string"), nullable=True, optional=True),
    )
)
GOOD: dict[str, pl.DataType] = {
    "n": pl.Int64(),
    "at": pl.Datetime("us", "UTC"),
    "wall": pl.Datetime("us"),
    "items": pl.List(pl.Int64),
}


def told(
    found: dict[str, pl.DataType],
    *,
    extra: Literal["refuse", "keep", "drop"] = "refuse",
    sql: bool = False,
) -> list[tuple[str, str | None]]:
    dataset = DatasetDefinition(KEY, (), SCHEMA, (), UNPARTITIONED, Place("a.py"), extra=extra)
    path = Path("a.sql") if sql else None
    asset = AssetDefinition("make", (Output(KEY, "frame"),), Place("a.py", 3), sql_path=path)
    errors = promise_errors(pl.Schema(found), dataset, asset)
    assert all(error.place == Place("a.py", 3) for error in errors)
    return [(error.code, error.hint) for error in errors]


def test_what_is_as_promised_is_no_error() -> None:
    assert told(GOOD) == told(dict(reversed(GOOD.items()))) == []
    assert told(GOOD | {"maybe": pl.String()}) == []


def test_a_column_that_lacks_may_be_the_one_too_many() -> None:
    found = {name: dtype for name, dtype in GOOD.items() if name != "wall"} | {"wal": GOOD["wall"]}
    assert told(found) == [
        ("FF-301", "did you mean `wal`?"),
        ("FF-302", "did you mean `wall`?"),
    ]


@pytest.mark.parametrize("extra", ["keep", "drop"])
def test_columns_beyond_are_as_promised_where_they_are_kept_or_dropped(
    extra: Literal["keep", "drop"],
) -> None:
    assert told(GOOD | {"more": pl.String()}, extra=extra) == []
    assert told(GOOD | {"n": pl.String()}, extra=extra) != []


@pytest.mark.parametrize(
    ("column", "dtype", "sql", "hint"),
    [
        ("n", pl.String(), False, "cast it: `pl.col('n').cast(pl.Int64)`"),
        ("n", pl.String(), True, "cast it: `CAST(... AS BIGINT) AS n`"),
        ("at", pl.Datetime("us"), False,
         "say its zone: `pl.col('at').dt.replace_time_zone(\"UTC\")`"),
        ("wall", pl.Datetime("us", "UTC"), False,
         "say its zone: `pl.col('wall').dt.replace_time_zone(None)`"),
        ("items", pl.Int64(), False, "make it List(Int64)"),
    ],
)  # fmt: skip
def test_a_column_of_another_type_is_told_how_to_become_right(
    column: str, dtype: pl.DataType, *, sql: bool, hint: str
) -> None:
    assert told(GOOD | {column: dtype}, sql=sql) == [("FF-303", f"{hint}, or declare its type")]

"""Frames made equal to their promise without a change of values."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from flowforge_assets.core.conform import Difference, conform, differences
from flowforge_assets.core.schema import Field, ListType, Plain, PlainName, Schema, StructType


def schema(**columns: PlainName) -> Schema:
    return Schema(tuple(Field(name, Plain(kind)) for name, kind in columns.items()))


def test_a_frame_that_is_right_is_returned_itself() -> None:
    frame = pl.DataFrame({"a": [1], "b": ["x"]})
    found, faults = conform(frame, schema(a="int64", b="string"))
    assert found is frame
    assert faults == ()


@pytest.mark.parametrize("is_lazy", [False, True])
def test_columns_come_into_their_order(*, is_lazy: bool) -> None:
    frame = pl.DataFrame({"b": ["x"], "a": [1]})
    wanted = schema(a="int64", b="string")
    if is_lazy:
        assert conform(frame.lazy(), wanted)[0].collect().columns == ["a", "b"]
    else:
        assert conform(frame, wanted)[0].columns == ["a", "b"]


@pytest.mark.parametrize(
    ("series", "kind", "value"),
    [
        (pl.Series(["x"], dtype=pl.Enum(["x"])), "string", "x"),
        (pl.Series(["x"], dtype=pl.Categorical()), "string", "x"),
        (pl.Series([255], dtype=pl.UInt8), "int16", 255),
        (pl.Series([65535], dtype=pl.UInt16), "int32", 65535),
        (pl.Series([2**32 - 1], dtype=pl.UInt32), "int64", 2**32 - 1),
        (pl.Series([None], dtype=pl.Null), "date", None),
        (
            pl.Series([datetime(2020, 1, 1)], dtype=pl.Datetime("ms")),  # noqa: DTZ001
            "timestamp_ntz",
            datetime(2020, 1, 1),  # noqa: DTZ001
        ),
        (
            pl.Series([datetime(2020, 7, 1, tzinfo=ZoneInfo("Europe/Berlin"))]),
            "timestamp",
            datetime(2020, 6, 30, 22, tzinfo=UTC),
        ),
    ],
    ids=["enum", "categorical", "u8", "u16", "u32", "null", "ms", "zone"],
)
def test_another_spelling_of_the_same_values_is_normalised(
    series: pl.Series, kind: PlainName, value: object
) -> None:
    wanted = schema(a=kind)
    found, faults = conform(pl.DataFrame({"a": series}), wanted)
    assert faults == ()
    assert found.get_column("a").to_list() == [value]
    assert differences(found.schema, wanted) == ()


def test_nested_types_are_normalised_as_well() -> None:
    inner = StructType((Field("at", Plain("timestamp")), Field("kind", Plain("string"))))
    wanted = Schema((Field("l", ListType(inner, nullable_items=True), nullable=True),))
    kind = pl.Enum(["x"])
    at = pl.Datetime("ms", "Europe/Berlin")
    frame = pl.DataFrame(
        {"l": [[{"at": datetime(2020, 7, 1, tzinfo=UTC), "kind": "x"}, None], None]},
        schema={"l": pl.List(pl.Struct({"at": at, "kind": kind}))},
    )
    found, faults = conform(frame, wanted)
    assert faults == ()
    expected = [[{"at": datetime(2020, 7, 1, tzinfo=UTC), "kind": "x"}, None], None]
    assert found.get_column("l").to_list() == expected


@pytest.mark.parametrize(
    ("dtype", "kind"),
    [
        (pl.Int32(), "int64"),
        (pl.Int64(), "int32"),
        (pl.UInt8(), "int64"),
        (pl.UInt64(), "int64"),
        (pl.Float64(), "int64"),
        (pl.Int64(), "float64"),
        (pl.Float32(), "float64"),
        (pl.String(), "date"),
        (pl.Date(), "timestamp"),
        (pl.Datetime("us"), "timestamp"),
        (pl.Datetime("us", "UTC"), "timestamp_ntz"),
        (pl.Datetime("ns"), "timestamp_ntz"),
        (pl.Boolean(), "int8"),
    ],
    ids=str,
)
def test_nothing_else_is_ever_cast(dtype: pl.DataType, kind: PlainName) -> None:
    frame = pl.DataFrame(schema={"a": dtype})
    found, faults = conform(frame, schema(a=kind))
    assert found is frame
    assert [fault.column for fault in faults] == ["a"]
    assert faults[0].found == str(dtype)


def test_missing_and_extra_columns_are_differences() -> None:
    found = pl.Schema({"a": pl.Int64(), "z": pl.String()})
    assert differences(found, schema(a="int64", b="date")) == (
        Difference("b", "Date", None),
        Difference("z", None, "String"),
    )


def test_differences_read_as_sentences() -> None:
    assert str(Difference("a", "Date", None)) == "a: promised Date, found no such column"
    assert str(Difference("a", None, "Date")) == "a: not promised, found Date"
    assert str(Difference("a", "Date", "String")) == "a: promised Date, found String"


def test_an_optional_column_that_is_absent_is_null() -> None:
    wanted = Schema((Field("a", Plain("int64")), Field("b", Plain("date"), optional=True)))
    found, faults = conform(pl.DataFrame({"a": [1]}), wanted)
    assert faults == ()
    assert found.rows() == [(1, None)]
    assert found.schema["b"] == pl.Date()


def test_the_order_of_struct_fields_is_part_of_the_type() -> None:
    inner = StructType((Field("x", Plain("int64")), Field("y", Plain("int64"))))
    frame = pl.DataFrame({"s": [{"y": 1, "x": 2}]})
    _, faults = conform(frame, Schema((Field("s", inner),)))
    assert [fault.column for fault in faults] == ["s"]


def test_a_lazy_frame_is_not_collected() -> None:
    def fail(frame: pl.DataFrame) -> pl.DataFrame:
        raise AssertionError(frame)

    lazy = pl.LazyFrame({"a": [date(2020, 1, 1)], "b": [1]}).map_batches(
        fail, schema={"a": pl.Date(), "b": pl.Int64()}
    )
    found, faults = conform(lazy, schema(b="int64", a="date"))
    assert faults == ()
    assert found.collect_schema().names() == ["b", "a"]

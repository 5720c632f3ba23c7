"""What a change of columns is, and which rows survive it."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowforge_assets.core.polars_types import polars_type
from flowforge_assets.core.schema import DataType, Field, Schema
from flowforge_assets.core.schema_change import columns_of
from flowforge_assets.core.schema_diff import (
    NO_CHANGE,
    ColumnChange,
    SchemaDiff,
    is_wider,
    schema_diff,
)
from flowforge_assets.core.schema_text import parse_type

NUMBERS = (
    "int8", "int16", "int32", "int64", "float32", "float64",
    "decimal(3,0)", "decimal(5,2)", "decimal(10,0)", "decimal(12,2)", "decimal(19,0)",
    "decimal(38,10)",
)  # fmt: skip


def schema(**columns: str) -> Schema:
    """Columns by name, spelled with a `?` behind what may be null."""
    fields: list[Field] = []
    for name, spelled in columns.items():
        kind, nullable = parse_type(spelled)
        fields.append(Field(name, kind, nullable))
    return Schema(tuple(fields))


def diff(
    before: Schema,
    after: Schema,
    *,
    keeps_extra: bool = False,
    fixed: tuple[str, ...] = (),
    **renames: str,
) -> SchemaDiff:
    names = {new: (old,) for new, old in renames.items()}
    return schema_diff(
        columns_of(before), after, renames=names, keeps_extra=keeps_extra, fixed=fixed
    )


def type_of(text: str) -> DataType:
    return parse_type(text)[0]


def test_the_same_columns_in_another_order_are_no_change() -> None:
    assert diff(schema(a="int64", b="date?"), schema(b="date?", a="int64")) == NO_CHANGE


@pytest.mark.parametrize(
    ("before", "after", "told", "change"),
    [
        ("int8", "int16", "`n` was int8 and is int16", "widening"),
        ("int32", "float64", "`n` was int32 and is float64", "widening"),
        ("int32", "decimal(12,2)", "`n` was int32 and is decimal(12,2)", "widening"),
        ("float32", "float64", "`n` was float32 and is float64", "widening"),
        ("decimal(5,2)", "decimal(7,3)", "`n` was decimal(5,2) and is decimal(7,3)", "widening"),
        ("list<int8>", "list<int64?>", "`n` was list<int8> and is list<int64?>", "widening"),
        (
            "struct<a: int8>",
            "struct<a: int64?>",
            "`n` was struct<a: int8> and is struct<a: int64?>",
            "widening",
        ),
        ("int64", "int64?", "`n` may be null now", "widening"),
        ("list<int64>", "list<int64?>", "`n` may be null now", "widening"),
        ("json", "string", "`n` was json and is string", "metadata"),
        ("string", "json", "`n` was string and is json", "metadata"),
        ("int64", "int32", "`n` was int64 and is int32", "breaking"),
        ("int64", "float64", "`n` was int64 and is float64", "breaking"),
        ("int32", "float32", "`n` was int32 and is float32", "breaking"),
        ("float64", "int64", "`n` was float64 and is int64", "breaking"),
        ("decimal(5,2)", "decimal(5,3)", "`n` was decimal(5,2) and is decimal(5,3)", "breaking"),
        ("decimal(5,2)", "float64", "`n` was decimal(5,2) and is float64", "breaking"),
        ("date", "timestamp", "`n` was date and is timestamp", "breaking"),
        ("timestamp_ntz", "timestamp", "`n` was timestamp_ntz and is timestamp", "breaking"),
        ("int64", "string", "`n` was int64 and is string", "breaking"),
        (
            "struct<a: int8>",
            "struct<a: int8, b: date?>",
            "`n` was struct<a: int8> and is struct<a: int8, b: date?>",
            "breaking",
        ),
    ],
)
def test_a_type_is_another(before: str, after: str, told: str, change: str) -> None:
    found = diff(schema(n=before), schema(n=after))
    assert [str(each) for each in found.changes] == [told]
    assert found.change_class(is_remade=False) == change
    assert found.change_class(is_remade=True) == change


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (schema(a="date"), schema(a="date", n="int64"), "`n` is new and never null (int64)"),
        (schema(n="int64?"), schema(n="int64"), "`n` may no longer be null"),
        (schema(n="list<date?>"), schema(n="list<date>"), "`n` may no longer be null"),
    ],
)
def test_what_rows_must_have_breaks_those_that_stay_alone(
    before: Schema, after: Schema, told: str
) -> None:
    found = diff(before, after)
    assert [str(each) for each in found.changes] == [told]
    assert found.loosened == {"n"}
    assert found.change_class(is_remade=False) == "breaking"
    assert found.change_class(is_remade=True) == "additive"
    assert found.breaking(is_remade=True) == ()


def test_a_new_column_that_may_be_null_is_additive() -> None:
    found = diff(schema(a="date"), schema(n="int64?", a="date"))
    assert [str(each) for each in found.changes] == ["`n` is new (int64)"]
    assert found.change_class(is_remade=False) == "additive"
    assert not found.rewrites


def test_a_column_that_is_no_longer_declared_is_dropped() -> None:
    found = diff(schema(a="date", n="int64?"), schema(a="date"))
    assert [str(each) for each in found.changes] == ["`n` (int64?) is no longer declared"]
    assert found.change_class(is_remade=True) == "breaking"
    assert found.dropped == {"n"}
    assert found.rewrites


def test_columns_that_are_kept_beyond_the_declared_ones_are_no_change() -> None:
    before, after = schema(a="date", n="int64?"), schema(a="date")
    assert diff(before, after, keeps_extra=True) == NO_CHANGE


def test_a_column_goes_on_under_another_name() -> None:
    found = diff(schema(a="date", n="int32"), schema(a="date", m="int64"), m="n")
    told = ["`m` was called `n`", "`m` was int32 and is int64"]
    assert [str(each) for each in found.changes] == told
    assert found.change_class(is_remade=False) == "renamed"
    assert found.rewrites


def test_a_column_that_was_renamed_before_stays_as_it_is() -> None:
    assert diff(schema(m="int64"), schema(m="int64"), m="n") == NO_CHANGE


def test_a_column_may_take_the_name_that_another_had() -> None:
    found = diff(schema(n="int64"), schema(m="int64", n="date?"), m="n")
    assert [each.kind for each in found.changes] == ["renamed", "new"]


def test_one_stored_column_goes_on_as_one_alone() -> None:
    found = diff(schema(n="int64"), schema(m="int64", o="int64?"), m="n", o="n")
    assert [each.kind for each in found.changes] == ["renamed", "new"]


@pytest.mark.parametrize("after", [schema(day="timestamp"), schema(at="date")])
def test_what_partitions_are_found_by_cannot_change(after: Schema) -> None:
    found = diff(schema(day="date"), after, fixed=("day", "at"), at="day")
    assert found.change_class(is_remade=False) == "breaking"


def test_a_type_that_another_program_wrote_is_another_type() -> None:
    found = schema_diff((("n", "variant?"),), schema(n="string?"), renames={})
    assert [each.kind for each in found.changes] == ["other type"]


def test_another_description_is_metadata() -> None:
    found = schema_diff(
        (("n", "int64"),), schema(n="int64"), renames={}, comments=((), (("n", "how many"),))
    )
    assert found.changes == (ColumnChange("described", "n"),)
    assert [str(each) for each in found.changes] == ["`n` has another description"]
    assert found.change_class(is_remade=False) == "metadata"


def test_partitions_that_are_cut_in_another_way_are_breaking() -> None:
    change = ColumnChange("partitioning", "")
    assert str(change) == "its partitions are cut in another way"
    assert change.change_class(is_remade=True) == "breaking"
    assert change.as_json() == {"kind": "partitioning", "column": "", "was": "", "now": ""}


@given(st.sampled_from(NUMBERS), st.sampled_from(NUMBERS), st.data())
def test_a_wider_type_holds_every_value_of_the_one_before(
    before: str, after: str, data: st.DataObject
) -> None:
    was, now = polars_type(type_of(before)), polars_type(type_of(after))
    if not is_wider(type_of(before), type_of(after)):
        return
    values: st.SearchStrategy[object]
    match was:
        case pl.Float32():
            values = st.floats(width=32, allow_nan=False)
        case pl.Decimal(precision=precision, scale=scale):
            most = 10 ** (precision or 0) - 1
            values = st.integers(-most, most).map(lambda n: Decimal(n).scaleb(-scale))
        case _:
            bits = int(before.removeprefix("int"))
            values = st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    drawn = data.draw(st.lists(values, min_size=1, max_size=3))
    rows = pl.Series([*drawn, None], dtype=was)
    assert rows.cast(now).cast(was).equals(rows)

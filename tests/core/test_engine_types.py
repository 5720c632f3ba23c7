"""The hub's types in polars, Arrow, DuckDB and Delta, and the way back."""

from __future__ import annotations

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowforge_assets.core.arrow_types import arrow_schema
from flowforge_assets.core.polars_types import (
    from_polars,
    from_polars_type,
    polars_schema,
    polars_type,
)
from flowforge_assets.core.schema import (
    DataType,
    DecimalType,
    Field,
    ListType,
    Plain,
    PlainName,
    Schema,
    StructType,
)
from flowforge_assets.core.sql_types import duckdb_type, from_duckdb
from flowforge_assets.errors.storage import TypeNotStoredError

PLAIN: tuple[PlainName, ...] = (
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "float32",
    "float64",
    "string",
    "binary",
    "date",
    "timestamp",
    "timestamp_ntz",
)
NAMES = st.text(min_size=1, max_size=6).filter(lambda name: name.isprintable())


def _wider(inner: st.SearchStrategy[DataType]) -> st.SearchStrategy[DataType]:
    lists: st.SearchStrategy[DataType] = inner.map(lambda t: ListType(t, nullable_items=True))
    fields = st.tuples(NAMES, inner).map(lambda pair: Field(pair[0], pair[1], nullable=True))
    structs = st.lists(fields, min_size=1, max_size=3, unique_by=lambda f: f.name.lower())
    return lists | structs.map(lambda found: StructType(tuple(found)))


PLAINS: st.SearchStrategy[DataType] = st.sampled_from([Plain(name) for name in PLAIN])
DECIMALS: st.SearchStrategy[DataType] = st.integers(1, 38).flatmap(
    lambda precision: st.integers(0, precision).map(lambda scale: DecimalType(precision, scale))
)


def type_of(query: str) -> str:
    """DuckDB's own spelling of the type of the query's first column."""
    relation = duckdb.sql(query)
    assert relation is not None
    return str(relation.types[0])


TYPES = st.recursive(PLAINS | DECIMALS, _wider, max_leaves=4)


@given(TYPES)
def test_a_type_comes_back_from_polars(data_type: DataType) -> None:
    assert from_polars_type(polars_type(data_type)) == data_type


@given(TYPES)
def test_a_type_comes_back_from_duckdb(data_type: DataType) -> None:
    assert from_duckdb(duckdb_type(data_type)) == data_type


@given(TYPES)
def test_polars_and_arrow_agree(data_type: DataType) -> None:
    schema = Schema((Field("c", data_type, nullable=True),))
    table = arrow_schema(schema).empty_table()
    assert pl.DataFrame(table).schema == polars_schema(schema)


def test_json_is_stored_as_a_string() -> None:
    assert polars_type(Plain("json")) == pl.String()
    assert duckdb_type(Plain("json")) == "VARCHAR"
    schema = Schema((Field("c", Plain("json")),))
    assert arrow_schema(schema).field("c").type == pa.string()


def test_arrow_knows_what_may_be_null() -> None:
    inner = StructType((Field("a", Plain("int64")), Field("b", Plain("date"), nullable=True)))
    schema = Schema((Field("s", inner), Field("l", ListType(Plain("int64"), nullable_items=False))))
    found = arrow_schema(schema)
    assert not found.field("s").nullable
    struct = found.field("s").type
    assert isinstance(struct, pa.StructType)
    assert [struct.field(n).nullable for n in ("a", "b")] == [False, True]
    items = found.field("l").type
    assert isinstance(items, pa.ListType)
    assert not items.value_field.nullable


def test_all_columns_from_polars_may_be_null() -> None:
    found = from_polars(pl.Schema({"a": pl.Int64(), "b": pl.List(pl.Int8())}))
    assert str(found) == "a: int64?, b: list<int8?>?"


@pytest.mark.parametrize(
    ("dtype", "name"),
    [
        (pl.UInt8(), "int16"),
        (pl.UInt16(), "int32"),
        (pl.UInt32(), "int64"),
        (pl.Enum(["a"]), "string"),
        (pl.Categorical(), "string"),
        (pl.Datetime("ms"), "timestamp_ntz"),
        (pl.Datetime("ms", "Europe/Berlin"), "timestamp"),
        (pl.Array(pl.Int8(), 3), "list<int8?>"),
    ],
    ids=str,
)
def test_polars_types_without_a_twin_become_the_next_that_holds_them(
    dtype: pl.DataType, name: str
) -> None:
    assert str(from_polars_type(dtype)) == name


@pytest.mark.parametrize(
    ("dtype", "hint"),
    [
        (pl.UInt64(), "pl.Int64"),
        (pl.Int128(), "pl.Decimal"),
        (pl.Time(), "pl.String"),
        (pl.Duration("us"), "number"),
        (pl.Datetime("ns"), "cast_time_unit"),
        (pl.Null(), "cast the column"),
        (pl.Object(), "plain values"),
        (pl.List(pl.Time()), "pl.String"),
    ],
    ids=str,
)
def test_what_cannot_be_stored_exactly_is_refused(dtype: pl.DataType, hint: str) -> None:
    with pytest.raises(TypeNotStoredError, match="column `a`") as caught:
        from_polars(pl.Schema({"a": dtype}))
    assert hint in (caught.value.hint or "")


def test_a_refused_struct_field_is_named_by_its_path() -> None:
    with pytest.raises(TypeNotStoredError, match=r"column `a\.b`"):
        from_polars(pl.Schema({"a": pl.Struct({"b": pl.Time()})}))


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("sum(1)", "int64"),
        ("count(*)", "int64"),
        ("1::utinyint", "int16"),
        ("1.5", "decimal(2,1)"),
        ("now()", "timestamp"),
        ("timestamp '2020-01-01'", "timestamp_ntz"),
        ("date_trunc('day', date '2020-01-01')", "timestamp_ntz"),
        ("'{}'::json", "json"),
        ("'a'::enum('a', 'b,''c(')", "string"),
        ("[1, 2]::int[2]", "list<int32?>"),
        (
            "[{'a b': 1, \"it\"\"s\": [date '2020-01-01']}]",
            'list<struct<a b: int32?, it"s: list<date?>?>?>',
        ),
    ],
)
def test_duckdb_results_have_a_type(expression: str, name: str) -> None:
    text = type_of(f"select {expression} as c")
    assert str(from_duckdb(text)) == name


@pytest.mark.parametrize(
    "expression",
    ["null", "uuid()", "time '10:00'", "interval 1 day", "map {1: 2}", "1::ubigint", "1::bignum"],
)
def test_duckdb_types_without_a_twin_are_refused(expression: str) -> None:
    text = type_of(f"select {expression} as c")
    with pytest.raises(TypeNotStoredError, match="cannot be stored exactly") as caught:
        from_duckdb(text)
    assert caught.value.hint


@pytest.mark.parametrize("text", ["", "STRUCT(a", "DECIMAL(", "INTEGER[", "INTEGER)", "a; b"])
def test_text_that_is_no_type_is_refused(text: str) -> None:
    with pytest.raises(TypeNotStoredError):
        from_duckdb(text)


@given(TYPES)
def test_duckdb_makes_columns_of_every_type(data_type: DataType) -> None:
    text = type_of(f"select null::{duckdb_type(data_type)} as c")
    assert from_duckdb(text) == data_type

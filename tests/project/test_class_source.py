from __future__ import annotations

import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.schema import (
    DataType,
    DecimalType,
    Field,
    ListType,
    Plain,
    PlainName,
    StructType,
)
from flowforge_assets.project.class_source import (
    ClassSource,
    SourceColumn,
    attribute_of,
    class_name_of,
    name_option,
    polars_type_source,
)

TEXT = Plain("string")


def column(data_type: DataType, name: str = "a", *, nullable: bool = False) -> str:
    """The module with that column alone."""
    source = ClassSource()
    columns = [SourceColumn(Field(name, data_type, nullable))]
    source.add_dataset(DatasetKey("silver.x"), columns, description="One row.")
    return source.text("Written.")


@pytest.mark.parametrize(
    ("data_type", "line"),
    [
        (Plain("int8"), "a: Col[Int8] = col()"),
        (Plain("float32"), "a: Col[Float32] = col()"),
        (Plain("json"), "a: Col[Json] = col()"),
        (Plain("binary"), "a: Col[bytes] = col()"),
        (Plain("timestamp"), "a: Col[datetime] = col()"),
        (Plain("timestamp_ntz"), "a: Col[datetime] = col(tz=None)"),
        (DecimalType(9, 2), "a: Col[Decimal] = col(precision=9, scale=2)"),
        (ListType(DecimalType(9, 2), nullable_items=True), "a: Col[list[Decimal | None]] = col("),
        (StructType((Field("b", TEXT),)), "a: Col[A] = col()"),
        (
            ListType(StructType((Field("b", TEXT),)), nullable_items=False),
            "a: Col[list[A]] = col()",
        ),
    ],
)
def test_a_column_has_its_type(data_type: DataType, line: str) -> None:
    assert f"    {line}" in column(data_type)


def test_what_is_used_is_imported() -> None:
    text = column(ListType(DecimalType(9, 2), nullable_items=False))
    assert "from decimal import Decimal\n" in text
    assert "from flowforge_assets import Col, Silver, col\n" in text
    assert "from datetime import date\n" in column(Plain("date"))
    assert "import Col, Int16, Silver, col\n" in column(Plain("int16"))


def test_nested_structs_are_shapes_of_their_own() -> None:
    inner = StructType((Field("at", Plain("date"), nullable=True),))
    text = column(StructType((Field("a", inner),)))
    assert text.index("class A2(Shape):") < text.index("class A(Shape):") < text.index("class X(")


@pytest.mark.parametrize(
    ("name", "taken", "attribute"),
    [
        ("Order ID", [], "order_id"),
        ("Größe (m²)", [], "groe_m2"),
        ("class", [], "class_"),
        ("date", [], "date_"),
        ("2nd", [], "column_2nd"),
        ("???", [], "column"),
        ("__x__", [], "x"),
        ("Order-ID", ["order_id"], "order_id_2"),
    ],
)
def test_a_column_has_a_python_name(name: str, taken: list[str], attribute: str) -> None:
    assert attribute_of(name, taken) == attribute


@pytest.mark.parametrize(
    ("name", "class_name", "option"),
    [
        ("orders", "Orders", ""),
        ("crm.order_lines", "CrmOrderLines", ', name="crm.order_lines"'),
        ("orders_2024", "Orders2024", ', name="orders_2024"'),
        ("_1", "Data1", ', name="_1"'),
    ],
)
def test_a_class_says_its_name_only_where_it_must(name: str, class_name: str, option: str) -> None:
    assert class_name_of(name) == class_name
    assert name_option(name, class_name) == option


@pytest.mark.parametrize(
    ("data_type", "source"),
    [
        (Plain("timestamp"), 'pl.Datetime("us", "UTC")'),
        (Plain("timestamp_ntz"), 'pl.Datetime("us")'),
        (DecimalType(9, 2), "pl.Decimal(9, 2)"),
        (StructType((Field("b c", TEXT),)), 'pl.Struct({"b c": pl.String()})'),
        (ListType(Plain("binary"), nullable_items=True), "pl.List(pl.Binary())"),
    ],
)
def test_a_polars_type_is_spelt(data_type: DataType, source: str) -> None:
    assert polars_type_source(data_type) == source


@pytest.mark.parametrize("plain", ["bool", "int8", "float32", "json", "date"])
def test_every_plain_type_is_spelt(plain: PlainName) -> None:
    assert polars_type_source(Plain(plain)).startswith("pl.")


def test_a_description_keeps_to_its_line() -> None:
    source = ClassSource()
    source.add_dataset(DatasetKey("silver.x"), [], description='a """ b\n c')
    assert '    """a \'\'\' b c"""' in source.text("Written.")

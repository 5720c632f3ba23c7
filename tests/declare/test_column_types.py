from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.rule import OneOf
from flowforge_assets.declare.definition import Definitions

Collected: TypeAlias = Callable[..., Definitions]
Refused: TypeAlias = Callable[[str, str], str]
THINGS = DatasetKey("bronze.things")


@pytest.mark.parametrize(
    ("annotation", "column", "stored"),
    [
        ("int", "col()", "x: int64"),
        ("Int8", "col()", "x: int8"),
        ("Int16 | None", "col()", "x: int16?"),
        ("Int32", "col()", "x: int32"),
        ("Int64", "col()", "x: int64"),
        ("float", "col()", "x: float64"),
        ("Float32", "col()", "x: float32"),
        ("bool", "col()", "x: bool"),
        ("str", "key()", "x: string"),
        ("Optional[str]", "col()", "x: string?"),
        ("bytes", "col()", "x: binary"),
        ("date", "col()", "x: date"),
        ("datetime", "col()", "x: timestamp"),
        ("datetime | None", "col(tz=None)", "x: timestamp_ntz?"),
        ("Json", "col()", "x: json"),
        ("Decimal", "col(precision=12, scale=2)", "x: decimal(12,2)"),
        ("Decimal", "col(precision=38)", "x: decimal(38,0)"),
        ("list[Decimal]", "col(precision=4, scale=1)", "x: list<decimal(4,1)>"),
        ("list[int | None]", "col()", "x: list<int64?>"),
        ("list[list[str]] | None", "col()", "x: list<list<string>>?"),
        ("Literal['a', 'b']", "col()", "x: string"),
        ("Literal['a', None]", "col()", "x: string?"),
        ("Literal[1, 2]", "col()", "x: int64"),
        ("Annotated[str, 'a remark']", "col()", "x: string"),
        ("int", "col(optional=True)", "x: int64?"),
        ("'Later'", "col()", "x: struct<n: int64, at: timestamp?>"),
        ("list['Later']", "col()", "x: list<struct<n: int64, at: timestamp?>>"),
        ("Optional['Later']", "col()", "x: struct<n: int64, at: timestamp?>?"),
    ],
)
@pytest.mark.parametrize("future", [False, True], ids=["objects", "text"])
def test_an_annotation_says_what_is_stored(
    collected: Collected, annotation: str, column: str, stored: str, *, future: bool
) -> None:
    found = collected(
        f"class Things(Bronze):\n    x: Col[{annotation}] = {column}\n"
        "class Later(Shape):\n    n: Col[int] = col()\n    at: Col[datetime | None] = col()\n",
        future=future,
    )
    assert str(found.datasets[THINGS].schema) == stored


def test_an_enum_is_stored_as_its_values_and_limited_to_them(collected: Collected) -> None:
    found = collected(
        "class Colour(enum.Enum):\n    RED = 'red'\n    BLUE = 'blue'\n"
        "class Things(Bronze):\n    x: Col[Colour] = col()\n"
    )
    assert str(found.datasets[THINGS].schema) == "x: string"
    assert OneOf("x", ("red", "blue")) in found.datasets[THINGS].rules


@pytest.mark.parametrize(
    ("annotation", "named", "remedy"),
    [
        ("Decimal", "`Decimal`", "precision=38, scale=2"),
        ("time", "`time`", "`datetime`"),
        ("timedelta", "`timedelta`", "a number and say its unit"),
        ("uuid.UUID", "`UUID`", "store `str`"),
        ("dict[str, int]", "`dict[str, int]`", "`Json`"),
        ("set[int]", "`set[int]`", "`list[...]`"),
        ("tuple[int, int]", "`tuple[int, int]`", "nested `Shape`"),
        ("list", "`list`", "`list[str]`"),
        ("complex", "`complex`", "two columns"),
        ("object", "`object`", "which type"),
        ("Any", "`Any`", "which type"),
        ("None", "`NoneType`", "where it is not null"),
        ("int | str", "`int | str`", "one type"),
        ("int | str | None", "`int | str | None`", "one type"),
        ("Literal['a', 1]", "`Literal['a', 1]`", "all `str` or all `int`"),
        ("Literal[True]", "`Literal[True]`", "all `str` or all `int`"),
        ("list[Literal['a']]", "`list[Literal['a']]`", "`@check`"),
        ("pl.Int64", "`Int64`", "`Int8` to `Int64`"),
        ("{}", "`{}`", "`Int8` to `Int64`"),
        ("Shape", "`Shape`", "at least one column"),
        ("Node", "`Node`", "cannot hold itself"),
    ],
)
def test_what_cannot_be_stored_exactly_is_refused_with_a_remedy(
    refused: Refused, annotation: str, named: str, remedy: str
) -> None:
    said = refused(
        "FF-101",
        f"class Things(Bronze):\n    x: Col[{annotation}] = col()  # here\n"
        if annotation != "Node"
        else "class Node(Shape):\n    next: Col[list['Node']] = col()  # here\n"
        "class Things(Bronze):\n    x: Col[Node] = col()\n",
    )
    assert named in said
    assert remedy in said


@pytest.mark.parametrize("digits", ["precision=39", "precision=0", "precision=3, scale=4"])
def test_a_decimal_has_at_most_38_digits(refused: Refused, digits: str) -> None:
    said = refused("FF-101", f"class T(Bronze):\n    x: Col[Decimal] = col({digits})  # here\n")
    assert "`precision` is 1 to 38" in said


def test_what_is_wrong_inside_a_struct_is_told_where_it_stands(refused: Refused) -> None:
    said = refused(
        "FF-101",
        "class Line(Shape):\n    price: Col[Decimal] = col()  # here\n"
        "class Orders(Bronze):\n    lines: Col[list[Line]] = col()\n",
    )
    assert "Line.price" in said

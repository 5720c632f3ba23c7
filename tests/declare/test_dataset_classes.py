from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeAlias

import polars as pl
import pytest

from flowforge_assets import Bronze, Col, Shape, Silver, col, key
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.definition import Definitions
from flowforge_assets.declare.describe import describe, key_of
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.declaration import DatasetNameError

Collected: TypeAlias = Callable[..., Definitions]
Problems: TypeAlias = Callable[[str], list[FlowForgeError]]
Refused: TypeAlias = Callable[[str, str], str]


class Odd(Bronze, name="crm.odd", extra="keep", owners="data", tags=["a", "b"]):
    """Columns of names that others use themselves."""

    _dlt_id: Col[str] = key()
    copy: Col[str] = col()
    schema: Col[int] = col(tags="pii", unit="h", doc="a number")
    mro: Col[int | None] = col()
    name: Col[str] = col()
    order_id: Col[int] = col(name="Order ID")


class Place(Shape):
    city: Col[str] = col()


class Here(Place, Silver):
    zip: Col[int] = col()
    city: Col[str] = col(optional=True)


def test_any_column_name_works_on_the_class() -> None:
    names = [expression.meta.output_name() for expression in (Odd.copy, Odd.schema, Odd.order_id)]
    assert names == ["copy", "schema", "Order ID"]
    frame = pl.LazyFrame({"Order ID": [1, 2], "mro": [None, 3]})
    three: object = Odd.mro  # type checkers see what every class has
    assert isinstance(three, pl.Expr)
    assert frame.filter(three.is_not_null()).select(Odd.order_id).collect().item() == 2
    assert describe(Odd).schema.names == ("_dlt_id", "copy", "schema", "mro", "name", "Order ID")


def test_what_a_class_is_told_is_described() -> None:
    found = describe(Odd)
    assert found.key == "bronze.crm.odd"
    assert found.description == "Columns of names that others use themselves."
    assert (found.extra, found.owners, found.tags) == ("keep", ("data",), ("a", "b"))
    column = found.columns[2]
    assert (column.unit, column.doc, column.tags) == ("h", "a number", ("pii",))
    assert describe(Odd) is found


def test_a_shape_gives_its_columns_to_the_classes_below_it() -> None:
    assert str(describe(Here).schema) == "city: string?, zip: int64"


def test_the_class_names_the_dataset() -> None:
    class HTTPLog2Raw(Bronze): ...

    assert key_of(HTTPLog2Raw) == "bronze.http_log2_raw"


def test_a_shape_is_no_dataset() -> None:
    with pytest.raises(DatasetNameError) as caught:
        key_of(Place)
    assert caught.value.code == "FF-105"
    assert caught.value.hint == "subclass `Bronze`, `Silver` or `Gold`; a `Shape` is no dataset"


@pytest.mark.parametrize("name", ["Orders", "a b", "1st", "a..b", "a/b", ".a"])
def test_a_name_that_is_no_lower_case_word_is_refused(refused: Refused, name: str) -> None:
    said = refused("FF-105", f"class Orders(Bronze, name={name!r}): ...  # here\n")
    assert said.startswith(f"`{name}` cannot be the name of a dataset | give it one with `name=")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("x: Col[int]", "`Orders.x` has an annotation but no `col()`"),
        ("x: int = 5", "`Orders.x` has an annotation but no `col()`"),
        ("x: Col[int] = col", "`Orders.x` has an annotation but no `col()`"),
        ("x = col()", "`Orders.x` is not annotated as a column"),
        ("x: int = col()", "write `x: Col[type] = col()`"),
        ("x: Col = col()", "write `x: Col[type] = col()`"),
    ],
)
def test_a_column_needs_annotation_and_col(refused: Refused, line: str, said: str) -> None:
    source = f"class Orders(Bronze):\n    day: Col[date] = col()\n    {line}  # here\n"
    assert said in refused("FF-102", source)


def test_the_columns_of_a_shape_need_both_too(refused: Refused) -> None:
    said = refused(
        "FF-102", "class Base(Shape):\n    x: Col[int]  # here\nclass Orders(Base, Bronze): ...\n"
    )
    assert "`Base.x` has an annotation but no `col()`" in said


def test_a_base_that_is_no_shape_is_refused(refused: Refused) -> None:
    said = refused(
        "FF-102",
        "class Base:\n    x: Col[int] = col()\nclass Orders(Base, Bronze): ...  # here\n",
    )
    assert "`Base`, which declares `x`, is no `Shape` | write `class Base(Shape)`" in said


@pytest.mark.parametrize("other", ["name='A'", "name='a'"])
def test_names_that_differ_in_case_only_are_refused(refused: Refused, other: str) -> None:
    source = f"class T(Bronze):  # here\n    a: Col[int] = col()\n    b: Col[int] = col({other})\n"
    assert "rename one of them with `name=`" in refused("FF-110", source)


def test_a_misspelt_type_is_found_with_the_nearest(refused: Refused) -> None:
    source = "class Airport(Shape):\n    n: Col[int] = col()\n"
    source += "class T(Bronze):\n    a: Col['Airprot'] = col()  # here\n"
    said = refused("FF-103", source)
    assert said == "`Airprot` in the annotation `Airprot` is not known | did you mean `Airport`?"


def test_a_name_that_is_nowhere_asks_for_an_import(refused: Refused) -> None:
    said = refused("FF-103", "class T(Bronze):\n    a: 'Col[Zzz]' = col()  # here\n")
    assert "import it, outside `if TYPE_CHECKING:`, or define it above" in said


@pytest.mark.parametrize(
    ("annotation", "said"),
    [
        ("Col[datetime.dat]", "type object 'datetime.datetime' has no attribute 'dat'"),
        ("Col[", "cannot be read"),
        ("int[str]", "write a type, such as `Frame[Orders]` or `Col[int]`"),
    ],
)
def test_an_annotation_that_cannot_be_read_is_refused(
    refused: Refused, annotation: str, said: str
) -> None:
    source = f"class T(Bronze):\n    a: {annotation!r} = col()  # here\n"
    assert said in refused("FF-103", source)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("extra='keeep'", "did you mean `keep`?"),
        ("fresh=60", "write `timedelta(hours=24)`"),
        ("fresh=timedelta(0)", "`fresh=datetime.timedelta(0)` is no length of time"),
    ],
)
def test_an_option_out_of_range_is_refused(refused: Refused, option: str, said: str) -> None:
    assert said in refused("FF-111", f"class T(Bronze, {option}): ...  # here\n")


def test_a_column_knows_the_names_that_it_had() -> None:
    class Renamed(Bronze):
        number: Col[str] = key(renamed_from="no")
        name: Col[str] = col(name="Name", renamed_from=["label", "title"])
        city: Col[str] = col()

    assert describe(Renamed).renames == {"number": ("no",), "Name": ("label", "title")}


def test_a_column_cannot_have_been_renamed_from_its_own_name() -> None:
    class Same(Bronze):
        number: Col[str] = col(renamed_from="number")

    with pytest.raises(FlowForgeError, match="its own name") as raised:
        describe(Same)
    assert raised.value.code == "FF-110"


def test_a_promise_of_freshness_is_kept(collected: Collected) -> None:
    found = collected("class T(Bronze, fresh=timedelta(hours=6)): ...\n")
    assert found.datasets[DatasetKey("bronze.t")].fresh == timedelta(hours=6)


def test_an_unknown_option_is_the_modules_own_error(problems: Problems) -> None:
    (error,) = problems("class T(Bronze, partitions=None): ...\n")
    assert error.code == "FF-806"
    assert "unexpected keyword argument 'partitions'" in error.message


def test_all_that_is_wrong_with_a_class_is_told_at_once(problems: Problems) -> None:
    found = problems(
        "class T(Bronze):\n    a: Col[set] = col()\n    b: Col[int] = col(ge='x')\n    c: int\n"
    )
    assert [(error.code, error.place.line if error.place else 0) for error in found] == [
        ("FF-101", 3),
        ("FF-104", 4),
        ("FF-102", 5),
    ]


def test_two_classes_of_one_dataset_are_refused(refused: Refused) -> None:
    said = refused(
        "FF-114",
        "class Orders(Bronze): ...\nclass Others(Bronze, name='orders'): ...  # here\n",
    )
    assert "`Others` declares `bronze.orders` again" in said
    assert "`Orders` (shop.py:2) does; rename one, or give it another `name=`" in said


def test_a_class_that_is_declared_again_wins(collected: Collected) -> None:
    source = "class T(Bronze):\n    a: Col[int] = col()\n"
    again = "class T(Bronze):\n    b: Col[int] = col()\n"
    found = collected(
        source + "@asset\ndef early() -> Frame[T]: ...\n" + again + "def unused(): ...\n"
    )
    assert found.datasets[DatasetKey("bronze.t")].schema.names == ("b",)


def test_a_factory_called_twice_without_names_is_refused(problems: Problems) -> None:
    (error,) = problems(
        "def make(country):\n"
        "    class Raw(Bronze): ...\n"
        "    @asset(name=f'load_{country}')\n"
        "    def load() -> Frame[Raw]: ...\n"
        "for country in ('de', 'ch'):\n    make(country)\n"
    )
    assert error.code == "FF-114"
    assert error.hint is not None
    assert "give it another `name=`" in error.hint


def test_a_factory_called_again_with_the_same_values_declares_it_twice(
    collected: Collected,
) -> None:
    found = collected(
        "def make(country):\n"
        "    class Raw(Bronze, name=f'raw_{country}'): ...\n"
        "    @asset(name=f'load_{country}')\n"
        "    def load() -> Frame[Raw]: ...\n"
        "for country in ('de', 'ch', 'de'):\n    make(country)\n"
    )
    ids = sorted(asset.id for asset in found.assets)
    assert ids == ["bronze.raw_ch", "bronze.raw_de", "bronze.raw_de"]  # the graph refuses it


def test_all_that_is_wrong_inside_a_struct_is_told(problems: Problems) -> None:
    found = problems(
        "class Line(Shape):\n    a: Col[set] = col()\n    b: Col[dict] = col()\n"
        "class T(Bronze):\n    lines: Col[list[Line]] = col()\n"
    )
    assert [(error.code, error.place.line if error.place else 0) for error in found] == [
        ("FF-101", 3),
        ("FF-101", 4),
    ]


def test_a_class_without_a_source_is_placed_as_a_whole(problems: Problems) -> None:
    (error,) = problems('exec("class T(Bronze):\\n    a: Col[set] = col()\\n")\n')
    assert str(error.place) == "<string>:1  class T"

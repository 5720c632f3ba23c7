"""Datasets that are made by calls: from columns, from a shape, from a file of schemas."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from flowforge_assets.api import Project
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.definition import Definitions
from flowforge_assets.errors.base import FlowForgeError, Problems
from flowforge_assets.errors.declaration import (
    DuplicateDatasetError,
    SchemaFileError,
    UnhashableValueError,
)
from flowforge_assets.errors.graph import DuplicateAssetError, TwoMakersError

Collected: TypeAlias = Callable[..., Definitions]
Refused: TypeAlias = Callable[[str, str], str]
WriteProject: TypeAlias = Callable[[Mapping[str, str]], Path]

START = """\
from functools import partial

import polars as pl

from flowforge_assets import (
    BadRows, Bronze, Col, Frame, Resource, Shape, Silver, asset, check, col, dataset, key, schemas
)

class Sale(Shape):
    sale: Col[int] = key()
    euros: Col[float] = col(ge=0)

def load(name: str) -> pl.LazyFrame:
    return pl.LazyFrame({"sale": [1], "euros": [2.0]})

def convert(raw: pl.LazyFrame, rate: float) -> pl.LazyFrame:
    return raw.with_columns(euros=Sale.euros * rate)
"""
COUNTRIES = """
RATES = {"de": 1.0, "ch": 1.04, "gb": 1.2}
for cc, rate in RATES.items():
    raw = dataset(f"sales.{cc}", Bronze, like=Sale)
    asset(makes=raw, name=f"load_{cc}")(partial(load, cc))
    clean = dataset(f"sales.{cc}", Silver, like=Sale)
    asset(makes=clean, reads={"raw": raw}, name=f"convert_{cc}")(partial(convert, rate=rate))
"""


@pytest.fixture
def loaded(write_project: WriteProject) -> Callable[..., Project]:
    """The project whose one module starts with `START` and goes on so."""

    def load(source: str, **files: str) -> Project:
        config = '[project]\nname = "sales"\nmodules = ["sales_project"]\n'
        named = {name.replace("_json", ".json"): text for name, text in files.items()}
        root = write_project(
            {"flowforge.toml": config, "sales_project.py": START + source, **named}
        )
        return Project.load(root)

    return load


def test_a_call_declares_what_a_class_statement_does(collected: Collected) -> None:
    found = collected(
        "DAY = Daily(start='2026-01-01')\n"
        "class Orders(Bronze, name='a.orders', partition=DAY.on('day'), extra='keep', tags=['x'],\n"
        "             owners=['me'], fresh=timedelta(1), aliases=['old']):\n    '''Doc.'''\n"
        "    id: Col[int] = key()\n    day: Col[date] = col()\n"
        "    note: Col[str | None] = col()\n    price: Col[Decimal] = col(precision=9, scale=2)\n"
        "    tags: Col[list[str]] = col()\n"
        "by_call = dataset('b.orders', Bronze, partition=DAY.on('day'), extra='keep', tags=['x'],\n"
        "    owners=['me'], fresh=timedelta(1), aliases=['old'], doc='Doc.', columns={\n"
        "        'id': (int, key()), 'day': date, 'note': str | None,\n"
        "        'price': (Decimal, col(precision=9, scale=2)), 'tags': list[str]})\n"
    ).datasets
    by_class, by_call = found[DatasetKey("bronze.a.orders")], found[DatasetKey("bronze.b.orders")]
    for part in ("columns", "schema", "rules", "partitioning", "extra", "tags", "owners", "fresh",
                 "aliases", "description"):  # fmt: skip
        assert getattr(by_call, part) == getattr(by_class, part), part


def test_a_generated_dataset_stands_where_it_was_called_for(collected: Collected) -> None:
    found = collected("\nmade = dataset('orders', Bronze, columns={'id': int})\n")
    (place,) = [each.place for each in found.datasets.values()]
    assert (place.file, place.line, place.text) == ("shop.py", 3, 'dataset("orders")')


def test_columns_are_expressions_and_rows_are_checked_as_of_any_class(collected: Collected) -> None:
    found = collected("made = dataset('orders', Bronze, columns={'id': int, 'note': str | None})\n")
    (definition,) = found.datasets.values()
    cls = definition.cls
    assert cls is not None
    assert str(cls.id) == 'col("id")'  # type: ignore[attr-defined]  # a column of a generated class
    assert vars(cls(id=1, note=None)) == {"id": 1, "note": None}


def test_what_a_function_makes_knows_its_names(collected: Collected) -> None:
    found = collected(
        "def declare(cc):\n"
        "    class Line(Shape):\n        n: Col[int] = col()\n"
        "    made = dataset(f'sales.{cc}', Bronze, columns={'lines': list[Line]})\n"
        "    @asset(makes=made, name=f'load_{cc}')\n    def load(): ...\n"
        "declare('de')\ndeclare('ch')\n",
        future=True,
    )
    assert sorted(found.datasets) == ["bronze.sales.ch", "bronze.sales.de"]
    assert {str(each.schema) for each in found.datasets.values()} == {
        "lines: list<struct<n: int64>>"
    }


def test_forty_countries_of_one_shape_have_its_columns_rules_and_checks(
    loaded: Callable[..., Project],
) -> None:
    source = COUNTRIES.replace(
        '{"de": 1.0, "ch": 1.04, "gb": 1.2}', '{f"c{n}": 1 + n / 100 for n in range(40)}'
    )
    guard = "\n@check\ndef cheap(sales: Frame[Sale]) -> BadRows[Sale]: ...\n"
    graph = loaded(source + guard).graph
    assert len(graph.datasets) == len(graph.assets) == len(graph.checks) == 80
    assert {str(dataset.schema) for dataset in graph.datasets.values()} == {
        "sale: int64, euros: float64"
    }
    assert {len(dataset.rules) for dataset in graph.datasets.values()} == {4}
    assert graph.parents[DatasetKey("silver.sales.c7")] == ("bronze.sales.c7",)


def test_generated_assets_are_checked_as_others_are(loaded: Callable[..., Project]) -> None:
    assert loaded(COUNTRIES).check("layer:silver").errors == ()
    wrong = COUNTRIES.replace("partial(convert, rate=rate)", "partial(spell, rate=rate)")
    spell = "def spell(raw: pl.LazyFrame, rate): return raw.with_columns(euros=pl.lit('a'))\n"
    report = loaded(spell + wrong).check("layer:silver")
    assert [error.code for error in report.errors] == ["FF-303"] * 3


def test_another_partial_argument_makes_only_that_asset_stale(
    loaded: Callable[..., Project],
) -> None:
    project = loaded(COUNTRIES)
    project.run()
    plan = loaded(COUNTRIES.replace('"ch": 1.04', '"ch": 1.05')).plan()
    assert [(step.asset, step.reason) for step in plan.steps] == [("convert_ch", "code")]


def test_three_hundred_tables_come_from_one_checked_in_file(loaded: Callable[..., Project]) -> None:
    file = {f"t{n}": {"id": {"type": "int64", "key": True}, "at": "date?"} for n in range(300)}
    source = (
        "\nfor name, columns in schemas('crm.json').items():\n"
        "    made = dataset(f'crm.{name}', Bronze, columns=columns, extra='keep')\n"
        "    asset(makes=made, name=f'copy_{name}')(partial(load, name))\n"
    )
    datasets = loaded(source, crm_json=json.dumps(file)).graph.datasets
    assert len(datasets) == 300
    assert {str(each.schema) for each in datasets.values()} == {"id: int64, at: date?"}
    assert {each.key_columns for each in datasets.values()} == {("id",)}


def test_a_schema_file_says_all_that_a_column_can(loaded: Callable[..., Project]) -> None:
    file = {
        "orders": {
            "id": {"type": "int64", "key": True, "doc": "the order", "tags": ["id"]},
            "price": {"type": "decimal(9,2)?", "unit": "EUR"},
            "at": "timestamp",
            "wall": "timestamp_ntz?",
            "note": {"type": "string?", "optional": True},
            "small": "int8",
            "ratio": "float32",
            "raw": "json?",
            "lines": "list<struct<sku: string, n: int32?>?>",
        }
    }
    source = "\nmade = dataset('orders', Bronze, columns=schemas('crm.json')['orders'])\n"
    source += "asset(makes=made)(partial(load, 'orders'))\n"
    (found,) = loaded(source, crm_json=json.dumps(file)).graph.datasets.values()
    columns = {column.field.name: column for column in found.columns}
    assert {name: str(column.field) for name, column in columns.items()} == {
        name: f"{name}: {said['type'] if isinstance(said, dict) else said}"
        for name, said in file["orders"].items()
    }
    assert (columns["id"].doc, columns["id"].tags, columns["id"].is_key) == (
        "the order", ("id",), True,
    )  # fmt: skip
    assert columns["price"].unit == "EUR"
    assert columns["note"].field.optional


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("{\n  broken", 2, "`crm.json` is no JSON"),
        ("\xff", 0, "`crm.json` holds no tables"),
        ('["orders"]', 0, "`crm.json` holds no tables"),
        ('{"orders": {}}', 1, "`orders` holds no columns"),
        ('{"orders": "id"}', 1, "`orders` holds no columns"),
        (
            '{"lines": {"id": "date"},\n "orders": {\n"id": "int"}}',
            3,
            "column `id` of `orders`: `int` is no type",
        ),
        ('{"orders": {"id": {"key": true}}}', 1, "column `id` of `orders`: the type ends"),
        (
            '{"orders": {"id":\n {"type": "int64", "nme": 1}}}',
            1,
            "column `id` of `orders`: unknown key `nme`",
        ),
    ],
)
def test_what_is_wrong_in_a_schema_file_is_told(
    write_project: WriteProject, collected: Collected, text: str, line: int, said: str
) -> None:
    text = text if text != "\xff" else '"\xff"'
    write_project({"crm.json": text})
    with pytest.raises(SchemaFileError) as caught:
        collected("schemas('crm.json')\n")
    assert said in caught.value.message
    assert caught.value.hint
    place = caught.value.place
    assert place is not None
    assert (Path(place.file).name, place.line) in {("crm.json", line), ("shop.py", 2)}


def test_all_that_is_wrong_in_a_schema_file_is_told_at_once(
    write_project: WriteProject, collected: Collected
) -> None:
    write_project({"crm.json": '{"orders": {"id": "int",\n"n": "number"},\n"lines": {}}'})
    with pytest.raises(Problems) as caught:
        collected("schemas('crm.json')\n")
    assert [error.place and error.place.line for error in caught.value.errors] == [1, 2, 3]


def test_a_schema_file_that_is_not_there_is_told(collected: Collected) -> None:
    with pytest.raises(SchemaFileError, match="no such file") as caught:
        collected("schemas('crm.json')\n")
    assert "the folder of the module" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("{'id': 'int'}", "the column `id` is `'int'`, which is no type"),
        ("{'id': 7}", "the column `id` is `7`, which is no type"),
        ("{'id': (int, str)}", "which is no type"),
        ("{'id': (int, key(), 1)}", "which is no type"),
    ],
)
def test_a_column_that_is_no_type_is_refused(collected: Collected, columns: str, said: str) -> None:
    with pytest.raises(FlowForgeError) as caught:
        collected(f"made = dataset('orders', Bronze, columns={columns})\n")
    assert caught.value.code == "FF-102"
    assert said in caught.value.message
    assert "(int, key())" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ("makes='bronze.orders'", '`dataset("bronze.orders", Bronze, ...)` gives one'),
        ("makes=['bronze.orders']", "name it by its class"),
        ("reads={'raw': 'bronze.raw'}", "name it by its class"),
    ],
)
def test_text_where_a_class_belongs_is_refused(
    collected: Collected, options: str, hint: str
) -> None:
    with pytest.raises(FlowForgeError) as caught:
        collected(f"@asset({options})\ndef load(raw): ...\n")
    assert caught.value.code == "FF-111"
    assert hint in str(caught.value.hint)


def test_one_name_made_twice_tells_both_places(loaded: Callable[..., Project]) -> None:
    source = "\nfor cc in ('de', 'de'):\n    dataset(f'sales.{cc}', Bronze, like=Sale)\n"
    source += "first = dataset('sales.de', Bronze, like=Sale)\n"
    source += "other = dataset('sales.de', Bronze, like=Sale)\n"
    with pytest.raises(DuplicateDatasetError) as caught:
        loaded(source)
    first = START.count("\n") + 4
    place = caught.value.place
    assert place is not None
    assert place.line == first + 1
    assert f"sales_project.py:{first})" in str(caught.value.hint)


def test_a_factory_that_makes_one_name_twice_is_refused(loaded: Callable[..., Project]) -> None:
    source = COUNTRIES.replace('dataset(f"sales.{cc}", Bronze', 'dataset("sales.all", Bronze')
    with pytest.raises((DuplicateDatasetError, Problems)) as caught:
        loaded(source)
    errors = caught.value.errors if isinstance(caught.value, Problems) else [caught.value]
    assert {type(error) for error in errors} == {DuplicateDatasetError}


def test_two_assets_of_one_generated_dataset_are_refused(loaded: Callable[..., Project]) -> None:
    source = "\nmade = dataset('sales', Bronze, like=Sale)\n"
    source += "asset(makes=made, name='one')(partial(load, 'a'))\n"
    source += "asset(makes=made, name='two')(partial(load, 'b'))\n"
    with pytest.raises(TwoMakersError, match=r"`two` makes `bronze\.sales`, which `one` makes"):
        loaded(source)


def test_two_generated_assets_of_one_name_are_refused(loaded: Callable[..., Project]) -> None:
    source = COUNTRIES.replace('name=f"load_{cc}"', 'name="load_all"')
    with pytest.raises((DuplicateAssetError, Problems)) as caught:
        loaded(source)
    assert "two assets are called `load_all`" in caught.value.render()


def test_a_bound_value_that_cannot_be_hashed_is_refused(loaded: Callable[..., Project]) -> None:
    source = "\nmade = dataset('sales', Bronze, like=Sale)\n"
    source += "asset(makes=made)(partial(load, iter([1])))\n"
    with pytest.raises(UnhashableValueError) as caught:
        loaded(source).plan()
    assert "code_version" in str(caught.value.hint)

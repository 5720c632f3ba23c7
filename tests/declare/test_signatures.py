from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest

from flowforge_assets.declare.definition import AssetDefinition, Definitions
from flowforge_assets.declare.mapping import All, Has, Lag, Latest, Same, Window
from flowforge_assets.errors.base import FlowForgeError

Collected: TypeAlias = Callable[..., Definitions]
Problems: TypeAlias = Callable[[str], list[FlowForgeError]]
Refused: TypeAlias = Callable[[str, str], str]
CLASSES = (
    "DAY = Daily(start='2026-01-01')\n"
    "class Raw(Bronze, partition=DAY.on('day')):\n    day: Col[date] = col()\n"
    "class Clean(Silver, partition=DAY.on('day')):\n    day: Col[date] = col()\n"
    "class Client(Resource): ...\n"
)


def one(found: Definitions) -> AssetDefinition:
    (asset,) = found.assets
    return asset


@pytest.mark.parametrize("future", [False, True], ids=["objects", "text"])
def test_a_signature_is_the_wiring(collected: Collected, *, future: bool) -> None:
    asset = one(
        collected(
            CLASSES + "@asset\ndef clean(raw: Frame[Raw], old: Table[Raw], each: Rows[Raw], "
            "stream: Arrow['Raw'], day: date, client: Client, ctx: Context, rate: float = 1.0, "
            "plain=3) -> Frame[Clean]:\n    '''Cleans.'''\n",
            future=future,
        )
    )
    assert [(read.parameter, read.dataset, read.form) for read in asset.inputs] == [
        ("raw", "bronze.raw", "frame"),
        ("old", "bronze.raw", "table"),
        ("each", "bronze.raw", "rows"),
        ("stream", "bronze.raw", "arrow"),
    ]
    assert [(key.parameter, key.column, key.is_set) for key in asset.keys] == [
        ("day", "day", False)
    ]
    assert {name: cls.__name__ for name, cls in asset.resources.items()} == {"client": "Client"}
    assert (asset.context, asset.id, asset.description) == ("ctx", "silver.clean", "Cleans.")


@pytest.mark.parametrize(
    ("annotation", "mapping", "optional"),
    [
        ("Frame[Raw]", Same(), False),
        ("Frame[Raw] | None", Same(), True),
        ("Optional[Frame[Raw]]", Same(), True),
        ("Annotated[Frame[Raw], All()]", All(), False),
        ("Annotated[Frame[Raw], 'a remark', Lag(2)]", Lag(2), False),
        ("Annotated[Frame[Raw], Window(-1)] | None", Window(-1), True),
        ("Annotated[Frame[Raw] | None, Latest()]", Latest(), True),
        ("Annotated[Frame['Raw'], Has(missing='skip')]", Has("skip"), False),
        ("Optional['Frame[Raw]']", Same(), True),
    ],
)
@pytest.mark.parametrize("future", [False, True], ids=["objects", "text"])
def test_a_mapping_stands_on_the_annotation(
    collected: Collected, annotation: str, mapping: object, *, optional: bool, future: bool
) -> None:
    source = CLASSES + f"@asset\ndef clean(raw: {annotation}) -> Frame[Clean]: ...\n"
    (read,) = one(collected(source, future=future)).inputs
    assert (read.mapping, read.optional) == (mapping, optional)


def test_a_name_local_to_a_factory_is_known_in_its_annotations(collected: Collected) -> None:
    found = collected(
        "def make(layer, name):\n"
        "    class Line(Shape):\n        n: Col[int] = col()\n"
        "    class Made(layer, name=name):\n        lines: Col[list[Line]] = col()\n"
        "    @asset(name=f'make_{name}')\n"
        "    def made() -> Frame[Made]: ...\n"
        "    @check(name=f'check_{name}')\n"
        "    def all_there(made: Frame[Made]) -> BadRows[Made]: ...\n"
        "make(Bronze, 'a')\nmake(Silver, 'b')\n",
        future=True,
    )
    assert [(asset.name, asset.id) for asset in found.assets] == [
        ("make_a", "bronze.a"),
        ("make_b", "silver.b"),
    ]
    assert [check.guards for check in found.checks] == ["bronze.a", "silver.b"]


def test_a_partial_gives_what_it_binds(collected: Collected) -> None:
    found = collected(
        CLASSES + "def load(table, day: date, *, rate, **rest: Any) -> Frame[Raw]: ...\n"
        "asset(functools.partial(load, 'orders', rate=2, more=1))\n"
    )
    assert [key.parameter for key in one(found).keys] == ["day"]
    assert one(found).name == "load"


def test_a_loop_of_partials_declares_one_asset_each(collected: Collected) -> None:
    found = collected(
        "class A(Bronze): ...\nclass B(Bronze): ...\n"
        "def load(cls, table): ...\n"
        "for cls, table in ((A, 'a'), (B, 'b')):\n"
        "    asset(makes=cls)(functools.partial(load, cls, table))\n"
    )
    assert [asset.id for asset in found.assets] == ["bronze.a", "bronze.b"]


def test_generated_datasets_are_named_by_options(collected: Collected) -> None:
    found = collected(
        CLASSES + "@asset(makes=[Clean], reads={'raw': Raw})\ndef clean(raw, rate=2): ...\n"
    )
    assert one(found).id == "silver.clean"
    assert [read.dataset for read in one(found).inputs] == ["bronze.raw"]


def test_a_wrapped_function_has_the_signature_that_was_written(collected: Collected) -> None:
    found = collected(
        CLASSES + "def logged(f):\n    @functools.wraps(f)\n"
        "    def inner(*args, **kwargs):\n        return f(*args, **kwargs)\n    return inner\n"
        "@asset\n@logged\ndef clean(raw: Frame[Raw]) -> Frame[Clean]: ...\n"
    )
    assert [read.parameter for read in one(found).inputs] == ["raw"]


def test_a_static_method_is_a_function(collected: Collected) -> None:
    found = collected(
        CLASSES + "class Assets:\n    @asset\n    @staticmethod\n"
        "    def clean(raw: Frame[Raw]) -> Frame[Clean]: ...\n"
    )
    assert one(found).name == "clean"


def test_a_function_that_is_declared_again_wins(collected: Collected) -> None:
    found = collected(
        CLASSES + "@asset\ndef clean(raw: Frame[Raw]) -> Frame[Clean]: ...\n"
        "@asset\ndef clean(day: date) -> Frame[Clean]: ...\n"
    )
    assert one(found).inputs == ()


def test_the_place_of_an_asset_shows_its_signature(collected: Collected) -> None:
    asset = one(collected(CLASSES + "@asset\ndef clean(raw: Frame[Raw]) -> Frame[Clean]: ...\n"))
    assert str(asset.place) == "shop.py:8  clean(raw: Frame[Raw])"


@pytest.mark.parametrize(
    ("code", "signature", "said"),
    [
        ("FF-107", "(raw) -> Frame[Clean]", "parameter `raw` of `clean` has no annotation"),
        ("FF-107", "(self, raw: Frame[Raw]) -> Frame[Clean]", "declare it outside its class"),
        ("FF-107", "(raw: Frame[Raw])", "`clean` does not say what it returns"),
        ("FF-108", "(raw: Frame[Raw]) -> None", "`clean` returns `None`, which is no dataset"),
        ("FF-108", "(raw: Frame[Raw]) -> pl.LazyFrame", "annotate it with `-> Frame[D]`"),
        ("FF-108", "(raw: Frame[Raw]) -> Frame", "say of which dataset: `Frame[D]`"),
        ("FF-108", "(raw: Frame[Raw]) -> Table[int]", "`int` is no dataset"),
        ("FF-108", "(raw: Frame[Raw]) -> Frame[Silver]", "`Silver` is no dataset"),
        ("FF-108", "(raw: Frame[Raw]) -> Frame[Clean] | None", "which is no dataset"),
        ("FF-108", "(raw: Frame[Raw]) -> BadRows[Clean]", "which is no dataset"),
        ("FF-109", "(raw: pl.LazyFrame) -> Frame[Clean]", "`raw: LazyFrame` cannot be given"),
        ("FF-109", "(raw: Frame) -> Frame[Clean]", "say of which dataset: `Frame[D]`"),
        ("FF-109", "(raw: Frame[Shape]) -> Frame[Clean]", "`Shape` is no dataset"),
        ("FF-109", "(raw: Frame[Raw] | Table[Raw]) -> Frame[Clean]", "cannot be given a value"),
        ("FF-109", "(raw: None) -> Frame[Clean]", "`raw: None` cannot be given a value"),
        ("FF-109", "(n: int) -> Frame[Clean]", "write `Frame[D]` (or `Table`, `Rows`, `Arrow`)"),
        ("FF-109", "(raw: Annotated[Frame[Raw], All]) -> Frame[Clean]", "call it: `Annotated["),
        ("FF-109", "(raw: Frame[Raw], /) -> Frame[Clean]", "leave out the `/`"),
        ("FF-109", "(*raws: Frame[Raw]) -> Frame[Clean]", "a parameter of its own"),
        ("FF-103", "(raw: 'Frame[Rwa]') -> Frame[Clean]", "did you mean `Raw`?"),
        ("FF-103", "(raw: Frame[Raw]) -> 'Frame[Claen]'", "did you mean `Clean`?"),
        ("FF-103", "(raw: 'Frame[') -> Frame[Clean]", "cannot be read"),
    ],
)
def test_a_signature_that_says_nothing_is_refused(
    refused: Refused, code: str, signature: str, said: str
) -> None:
    assert said in refused(code, f"{CLASSES}@asset  # here\ndef clean{signature}: ...\n")


def test_all_that_is_wrong_with_a_signature_is_told_at_once(problems: Problems) -> None:
    found = problems(CLASSES + "@asset\ndef clean(a, b: int): ...\n")
    assert [error.code for error in found] == ["FF-107", "FF-107", "FF-109"]
    assert {error.place.text for error in found if error.place} == {"clean(a, b: int)"}


@pytest.mark.parametrize(
    ("code", "signature", "said"),
    [
        ("FF-107", "(raw: Frame[Raw])", "the check `good` does not say what it returns"),
        ("FF-107", "(raw) -> BadRows[Raw]", "parameter `raw` of `good` has no annotation"),
        ("FF-108", "(raw: Frame[Raw]) -> Frame[Raw]", "annotate it with `-> BadRows[D]`"),
        ("FF-108", "(raw: Frame[Raw]) -> BadRows[int]", "annotate it with `-> BadRows[D]`"),
        ("FF-117", "() -> BadRows[Raw]", "the frame that it guards: `flights: Frame[Flights]`"),
        ("FF-117", "(raw: Rows[Raw]) -> BadRows[Raw]", "`good` guards no dataset"),
        ("FF-117", "(raw: Frame[Raw]) -> BadRows[Clean]", "`BadRows[Raw]`"),
        ("FF-109", "(raw: Frame[Raw], day: date) -> BadRows[Raw]", "cannot be given `day`"),
        ("FF-109", "(raw: Frame[Raw], c: Client) -> BadRows[Raw]", "cannot be given `c`"),
        ("FF-109", "(raw: Frame[Raw], c: Context) -> BadRows[Raw]", "cannot be given `c`"),
        ("FF-103", "(raw: Frame[Raw]) -> 'BadRows[Rwa]'", "did you mean `Raw`?"),
        ("FF-103", "(raw: Frame[Raw]) -> BadRows['Rwa']", "did you mean `Raw`?"),
    ],
)
def test_a_check_that_guards_nothing_is_refused(
    refused: Refused, code: str, signature: str, said: str
) -> None:
    assert said in refused(code, f"{CLASSES}@check  # here\ndef good{signature}: ...\n")


def test_a_check_guards_the_dataset_of_its_first_parameter(collected: Collected) -> None:
    found = collected(
        CLASSES + "class Dated(Shape):\n    day: Col[date] = col()\n"
        "class Other(Dated, Gold): ...\n"
        "@check(name='dates', blocking=False)\n"
        "def good(other: Frame[Other], raw: Frame[Raw]) -> BadRows[Dated]:\n    '''Doc.'''\n"
    )
    (check,) = found.checks
    assert (check.name, check.guards, check.blocking) == ("dates", "gold.other", False)
    assert check.description == "Doc."
    assert [read.dataset for read in check.inputs] == ["gold.other", "bronze.raw"]


def test_what_a_partial_binds_may_be_positional_only(collected: Collected) -> None:
    source = CLASSES + "def clean(table, /, raw: Frame[Raw], *rest) -> Frame[Clean]: ...\n"
    found = collected(source + "asset(functools.partial(clean, 'a'))\n")
    assert [read.parameter for read in one(found).inputs] == ["raw"]

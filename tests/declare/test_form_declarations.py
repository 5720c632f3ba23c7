"""Files, several outputs, what was before and jobs elsewhere, as signatures say them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeAlias

import pytest

from flowforge_assets.declare.definition import AssetDefinition, Definitions
from flowforge_assets.declare.mapping import Lag, Latest, Same
from flowforge_assets.errors.declaration import FormMismatchError

Collected: TypeAlias = Callable[..., Definitions]
Refused: TypeAlias = Callable[[str, str], str]
CLASSES = (
    "DAY = Daily(start='2026-01-01')\n"
    "class Raw(Bronze, partition=DAY.on('day')):\n"
    "    id: Col[int] = key()\n    day: Col[date] = col()\n"
    "class Clean(Silver, partition=DAY.on('day')):\n"
    "    id: Col[int] = key()\n    day: Col[date] = col()\n"
    "class Other(Silver, partition=DAY.on('day')):\n"
    "    id: Col[int] = key()\n    day: Col[date] = col()\n"
    "class Model(Artifact, suffix='.pkl'): ...\n"
    "class Page(Artifact, suffix='.html', layer=Silver, partition=DAY): ...\n"
)


def one(found: Definitions) -> AssetDefinition:
    (asset,) = found.assets
    return asset


@pytest.mark.parametrize("future", [False, True], ids=["objects", "text"])
def test_an_artifact_is_a_dataset_without_columns(collected: Collected, *, future: bool) -> None:
    found = collected(
        CLASSES + "@asset\ndef train(day: date, out: Path, last: Annotated[File[Model], Latest()],"
        " before: Annotated[File['Page'], Lag(1)] | None) -> File[Page]: ...\n"
        "@asset\ndef model() -> File[Model]: ...\n",
        future=future,
    )
    train = next(asset for asset in found.assets if asset.name == "train")
    assert [(r.parameter, r.dataset, r.form, r.mapping, r.optional) for r in train.inputs] == [
        ("last", "gold.model", "file", Latest(), False),
        ("before", "silver.page", "file", Lag(1), True),
    ]
    assert [(made.dataset, made.form) for made in train.makes] == [("silver.page", "file")]
    assert train.out == "out"
    model, page = found.datasets["gold.model"], found.datasets["silver.page"]  # type: ignore[index]  # a key is text
    assert (model.kind, model.suffix, model.columns) == ("artifact", ".pkl", ())
    assert [dimension.column for dimension in page.partitioning.dimensions] == ["day"]


def test_an_artifact_says_of_itself_what_a_table_does(collected: Collected) -> None:
    found = collected(
        "class Model(Artifact, name='churn.model', layer=Bronze, owners='me@here', tags=['ml'],\n"
        "            aliases=['old_model']):\n    '''A model.'''\n"
        "@asset\ndef model() -> File[Model]: ...\n"
    )
    (model,) = found.datasets.values()
    assert (model.key, model.aliases) == ("bronze.churn.model", ("bronze.old_model",))
    assert (model.owners, model.tags, model.description) == (("me@here",), ("ml",), "A model.")


def test_several_outputs_stand_in_the_order_of_the_tuple(collected: Collected) -> None:
    asset = one(
        collected(
            CLASSES + "@asset\n"
            "def load(out: Path, day: date) -> tuple[Frame[Raw], File[Page], Table[Clean]]: ...\n"
        )
    )
    assert [(made.dataset, made.form) for made in asset.makes] == [
        ("bronze.raw", "frame"),
        ("silver.page", "file"),
        ("silver.clean", "table"),
    ]
    assert (asset.id, asset.is_routed) == ("bronze.raw", False)


@pytest.mark.parametrize("future", [False, True], ids=["objects", "text"])
def test_rows_of_several_classes_are_routed(collected: Collected, *, future: bool) -> None:
    source = CLASSES + "@asset\ndef load(day: date) -> Rows[Raw | Clean | Other]: ...\n"
    asset = one(collected(source, future=future))
    assert [made.dataset for made in asset.makes] == ["bronze.raw", "silver.clean", "silver.other"]
    assert {made.form for made in asset.makes} == {"rows"}
    assert asset.is_routed


def test_what_was_before_is_an_input_of_its_own_output(collected: Collected) -> None:
    source = CLASSES + "@asset\ndef load(day: date, before: Before[Raw]) -> Frame[Raw]: ...\n"
    (read,) = one(collected(source)).inputs
    assert (read.dataset, read.form, read.mapping) == ("bronze.raw", "before", Same())


def test_a_job_is_told_where_to_read_and_write(collected: Collected) -> None:
    source = (
        CLASSES + "@asset(in_place=True)\n"
        "def job(day: date, raw: Ref[Raw], to: Out[Clean]) -> Written[Clean]: ...\n"
        "@asset\ndef load(day: date) -> Frame[Raw]: ...\n"
    )
    job = next(asset for asset in collected(source).assets if asset.name == "job")
    assert [(read.parameter, read.form) for read in job.inputs] == [("raw", "ref")]
    assert [(made.dataset, made.form) for made in job.makes] == [("silver.clean", "written")]
    assert (dict(job.outs), job.in_place) == ({"to": "silver.clean"}, True)


def test_a_source_says_when_it_is_due(collected: Collected) -> None:
    source = (
        CLASSES + "def etag(): ...\n"
        "@asset(schedule=timedelta(hours=6), version=etag)\n"
        "def load(day: date) -> Frame[Raw]: ...\n"
    )
    asset = one(collected(source))
    assert asset.schedule == timedelta(hours=6)
    assert asset.version is not None


def test_an_external_dataset_is_made_by_no_asset(collected: Collected) -> None:
    found = collected(
        CLASSES + "external(Raw, at='elsewhere/raw')\n"
        "@asset\ndef clean(raw: Frame[Raw]) -> Frame[Clean]: ...\n"
    )
    raw = found.datasets["bronze.raw"]  # type: ignore[index]  # a key is text
    assert raw.external is not None
    assert raw.external.at == "elsewhere/raw"


@pytest.mark.parametrize(
    ("signature", "said"),
    [
        ("a(x: Frame[Model]) -> Frame[Raw]", "`Frame[Model]`: `Model` is an artifact | an artif"),
        ("a(x: Table[Model]) -> Frame[Raw]", "`Table[Model]`: `Model` is an artifact"),
        ("a(x: Ref[Model]) -> Frame[Raw]", "`Ref[Model]`: `Model` is an artifact"),
        ("a(x: File[Clean]) -> Frame[Raw]", "`File[Clean]`: `Clean` is a table | a table is read"),
        ("a() -> Frame[Model]", "write `File[Model]`"),
        ("a() -> File[Raw]", "`File[Raw]`: `Raw` is a table"),
        ("a(x: Out[Raw]) -> Frame[Raw]", "`x` of `a` is where `bronze.raw` is written | return"),
        ("a(x: Out[Clean]) -> Written[Raw]", "`x` of `a` is where `silver.clean` is written"),
        ("a() -> Written[Raw]", "`a` returns `bronze.raw` as written, but has no place to write"),
        ("a(x: Before[Clean]) -> Frame[Raw]", "`x` of `a` is `Before` of what it does not make"),
    ],
)
def test_a_dataset_in_a_form_that_it_does_not_have_is_refused(
    problems: Callable[[str], list[object]], signature: str, said: str
) -> None:
    found = problems(f"{CLASSES}@asset\ndef {signature}: ...\n")
    assert all(isinstance(error, FormMismatchError) for error in found)
    shown = [f"{e.message} | {e.hint}" for e in found if isinstance(e, FormMismatchError)]
    assert any(said in each for each in shown)


@pytest.mark.parametrize(
    ("code", "source", "said"),
    [
        (
            "FF-108",
            "@asset  # here\ndef a() -> tuple[Frame[Raw], Table[Raw]]: ...\n",
            "`a` makes `bronze.raw` twice | name each dataset once",
        ),
        (
            "FF-108",
            "@asset  # here\ndef a() -> tuple[Rows[Raw | Clean], Frame[Other]]: ...\n",
            "`a` returns rows of several datasets in a tuple | return `Rows[A | B]` alone",
        ),
        (
            "FF-108",
            "@asset  # here\ndef a() -> Rows[Raw | int]: ...\n",
            "`a` returns `Rows[",
        ),
        (
            "FF-108",
            "@asset  # here\ndef a() -> tuple[Frame[Raw], int]: ...\n",
            "which is no dataset",
        ),
        (
            "FF-108",
            "@asset  # here\ndef a() -> Before[Raw]: ...\n",
            "`a` returns `Before[Raw]`",
        ),
        (
            "FF-109",
            "@asset  # here\ndef a(out: Path) -> Frame[Raw]: ...\n",
            "`out: Path` of `a` is a folder for files, and it makes none | return `File[D]`",
        ),
        (
            "FF-109",
            "@asset  # here\ndef a(out: Path, more: Path) -> File[Model]: ...\n",
            "`more: Path` cannot be given a value",
        ),
        (
            "FF-109",
            "@asset  # here\ndef a(x: Rows[Raw | Clean]) -> Frame[Other]: ...\n",
            "cannot be given a value",
        ),
        (
            "FF-109",
            "@asset  # here\ndef a(x: Written[Raw]) -> Frame[Other]: ...\n",
            "cannot be given a value",
        ),
        (
            "FF-111",
            "@asset(write='append')  # here\ndef a(out: Path) -> File[Model]: ...\n",
            "`a` makes a file, and files are only overwritten | leave out `write='append'`",
        ),
        (
            "FF-111",
            "class Bad(Artifact, suffix='pkl'): ...  # here\n@asset\ndef a() -> File[Bad]: ...\n",
            "`suffix='pkl'` is no ending of a file's name | write it with its dot",
        ),
        (
            "FF-111",
            "class Bad(Artifact, suffix='/../x'): ...  # here\n@asset\ndef a() -> File[Bad]: ...\n",
            "`suffix='/../x'` is no ending of a file's name",
        ),
        (
            "FF-111",
            "@asset(in_place=True)  # here\ndef a() -> Frame[Raw]: ...\n",
            "`in_place` of `a` is for jobs elsewhere | return `Written[D]`, or leave it out",
        ),
        (
            "FF-105",
            "class Bad(Artifact, name='Bad'): ...  # here\n@asset\ndef a() -> File[Bad]: ...\n",
            "`Bad` cannot be the name of a dataset",
        ),
        (
            "FF-109",
            (
                "@asset\ndef a(day: date) -> Frame[Raw]: ...\n@asset\ndef m() -> File[Model]: ...\n"
                "@check  # here\ndef c(raw: Frame[Raw], model: File[Model]) -> BadRows[Raw]: ...\n"
            ),
            "the check `c` cannot be given `model` | a check takes frames",
        ),
    ],
)
def test_what_a_signature_cannot_mean_is_refused(
    refused: Refused, code: str, source: str, said: str
) -> None:
    assert said in refused(code, CLASSES + source)

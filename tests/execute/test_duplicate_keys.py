"""Rows that are written by key and share one: refused with examples, before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flowforge_assets import Bronze, Col, Daily, Frame, Project, Silver, asset, col, key
from flowforge_assets.declare.asset import Write
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.run import DuplicateKeysError
from pipelines import Function, pipeline

DAY = Daily(start="2026-01-01", end="2026-01-02")
STORES = pytest.mark.parametrize("store", ["memory", "delta", "parquet"])
KEYS: dict[int, list[tuple[int, str]]] = {}


class Raw(Bronze, partition=DAY.on("day")):
    id: Col[int] = col()
    mail: Col[str] = col()
    day: Col[date] = col()


@asset
def raw(day: date) -> Frame[Raw]:
    rows = KEYS.get(day.day, [])
    schema = {"id": pl.Int64, "mail": pl.String}
    return pl.LazyFrame(rows, schema=schema, orient="row").with_columns(day=pl.lit(day))


class Users(Silver):
    id: Col[int] = key()
    mail: Col[str] = col(regex=".*@.*")


class States(Silver):
    id: Col[int] = key()
    mail: Col[str] = col()
    since: Col[datetime] = col(valid_from=True)
    until: Col[datetime | None] = col(valid_to=True)


class Mails(Silver):
    id: Col[int] = key()
    mail: Col[str] = key(tags="pii")


@asset(write="merge", latest="mail", per=DAY)
def merged(raw: Frame[Raw]) -> Frame[Users]:
    return raw.drop("day")


@asset(write="insert", per=DAY, name="inserted")
def inserted(raw: Frame[Raw]) -> Frame[Users]:
    return raw.drop("day")


@asset(write="scd2", per=DAY)
def states(raw: Frame[Raw]) -> Frame[States]:
    return raw.drop("day")


@asset(write="merge", per=DAY)
def mails(raw: Frame[Raw]) -> Frame[Mails]:
    return raw.drop("day")


@pytest.fixture(autouse=True)
def keys() -> None:
    KEYS.clear()
    KEYS[1] = [(0, "a@x")]
    KEYS[2] = [(7, "a@x"), (8, "b@x"), (7, "c@x"), (1, "d@x")]


def refused(tmp_path: Path, made: Function, *, store: str = "memory") -> FlowForgeError:
    """Why the second day is not written, of which then nothing is there."""
    p = pipeline(tmp_path, raw, made, store=store)
    (error,) = p.run().errors
    (table,) = (p.table(d.cls) for key, d in p.graph.datasets.items() if key != "bronze.raw")  # type: ignore[arg-type]  # all have classes
    assert table.scan().select("id").collect().rows() == [(0,)]
    return error


@STORES
@pytest.mark.parametrize("made", [merged, inserted, states], ids=lambda made: made.__name__)
def test_rows_of_one_key_are_refused_with_examples(
    store: str, made: Function, tmp_path: Path
) -> None:
    error = refused(tmp_path, made, store=store)
    assert isinstance(error, DuplicateKeysError)
    assert error.message.endswith("in 2026-01-02 share 1 key: `id=7`")
    assert error.message.startswith("2 rows of `silver.")
    assert error.place is not None


def test_at_most_three_keys_are_shown(tmp_path: Path) -> None:
    KEYS[2] = [(n // 2, "a@x") for n in range(2, 12)]
    error = refused(tmp_path, merged)
    shown = "share 5 keys: `id=1`, `id=2`, `id=3` and 2 more"
    assert error.message == f"10 rows of `silver.users` in 2026-01-02 {shown}"


def test_of_a_key_that_is_personal_no_value_is_shown(tmp_path: Path) -> None:
    KEYS[2] = [(7, "secret@x"), (7, "secret@x"), (7, "other@x"), (7, "other@x")]
    error = refused(tmp_path, mails)
    assert error.message.endswith("share 2 keys: `id=7, mail=***`")


def test_the_hint_says_how_to_keep_the_last(tmp_path: Path) -> None:
    error = refused(tmp_path, merged)
    assert error.hint is not None
    assert error.hint.endswith('`rows.sort("mail").unique(["id"], keep="last")`')


def test_other_rules_that_are_broken_are_told_beside(tmp_path: Path) -> None:
    KEYS[2].append((5, "no mail"))
    p = pipeline(tmp_path, raw, merged)
    assert [error.code for error in p.run().errors] == ["FF-710", "FF-742"]


@pytest.mark.parametrize("write", ["merge", "insert", "scd2"])
def test_where_bad_rows_are_set_aside_the_first_of_a_key_is_written(
    write: Write, tmp_path: Path
) -> None:
    target: Any = States if write == "scd2" else Users  # Any: an annotation

    @asset(write=write, per=DAY, bad_rows="quarantine")
    def made(raw: Frame[Raw]) -> Frame[target]:
        return raw.drop("day")

    p = pipeline(tmp_path, raw, made)
    assert p.run().errors == ()
    kept = p.table(target).scan().select("id", "mail").collect().rows()
    assert sorted(kept) == [(0, "a@x"), (1, "d@x"), (7, "a@x"), (8, "b@x")]


def test_a_long_value_is_cut(tmp_path: Path) -> None:
    class Long(Silver):
        id: Col[int] = col()
        mail: Col[str] = key()

    @asset(write="merge", per=DAY)
    def long(raw: Frame[Raw]) -> Frame[Long]:
        return raw.drop("day")

    KEYS[2] = [(1, "`" + "x" * 60), (2, "`" + "x" * 60)]
    assert refused(tmp_path, long).message.endswith(f"`mail='{'x' * 39}...`")


def test_a_query_is_told_how_to_keep_the_last(
    write_project: Callable[[Mapping[str, str]], Path],
) -> None:
    root = write_project(
        {
            "flowforge.toml": '[project]\nname = "crm"\n',
            "assets/bronze/users.csv": "id,seen\n1,5\n1,6\n",
            "assets/silver/users.sql": '/*\nwrite = "merge"\nkey = ["id"]\nlatest = "seen"\n*/\n'
            "SELECT id, seen FROM bronze.users",
        }
    )
    (error,) = Project.load(root).run().errors
    assert (error.code, error.message) == (
        "FF-742",
        "2 rows of `silver.users` share 1 key: `id=1`",
    )
    assert error.hint is not None
    order = "PARTITION BY id ORDER BY seen DESC"
    assert error.hint.endswith(f"`QUALIFY row_number() OVER ({order}) = 1`")

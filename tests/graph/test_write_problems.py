"""What is said of a way of writing that does not fit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import polars as pl
import pytest

from flowforge_assets import (
    Before,
    Bronze,
    Col,
    Context,
    Daily,
    Frame,
    Hourly,
    Monthly,
    Out,
    Ref,
    Resource,
    Rows,
    Silver,
    Weekly,
    Written,
    asset,
    col,
    key,
)
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.asset import DECLARED, Write
from flowforge_assets.declare.definition import Definitions
from flowforge_assets.declare.describe import describe
from flowforge_assets.declare.signature import read_asset
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.graph.build import build_graph
from flowforge_assets.graph.writes import write_problems

HOUR = Hourly(start="2026-01-01T00")
DAY = Daily(start="2026-01-01")
WEEK = Weekly(start="2026-01-05")
MONTH = Monthly(start="2026-01")


class Raw(Bronze, partition=HOUR.on("hour")):
    id: Col[int] = col()
    hour: Col[datetime] = col()


class Plain(Silver):
    id: Col[int] = col()


class Keyed(Silver):
    id: Col[int] = key()


class Dated(Silver):
    id: Col[int] = key()
    since: Col[datetime] = col(valid_from=True)
    until: Col[datetime | None] = col(valid_to=True)


class WrongTypes(Silver):
    id: Col[int] = key()
    since: Col[int] = col(valid_from=True)
    until: Col[datetime] = col(valid_to=True)


class Twice(Silver):
    id: Col[int] = key()
    since: Col[datetime] = col(valid_from=True)
    also: Col[datetime] = col(valid_from=True)
    until: Col[datetime | None] = col(valid_to=True)


class PerDay(Silver, partition=DAY.on("day")):
    id: Col[int] = key()
    day: Col[date] = col()


class PerWeek(Silver, partition=WEEK.on("week")):
    id: Col[int] = key()
    week: Col[date] = col()


class Api(Resource):
    pass


@asset
def raw(hour: datetime) -> Frame[Raw]:
    return pl.LazyFrame({"id": [1], "hour": [hour]})


def problems(*functions: Callable[..., Any]) -> list[FlowForgeError]:
    """What is wrong with how these assets write."""
    classes: dict[DatasetKey, type] = {}
    declared = {id(each.function): each for each in DECLARED.values()}
    assets = [read_asset(declared[id(function)], classes) for function in (raw, *functions)]
    datasets = {key: describe(cls) for key, cls in classes.items()}
    found = list(write_problems(build_graph(Definitions(datasets, tuple(assets)))))
    assert all(problem.place for problem in found)
    return found


def said(*functions: Callable[..., Any]) -> list[tuple[str, str]]:
    """The code and hint of each problem of these assets."""
    return [(problem.code, problem.hint or "") for problem in problems(*functions)]


@pytest.mark.parametrize("write", ["merge", "insert"])
def test_what_is_written_by_key_needs_one(write: Write) -> None:
    @asset(write=write)
    def made(raw: Frame[Raw]) -> Frame[Plain]:
        return raw

    hint = "declare what tells its rows apart: `order_id: Col[int] = key()`"
    assert said(made) == [("FF-209", hint)]


def test_states_need_their_columns() -> None:
    @asset(write="scd2")
    def made(raw: Frame[Raw]) -> Frame[Keyed]:
        return raw

    assert said(made) == [
        (
            "FF-210",
            "declare one in `silver.keyed`: `since: Col[datetime] = col(valid_from=True)`",
        ),
        (
            "FF-210",
            "declare one in `silver.keyed`: `since: Col[datetime | None] = col(valid_to=True)`",
        ),
    ]


def test_a_snapshot_needs_its_time() -> None:
    @asset(write="snapshot")
    def made(raw: Frame[Raw]) -> Frame[Plain]:
        return raw

    assert [code for code, _ in said(made)] == ["FF-210"]


def test_columns_of_a_writer_need_one_that_makes_them() -> None:
    @asset
    def made(raw: Frame[Raw]) -> Frame[Dated]:
        return raw

    hint = 'write it with `write="scd2"` or `"snapshot"`, or return the column'
    assert said(made) == [("FF-210", hint)] * 2


def test_columns_of_a_writer_hold_times() -> None:
    @asset(write="scd2")
    def made(raw: Frame[Raw]) -> Frame[WrongTypes]:
        return raw

    assert said(made) == [
        ("FF-210", "declare it `since: Col[datetime] = col(valid_from=True)`"),
        ("FF-210", "declare it `until: Col[datetime | None] = col(valid_to=True)`"),
    ]


def test_a_writer_makes_a_column_once() -> None:
    @asset(write="scd2")
    def made(raw: Frame[Raw]) -> Frame[Twice]:
        return raw

    assert said(made) == [("FF-210", "leave one of them")]


def test_steps_of_an_overwrite_hold_whole_partitions() -> None:
    @asset(per=HOUR)
    def hours(raw: Frame[Raw]) -> Frame[PerDay]:
        return raw

    @asset(per=MONTH)
    def weeks(raw: Frame[Raw]) -> Frame[PerWeek]:
        return raw

    hint = 'let a step hold whole partitions, or say `write="merge"` or `"append"`'
    assert said(hours, weeks) == [("FF-211", hint)] * 2


def test_steps_of_an_overwrite_may_hold_several_partitions() -> None:
    @asset(per=MONTH)
    def made(raw: Frame[Raw]) -> Frame[PerDay]:
        return raw

    assert said(made) == []


def test_two_dimensions_of_steps_do_not_cut_one_of_partitions() -> None:
    @asset(per=DAY.on("day") * Monthly(start="2026-01").on("month"))
    def made(raw: Frame[Raw]) -> Frame[PerDay]:
        return raw

    assert [code for code, _ in said(made)] == ["FF-211"]


def test_steps_of_what_is_not_cut_cannot_overwrite_it() -> None:
    @asset(per=DAY)
    def made(raw: Frame[Raw]) -> Frame[Plain]:
        return raw

    assert [code for code, _ in said(made)] == ["FF-211"]


def test_rows_that_land_anywhere_need_no_cover() -> None:
    @asset(per=HOUR, write="merge")
    def made(raw: Frame[Raw]) -> Frame[PerDay]:
        return raw

    assert said(made) == []


def test_a_view_takes_frames_alone() -> None:
    @asset(write="view")
    def by_key(day: date, raw: Frame[Raw]) -> Frame[PerDay]:
        return raw

    @asset(write="view")
    def with_resource(raw: Frame[Raw], api: Api) -> Frame[Plain]:
        return raw

    @asset(write="view")
    def in_context(raw: Frame[Raw], context: Context) -> Frame[Keyed]:
        return raw

    @asset(write="view", bad_rows="quarantine")
    def with_bad_rows(raw: Frame[Raw]) -> Frame[PerWeek]:
        return raw

    found = said(by_key, with_resource, in_context, with_bad_rows)
    assert [code for code, _ in found] == ["FF-214"] * 4


def test_a_view_has_made_nothing_before() -> None:
    @asset(write="view")
    def grown(raw: Frame[Raw], before: Before[Plain]) -> Frame[Plain]:
        return raw

    (error,) = problems(grown)
    assert error.code == "FF-214"
    assert "`Before`" in error.message


def test_a_view_of_nothing_or_of_two_is_none() -> None:
    @asset(write="view")
    def nothing() -> Frame[Plain]:
        return pl.LazyFrame({"id": [1]})

    @asset(write="view")
    def two(raw: Frame[Raw]) -> tuple[Frame[Keyed], Frame[PerDay]]:
        return raw, raw

    found = said(nothing, two)
    assert [code for code, _ in found] == ["FF-214"] * 2


class Changed(Silver):
    id: Col[int] = key()
    label: Col[str | None] = col(name="the label")
    is_new: Col[bool] = col()
    at: Col[datetime | None] = col()


def problem_of_merge(
    *, write: Write = "merge", latest: str | None = None, deletes: str | None = None
) -> tuple[str, str, str]:
    """The code, message and hint of what is wrong with a merge; empty where nothing is."""

    @asset(write=write, latest=latest, deletes=deletes)
    def changed(raw: Frame[Raw]) -> Frame[Changed]:
        return raw

    found = problems(changed)
    return (found[0].code, found[0].message, found[0].hint or "") if found else ("", "", "")


def test_a_merge_may_tell_the_newest_row_and_those_to_remove() -> None:
    assert problem_of_merge(latest="at", deletes="_deleted") == ("", "", "")
    assert problem_of_merge(latest="the label") == ("", "", "")


@pytest.mark.parametrize(
    ("latest", "said", "hint"),
    [
        ("att", "which `silver.changed` does not store", "did you mean `at`"),
        ("label", "which `silver.changed` does not store", "its stored name is `the label`"),
        ("zzz", "which `silver.changed` does not store", "name the stored column"),
        ("id", "which is its key", "says how new a row is"),
        ("is_new", "which is bool, and cannot tell", "a time, a date, a number or a text"),
    ],
)
def test_a_column_that_cannot_tell_the_newest_row_is_refused(
    latest: str, said: str, hint: str
) -> None:
    code, message, remedy = problem_of_merge(latest=latest)
    assert code == "FF-221"
    assert said in message
    assert hint in remedy


def test_a_mark_of_removal_that_is_stored_is_refused() -> None:
    code, message, _ = problem_of_merge(deletes="is_new")
    assert code == "FF-221"
    assert "which `silver.changed` stores" in message


@pytest.mark.parametrize("option", ["latest", "deletes"])
def test_what_only_a_merge_can_use_is_refused_elsewhere(option: str) -> None:
    code, message, hint = problem_of_merge(write="append", **{option: "at_"})
    assert code == "FF-220"
    assert 'is for `write="merge"`, and it writes `append`' in message
    assert option in hint


def test_rows_of_a_class_cannot_carry_a_mark_of_removal() -> None:
    @asset(write="merge", deletes="_deleted", lazy=False)
    def changed(raw: Frame[Raw]) -> Rows[Changed]:
        return []

    assert [(each.code, each.hint) for each in problems(changed)] == [
        ("FF-220", "return a frame: `-> Frame[D]` or `Table[D]`")
    ]


def test_a_job_that_writes_in_place_merges_by_itself() -> None:
    @asset(write="merge", latest="at", in_place=True)
    def changed(raw: Ref[Raw], out: Out[Changed]) -> Written[Changed]:
        return out.written()

    assert [(each.code, each.hint) for each in problems(changed)] == [
        ("FF-220", "let the job heed it")
    ]

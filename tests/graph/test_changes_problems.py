"""What is said of changes that are read where rows would be lost or doubled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

import polars as pl
import pytest

from flowforge_assets import (
    Before,
    Bronze,
    Changes,
    Col,
    Daily,
    Deletes,
    Frame,
    Gold,
    Hourly,
    Lag,
    Partitions,
    Silver,
    asset,
    col,
    key,
)
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.asset import DECLARED
from flowforge_assets.declare.definition import AssetDefinition, Definitions
from flowforge_assets.declare.describe import describe
from flowforge_assets.declare.keys import with_key_columns
from flowforge_assets.declare.signature import read_asset
from flowforge_assets.errors.declaration import ParameterFormError
from flowforge_assets.errors.incremental import ChangesReadError
from flowforge_assets.graph.build import build_graph
from flowforge_assets.graph.writes import write_problems

DAY = Daily(start="2026-01-01")
HOUR = Hourly(start="2026-01-01T00")


class Raw(Bronze):
    id: Col[int] = key()
    state: Col[str] = col()


class View(Silver):
    id: Col[int] = key()
    state: Col[str] = col()


class Dated(Bronze, partition=DAY.on("day")):
    day: Col[date] = col()


class Out(Gold):
    id: Col[int] = key()
    state: Col[str] = col()


class Other(Gold):
    id: Col[int] = key()
    state: Col[str] = col()


class Days(Gold, partition=DAY.on("day")):
    day: Col[date] = col()


@asset
def raw() -> Frame[Raw]:
    return pl.LazyFrame()


@asset
def days(day: date) -> Frame[Dated]:
    return pl.LazyFrame()


@asset(write="view")
def view(raw: Frame[Raw]) -> Frame[View]:
    return raw


def said(*functions: Callable[..., Any]) -> list[tuple[str, str]]:
    """What is wrong with the last of some assets, and what to do."""
    by_function = {id(each.function): each for each in DECLARED.values()}
    classes: dict[DatasetKey, type] = {}
    found: list[AssetDefinition] = []
    for function in functions:
        read = read_asset(by_function[id(function)], classes)
        steps = read.per or describe(classes[read.id]).partitioning
        found.append(with_key_columns(read, steps.dimensions))
    datasets = {name: describe(cls) for name, cls in classes.items()}
    graph = build_graph(Definitions(datasets, tuple(found)))
    problems = [each for each in write_problems(graph) if isinstance(each, ChangesReadError)]
    return [(each.message.partition(": ")[2], each.hint or "") for each in problems]


def test_an_overwrite_by_changes_alone_is_refused() -> None:
    @asset
    def out(raw: Changes[Raw]) -> Frame[Out]:
        return raw

    [(why, hint)] = said(raw, out)
    assert why == "it replaces all that is there by them"
    assert 'write="merge"' in hint
    assert "Before[D]" in hint


def test_an_overwrite_that_takes_what_was_before_is_meant() -> None:
    @asset
    def out(before: Before[Out], raw: Changes[Raw]) -> Frame[Out]:
        return pl.concat([before, raw])

    assert said(raw, out) == []


def test_a_view_is_of_all_rows() -> None:
    @asset(write="view")
    def out(raw: Changes[Raw]) -> Frame[Out]:
        return raw

    [(why, _)] = said(raw, out)
    assert why == "a view is of all rows"


def test_a_view_has_no_changes() -> None:
    @asset(write="merge")
    def out(view: Changes[View]) -> Frame[Out]:
        return view

    [(why, hint)] = said(raw, view, out)
    assert (why, hint) == (
        "it is a view, which stores no rows", "read the changes of what the view reads"
    )  # fmt: skip


def test_changes_make_one_dataset() -> None:
    @asset(write="merge")
    def out(raw: Changes[Raw]) -> tuple[Frame[Out], Frame[Other]]:
        return raw, raw

    [(why, hint)] = said(raw, out)
    assert why.startswith("it makes several datasets")
    assert hint == "make each in an asset of its own"


def test_changes_of_its_own_output_are_refused() -> None:
    @asset(write="merge")
    def out(out: Changes[Out]) -> Frame[Out]:
        return out

    [(why, _)] = said(out)
    assert why == "it makes them itself"


def test_changes_take_no_mapping() -> None:
    @asset(write="append")
    def out(rows: Annotated[Changes[Dated], Lag(1)]) -> Frame[Days]:
        return rows

    [(why, _)] = said(days, out)
    assert why == "`Lag` would give rows again"


def test_a_set_of_keys_reads_each_partition_once() -> None:
    @asset(write="append", per=HOUR)
    def out(rows: Changes[Dated]) -> Frame[Days]:
        return rows

    @asset(write="append")
    def sets(rows: Changes[Dated], days: Partitions[date]) -> Frame[Days]:
        return rows

    assert said(days, sets) == []
    assert said(days, out) == []


def test_the_mark_of_removed_rows_is_no_column_of_the_dataset() -> None:
    @asset(write="merge")
    def out(rows: Annotated[Changes[Raw], Deletes("state")]) -> Frame[Out]:
        return rows

    [(why, hint)] = said(raw, out)
    assert why == "it has a column `state` itself"
    assert "Deletes" in hint


def test_deletes_stand_beside_changes_alone() -> None:
    @asset
    def out(rows: Annotated[Frame[Raw], Deletes("gone")]) -> Frame[Out]:
        return rows

    with pytest.raises(ParameterFormError, match="`Frame`, which has no removed rows"):
        said(raw, out)


def test_deletes_are_called() -> None:
    @asset
    def out(rows: Annotated[Changes[Raw], Deletes]) -> Frame[Out]:
        return rows

    with pytest.raises(ParameterFormError) as caught:
        said(raw, out)
    assert caught.value.hint == "call it: `Annotated[Changes[D], Deletes(...)]`"

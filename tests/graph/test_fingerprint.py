from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import timedelta
from importlib.metadata import version
from typing import Any

import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint
from flowforge_assets.core.partition import Dimension, Partitioning, TimeExtent
from flowforge_assets.core.rule import Bound
from flowforge_assets.core.schema import Field, Plain, Schema
from flowforge_assets.declare.definition import (
    AssetDefinition,
    CheckDefinition,
    ColumnDefinition,
    DatasetDefinition,
    Definitions,
    Input,
    Output,
)
from flowforge_assets.declare.mapping import Lag, Same
from flowforge_assets.declare.policy import Retries
from flowforge_assets.declare.resource import Resource
from flowforge_assets.errors.base import Place, Problems
from flowforge_assets.errors.declaration import UnhashableValueError
from flowforge_assets.graph.build import build_graph
from flowforge_assets.graph.fingerprint import SQL_ENGINE, fingerprints
from flowforge_assets.project.source import SourceCache
from tests.graph.small_graphs import asset, dataset

RAW, ORDERS = DatasetKey("bronze.raw"), DatasetKey("silver.orders")
SOURCES = SourceCache()


def clean(raw: object) -> object:
    return raw


def clean_otherwise(raw: object) -> object:
    return raw, 1


class Api(Resource):
    def fetch(self) -> int:
        return 1


class OtherApi(Resource):
    def fetch(self) -> int:
        return 2


LOADER = replace(asset("load", RAW), function=clean)
CLEANER = replace(asset("clean", ORDERS, RAW), function=clean)
MADE = replace(
    dataset(ORDERS),
    partitioning=Partitioning((Dimension("day", "day"),), (TimeExtent("2026-01-01"),)),
)
CHECK = CheckDefinition(
    name="no_gaps",
    guards=ORDERS,
    inputs=(Input("orders", ORDERS, "frame", Same()),),
    function=clean,
    place=Place("shop.py", 9),
)


def fingerprint(
    made: DatasetDefinition = MADE,
    maker: AssetDefinition = CLEANER,
    *checks: CheckDefinition,
) -> Fingerprint:
    graph = build_graph(
        Definitions({RAW: dataset(RAW), ORDERS: made}, (LOADER, maker), tuple(checks))
    )
    found = fingerprints(
        graph, [ORDERS], sources=SOURCES, modules={__name__}, sql_digest=lambda _: "of the query"
    )
    return found[ORDERS]


def changed(one: Fingerprint, two: Fingerprint) -> set[str]:
    return {
        field.name for field in fields(one) if getattr(one, field.name) != getattr(two, field.name)
    }


@pytest.mark.parametrize(
    ("parts", "options"),
    [
        ({"code"}, {"function": clean_otherwise}),
        ({"code"}, {"code_version": "1"}),
        ({"code"}, {"resources": {"api": Api}}),
        ({"config"}, {"bad_rows": "quarantine"}),
        ({"config"}, {"max_bad": 0.5}),
        ({"config"}, {"makes": (Output(ORDERS, "table"),)}),
        ({"config"}, {"inputs": (Input(RAW, RAW, "table", Same()),)}),
        ({"config"}, {"inputs": (Input(RAW, RAW, "frame", Lag(1)),)}),
        (set(), {"name": "tidy"}),
        (set(), {"retries": Retries(3)}),
        (set(), {"timeout": timedelta(seconds=3)}),
        (set(), {"tags": ("slow",)}),
        (set(), {"description": "What it makes."}),
        (set(), {"lazy": False}),
        (set(), {"place": Place("other.py", 3)}),
    ],
)
def test_an_option_changes_its_part_of_the_fingerprint(
    parts: set[str], options: dict[str, Any]
) -> None:
    assert changed(fingerprint(), fingerprint(MADE, replace(CLEANER, **options))) == parts


@pytest.mark.parametrize(
    ("counts", "options"),
    [
        (True, {"schema": Schema((Field("id", Plain("int32")),))}),
        (True, {"schema": Schema((Field("id", Plain("int64"), nullable=True),))}),
        (True, {"schema": Schema((Field("id", Plain("int64"), optional=True),))}),
        (True, {"rules": (Bound("id", ">=", 0),)}),
        (True, {"extra": "keep"}),
        (True, {"partitioning": Partitioning((), ())}),
        (False, {"columns": (ColumnDefinition("id", Field("id", Plain("int64")), unit="EUR"),)}),
        (False, {"description": "Orders."}),
        (False, {"owners": ("me",)}),
        (False, {"tags": ("pii",)}),
        (False, {"fresh": timedelta(days=1)}),
        (False, {"partitioning": replace(MADE.partitioning, extents=(TimeExtent("2025-01-01"),))}),
    ],
)
def test_only_what_is_promised_of_the_rows_counts(counts: bool, options: dict[str, Any]) -> None:  # noqa: FBT001
    parts = {"schema"} if counts else set[str]()
    assert changed(fingerprint(), fingerprint(replace(MADE, **options))) == parts


@pytest.mark.parametrize(
    ("counts", "options"),
    [
        (True, {"function": clean_otherwise}),
        (True, {"name": "others"}),
        (False, {"description": "What it finds."}),
    ],
)
def test_a_check_that_blocks_counts(counts: bool, options: dict[str, Any]) -> None:  # noqa: FBT001
    one = fingerprint(MADE, CLEANER, CHECK)
    assert changed(fingerprint(), one) == {"schema"}
    two = fingerprint(MADE, CLEANER, replace(CHECK, **options))
    assert changed(one, two) == ({"schema"} if counts else set())


def test_a_check_that_only_reports_does_not_count() -> None:
    assert fingerprint(MADE, CLEANER, replace(CHECK, blocking=False)) == fingerprint()


def test_the_class_of_a_resource_counts() -> None:
    one = replace(CLEANER, resources={"api": Api})
    two = replace(CLEANER, resources={"api": OtherApi})
    assert changed(fingerprint(MADE, one), fingerprint(MADE, two)) == {"code"}


def test_a_code_version_stands_for_the_code() -> None:
    one = replace(CLEANER, code_version="1")
    assert fingerprint(MADE, one) == fingerprint(MADE, replace(one, function=clean_otherwise))
    assert changed(fingerprint(MADE, one), fingerprint(MADE, replace(one, code_version="2")))


def test_a_query_is_hashed_by_its_own_layer_and_its_engine_counts() -> None:
    query = asset("clean", ORDERS, RAW, sql=True)
    found = fingerprint(MADE, query)
    assert (found.code, found.engine) == ("of the query", SQL_ENGINE)
    assert changed(found, fingerprint()) == {"code", "engine"}


def test_the_engine_is_the_major_version_that_is_installed() -> None:
    installed = version("duckdb").partition(".")[0]
    assert f"duckdb {installed}" == SQL_ENGINE


def holding(value: object) -> Callable[[object], object]:
    return lambda raw: (raw, value)


def test_all_code_that_cannot_be_hashed_is_told_at_once() -> None:
    assets = [
        replace(asset(name, f"gold.{name}"), function=holding(sys.stdout), place=Place("a.py", at))
        for at, name in enumerate(["one", "two"], 1)
    ]
    graph = build_graph(Definitions({a.id: dataset(a.id) for a in assets}, tuple(assets)))
    with pytest.raises(Problems) as caught:
        fingerprints(
            graph, graph.assets, sources=SOURCES, modules={__name__}, sql_digest=lambda _: ""
        )
    assert [type(error) for error in caught.value.errors] == [UnhashableValueError] * 2
    assert [error.place for error in caught.value.errors] == [Place("a.py", 1), Place("a.py", 2)]
    assert all('code_version="1"' in (error.hint or "") for error in caught.value.errors)


def test_a_check_that_cannot_be_hashed_is_told_at_its_own_place() -> None:
    with pytest.raises(UnhashableValueError) as caught:
        fingerprint(MADE, CLEANER, replace(CHECK, function=holding(sys.stdout)))
    assert caught.value.place == CHECK.place
    assert "code_version" not in (caught.value.hint or "")

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import UNPARTITIONED
from flowforge_assets.core.schema import Schema
from flowforge_assets.declare.definition import (
    AssetDefinition,
    DatasetDefinition,
    Definitions,
    External,
    Input,
    Output,
)
from flowforge_assets.declare.mapping import Same
from flowforge_assets.errors.base import Place
from flowforge_assets.errors.graph import ExternalMadeError, SourceScheduleError
from flowforge_assets.graph.build import build_graph
from flowforge_assets.graph.sources import cron_fault

RATES, REPORT = DatasetKey("bronze.rates"), DatasetKey("gold.report")
HERE = Place("shop.py", 7)
RATES_GIVEN = DatasetDefinition(
    RATES, (), Schema(()), (), UNPARTITIONED, HERE, external=External("rates", None, HERE)
)
PULL = AssetDefinition("pull", (Output(RATES, "frame"),), HERE)
SUM_UP = AssetDefinition(
    "sum_up", (Output(REPORT, "frame"),), HERE, inputs=(Input("rates", RATES, "frame", Same()),)
)


def made_here(*assets: AssetDefinition) -> Definitions:
    datasets = {
        key: DatasetDefinition(key, (), Schema(()), (), UNPARTITIONED, HERE)
        for asset in assets
        for key in [output.dataset for output in asset.makes]
    }
    return Definitions(datasets, assets)


def test_what_is_external_may_be_read() -> None:
    definitions = made_here(SUM_UP)
    graph = build_graph(replace(definitions, datasets={**definitions.datasets, RATES: RATES_GIVEN}))
    assert graph.parents[REPORT] == ()
    assert RATES not in graph.maker


def test_an_external_dataset_has_no_maker_here() -> None:
    with pytest.raises(
        ExternalMadeError, match=r"makes `bronze\.rates`, which is declared external"
    ):
        build_graph(Definitions({RATES: RATES_GIVEN}, (PULL,)))


@pytest.mark.parametrize("told", [{"schedule": timedelta(1)}, {"version": lambda: 1}])
def test_what_has_inputs_has_no_schedule(told: dict[str, object]) -> None:
    asset = replace(SUM_UP, **told)  # type: ignore[arg-type]  # either field
    with pytest.raises(SourceScheduleError, match=r"and reads `bronze\.rates`") as caught:
        build_graph(made_here(PULL, asset))
    assert caught.value.place == HERE


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it has 0 fields, not 5"),
        ("* * * * * *", "it has 6 fields, not 5"),
        ("61 * * * *", "bad minute"),
        ("0 0 31 2 *", "bad day-of-month"),
    ],
)
def test_a_cron_text_that_cannot_be_read_is_refused(text: str, why: str) -> None:
    with pytest.raises(SourceScheduleError, match=why):
        build_graph(made_here(replace(PULL, schedule=text)))


def test_a_cron_text_of_five_fields_is_read() -> None:
    assert cron_fault("*/5 6-18 * * MON-FRI") is None


def of_a_day(day: int) -> int:
    return day


def of_today(day: int = 1) -> int:
    return day


def test_the_version_of_an_external_dataset_asks_for_resources_alone() -> None:
    given = replace(RATES_GIVEN, external=External("rates", of_a_day, HERE))
    with pytest.raises(SourceScheduleError, match=r"external `bronze\.rates` .* `day`"):
        build_graph(Definitions({RATES: given}, ()))
    fine = replace(RATES_GIVEN, external=External("rates", of_today, HERE))
    assert build_graph(Definitions({RATES: fine}, ())).maker == {}

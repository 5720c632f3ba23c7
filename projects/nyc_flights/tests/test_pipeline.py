"""The whole project, made once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets import Project

PROJECT = Path(__file__).parents[1]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project with all made, in a folder that is not its own."""
    loaded = Project.load(PROJECT, folder=tmp_path_factory.mktemp("lake"))
    assert not loaded.run().errors
    return loaded


def test_all_assets_keep_their_promises_without_data(project: Project) -> None:
    report = project.check()
    assert (report.assets, report.errors) == (17, ())


def test_nothing_is_left_to_make(project: Project) -> None:
    assert not project.plan().steps


def test_no_flight_is_lost_on_the_way(project: Project) -> None:
    flights = project.read("silver.flights")
    assert flights.height == 336_776
    for dataset in ("carrier_delays", "on_time_league", "route_performance"):
        assert project.read(f"gold.{dataset}")["flights"].sum() == flights.height, dataset


def test_report_of_an_impossible_wind_is_set_aside(project: Project) -> None:
    weather = project.read("silver.weather")
    assert weather.height == 26_115 - 1
    assert weather["wind_speed"].max() == pytest.approx(42.58, abs=0.005)


def test_trend_of_a_day_counts_the_week_that_ends_with_it(project: Project) -> None:
    week = project.read("gold.carrier_delays", "2013-02-07..2013-02-13")
    trend = project.read("gold.carrier_trend", "2013-02-13")
    assert trend["flights"].sum() == week["flights"].sum()


def test_trend_of_the_first_day_counts_that_day(project: Project) -> None:
    assert project.read("gold.carrier_trend", "2013-01-01")["flights"].sum() == 842


def test_wet_and_stormy_hours_are_the_worst(project: Project) -> None:
    effect = project.read("gold.weather_effect").sort("mean_delay")
    best, worst = effect.row(0, named=True), effect.row(-1, named=True)
    assert (best["wind_from"], best["is_wet"]) == (0, False)
    assert (worst["wind_from"], worst["is_wet"]) == (30, True)


def test_league_of_a_month_ranks_by_punctuality(project: Project) -> None:
    flights = project.read("silver.flights", "2013-02-01..2013-02-28").filter(carrier="UA")
    league = project.read("gold.on_time_league", "2013-02").sort("rank")
    united = league.row(by_predicate=pl.col("carrier") == "UA", named=True)
    on_time = (flights["arrival_delay"] < 15).fill_null(value=False)
    assert united["month"] == date(2013, 2, 1)
    assert united["on_time_share"] == pytest.approx(on_time.mean())
    assert league["on_time_share"].is_sorted(descending=True)


def test_routes_have_the_speed_of_an_airliner(project: Project) -> None:
    routes = project.read("gold.route_performance")
    assert routes["speed"].drop_nulls().is_between(100, 600).all()
    assert routes.row(by_predicate=pl.col("flights") == 11_262, named=True)["destination"] == "LAX"


def test_age_of_planes_leaves_out_unknown_planes(project: Project) -> None:
    built = project.read("silver.planes").filter(pl.col("built").is_not_null())
    known = project.read("silver.flights").join(built, on="tail_number", how="semi")
    assert project.read("gold.plane_age")["flights"].sum() == known.height

"""Gold assets in Python, and the one in SQL that has a class."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

import polars as pl

from flowforge_assets import Frame, Window, asset, sql_asset
from nyc_flights.datasets.gold import CarrierDelays, CarrierTrend, OnTimeLeague, WeatherEffect
from nyc_flights.datasets.silver import Flights, Weather

STRONG_WIND: Final = 30

sql_asset("on_time_league.sql", makes=OnTimeLeague, warehouse=True)


@asset
def carrier_delays(flights: Frame[Flights]) -> Frame[CarrierDelays]:
    delay = Flights.departure_delay
    return (
        flights.group_by("day", "carrier")
        .agg(
            flights=pl.len(),
            cancelled=Flights.is_cancelled.sum(),
            diverted=Flights.is_diverted.sum(),
            mean_delay=delay.mean(),
            median_delay=delay.median(),
            p90_delay=delay.quantile(0.9, "linear"),
        )
        .sort("day", "carrier")
    )


@asset
def carrier_trend(
    day: date, week: Annotated[Frame[CarrierDelays], Window(-6, 0)]
) -> Frame[CarrierTrend]:
    """A day reads itself and the six before it, the first days as many as there are."""
    departed = CarrierDelays.flights - CarrierDelays.cancelled
    total_delay = (CarrierDelays.mean_delay * departed).sum()
    return (
        week.group_by("carrier")
        .agg(
            flights=CarrierDelays.flights.sum(),
            cancelled_share=CarrierDelays.cancelled.sum() / CarrierDelays.flights.sum(),
            mean_delay=pl.when(departed.sum() > 0).then(total_delay / departed.sum()),
        )
        .with_columns(day=pl.lit(day))
        .sort("carrier")
    )


@asset
def weather_effect(flights: Frame[Flights], weather: Frame[Weather]) -> Frame[WeatherEffect]:
    """Each flight with the weather of its scheduled hour; hours without a report are left out."""
    wind_from = (Weather.wind_speed // 10 * 10).clip(upper_bound=STRONG_WIND).cast(pl.Int64)
    return (
        flights.with_columns(hour=Flights.scheduled_departure.dt.truncate("1h"))
        .join(weather.filter(Weather.wind_speed.is_not_null()), on=["origin", "hour"])
        .group_by(wind_from=wind_from, is_wet=Weather.precipitation > 0)
        .agg(
            flights=pl.len(),
            cancelled_share=Flights.is_cancelled.mean(),
            mean_delay=Flights.departure_delay.mean(),
        )
        .sort("wind_from", "is_wet")
    )

"""Checks of whole rows, beside the rules of single columns."""

from __future__ import annotations

from flowforge_assets import BadRows, Frame, check
from nyc_flights.datasets.gold import CarrierDelays
from nyc_flights.datasets.silver import Flights, Weather


@check
def flight_takes_longer_than_its_time_in_the_air(flights: Frame[Flights]) -> BadRows[Flights]:
    """From gate to gate is more than from runway to runway: a wrong time zone would show here."""
    minutes = (Flights.arrival - Flights.departure).dt.total_minutes()
    return flights.filter(minutes < Flights.air_time)


@check
def cancelled_flight_has_no_times(flights: Frame[Flights]) -> BadRows[Flights]:
    has_time = Flights.departure.is_not_null() | Flights.arrival.is_not_null()
    return flights.filter(Flights.is_cancelled & has_time)


@check(blocking=False)
def weather_report_is_complete(weather: Frame[Weather]) -> BadRows[Weather]:
    """Only reported: a station fails now and then, and the flights do not wait for it."""
    return weather.filter(Weather.temperature.is_null() | Weather.wind_speed.is_null())


@check
def delays_are_in_order(delays: Frame[CarrierDelays]) -> BadRows[CarrierDelays]:
    return delays.filter(
        (CarrierDelays.median_delay > CarrierDelays.p90_delay)
        | (CarrierDelays.cancelled > CarrierDelays.flights)
    )

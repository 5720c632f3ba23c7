"""Queries that functions return, as users write them."""

from __future__ import annotations

from datetime import date

from sqlglot import column, exp, select

from flowforge_assets import Col, Daily, Gold, Param, Silver, Sql, col, key, sql_asset

DAY = Daily("2026-01-01")


class Rides(Silver, partition=DAY.on("day")):
    day: Col[date] = col()
    city: Col[str] = col()
    km: Col[float] = col()


class CityDays(Gold, partition=DAY.on("day")):
    day: Col[date] = key()
    city: Col[str] = key()
    km: Col[float] = col()


class Cities(Gold):
    city: Col[str] = key()
    km: Col[float] = col()


def rounded(name: str) -> exp.Expr:
    return exp.func("round", column(name), exp.Literal.number(1))


@sql_asset
def cities(rides: Sql[Rides]) -> Sql[Cities]:
    return f"SELECT city, sum(km) AS km FROM {rides} GROUP BY city"


@sql_asset(write="merge", retries=2, warehouse=True, dialect="snowflake", tags=["sums"])
def city_days(rides: Sql[Rides], day: Param[date]) -> Sql[CityDays]:
    return select("day", "city", rounded("km")).from_(rides).where(f"day = {day}")


@sql_asset(makes=Cities, name="other")
def by_name() -> str:
    return "SELECT city, km FROM silver.rides"


@sql_asset  # error: it gives no SQL
def numbers(rides: Sql[Rides]) -> int:
    return len(str(rides))


@sql_asset(dialect="tsql")  # error: not read here
def odd() -> Sql[Cities]:
    return "SELECT 1"


text: str | exp.Expr = cities("silver.rides")

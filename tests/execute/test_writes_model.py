"""Any sequence of steps leaves what a plain dictionary would hold."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowforge_assets import Bronze, Col, Daily, Frame, Silver, asset, col, key
from pipelines import Pipeline, pipeline

DAY = Daily(start="2026-01-01", end="2026-01-05")
DAYS = [date(2026, 1, day) for day in range(1, 6)]
Delivery = dict[str, str | None]
DELIVERED: dict[date, Delivery] = {}


class Raw(Bronze, partition=DAY.on("day")):
    user: Col[str] = col()
    city: Col[str | None] = col()
    day: Col[date] = col()


class Merged(Silver):
    user: Col[str] = key()
    city: Col[str | None] = col()


class Inserted(Silver):
    user: Col[str] = key()
    city: Col[str | None] = col()


class States(Silver):
    user: Col[str] = key()
    city: Col[str | None] = col()
    since: Col[datetime] = col(valid_from=True)
    until: Col[datetime | None] = col(valid_to=True)


@asset
def raw(day: date) -> Frame[Raw]:
    rows = DELIVERED[day]
    columns = {"user": list(rows), "city": list(rows.values())}
    schema = {"user": pl.String, "city": pl.String}
    return pl.LazyFrame(columns, schema=schema).with_columns(day=pl.lit(day))


@asset(write="merge", per=DAY)
def merged(raw: Frame[Raw]) -> Frame[Merged]:
    return raw.drop("day")


@asset(write="insert", per=DAY)
def inserted(raw: Frame[Raw]) -> Frame[Inserted]:
    return raw.drop("day")


@asset(write="scd2", per=DAY)
def states(raw: Frame[Raw]) -> Frame[States]:
    return raw.drop("day")


def modelled() -> tuple[set[object], set[object], set[object]]:
    """What the three tables hold after all days, in order."""
    last: Delivery = {}
    first: Delivery = {}
    known: dict[str, list[list[object]]] = {}
    for day in DAYS:
        at = datetime(day.year, day.month, day.day, tzinfo=UTC)
        for user, city in DELIVERED[day].items():
            last[user] = city
            first.setdefault(user, city)
            past = known.setdefault(user, [])
            if past and past[-1][1] == city:
                continue
            if past:
                past[-1][3] = at
            past.append([user, city, at, None])
    flat: set[object] = {tuple(state) for past in known.values() for state in past}
    return set(last.items()), set(first.items()), flat


def held(p: Pipeline) -> tuple[set[object], set[object], set[object]]:
    return tuple(set(p.table(cls).scan().collect().rows()) for cls in (Merged, Inserted, States))  # type: ignore[return-value]  # of three


DELIVERIES = st.lists(
    st.dictionaries(
        st.sampled_from(["ann", "bob", "cem"]), st.sampled_from(["Bern", "Chur", None])
    ),
    min_size=len(DAYS),
    max_size=len(DAYS),
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    deliveries=DELIVERIES,
    cuts=st.sets(st.integers(1, 4)),
    store=st.sampled_from(["memory", "delta", "parquet"]),
)
def test_steps_in_any_number_of_runs_leave_what_the_model_holds(
    deliveries: list[Delivery], cuts: set[int], store: str
) -> None:
    DELIVERED.clear()
    DELIVERED.update(zip(DAYS, deliveries, strict=True))
    with tempfile.TemporaryDirectory() as folder:
        p = pipeline(Path(folder), raw, merged, inserted, states, store=store)
        begin = 0
        for end in [*sorted(cuts), len(DAYS)]:
            p.run(partitions=f"{DAYS[begin]}..{DAYS[end - 1]}")
            begin = end
        assert held(p) == modelled()
        again = p.run(["silver.merged", "silver.inserted", "silver.states"], force=True)
        assert again.status == "succeeded"
        assert held(p)[1:] == modelled()[1:]
        rebuilt = p.run(["silver.merged", "silver.inserted", "silver.states"], rebuild=True)
        assert rebuilt.status == "succeeded"
        assert held(p) == modelled()
        assert not p.plan().steps

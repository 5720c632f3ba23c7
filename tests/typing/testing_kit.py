"""Tests as a user writes them: what type checkers know of the testing kit."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, assert_type

import polars as pl

from flowforge_assets import (
    Artifact,
    Bronze,
    Col,
    Daily,
    File,
    Frame,
    Gold,
    Hourly,
    Lag,
    Project,
    Resource,
    Shape,
    Silver,
    Table,
    asset,
    col,
    key,
)
from flowforge_assets.testing import Givens, Materialize, Ran, materialize, rows

HOUR = Hourly(start="2026-01-01T00")
DAY = Daily(start="2026-01-01")


class Events(Silver, partition=HOUR.on("hour")):
    user_id: Col[str] = col()
    at: Col[datetime] = col()
    hour: Col[datetime] = col()


class Sessions(Silver, partition=HOUR.on("hour")):
    user_id: Col[str] = key()
    hour: Col[datetime] = key()
    started: Col[datetime] = col()


@asset
def sessions(
    hour: datetime, now: Frame[Events], prev: Annotated[Frame[Sessions], Lag(1)] | None
) -> Frame[Sessions]:
    return now.group_by("user_id", "hour").agg(started=Events.at.min())


class Crm(Resource):
    def fetch(self, day: date) -> Iterator[dict[str, Any]]:
        yield {"id": 1, "lines": []}


class FakeCrm(Crm):
    pass


class Orders(Bronze, partition=DAY.on("day")):
    order_id: Col[int] = key()
    day: Col[date] = col()


class Lines(Bronze, partition=DAY.on("day")):
    order_id: Col[int] = col()
    day: Col[date] = col()


@asset
def pull(day: date, crm: Crm) -> tuple[Frame[Orders], Frame[Lines]]:
    found = pl.LazyFrame(list(crm.fetch(day)))
    return found.select("order_id", "day"), found.explode("lines")


class UserNow(Shape):
    user_id: Col[str] = key()
    email: Col[str | None] = col()


class RawUsers(UserNow, Bronze):
    pass


class Users(UserNow, Silver):
    since: Col[datetime] = col(valid_from=True)
    until: Col[datetime | None] = col(valid_to=True)


@asset(write="scd2")
def users(raw: Frame[RawUsers]) -> Frame[Users]:
    return raw


class DailyUsers(Gold):
    users: Col[int] = col(ge=0)


class Churn(Artifact, suffix=".pkl"): ...


@asset
def train(found: Table[DailyUsers], out: Path) -> File[Churn]:
    model = out / "model.pkl"
    model.write_bytes(pickle.dumps(found.height))
    return model


def test_sessions() -> None:
    event = {"user_id": "u", "at": datetime(2026, 1, 1, 0, 5)}
    out = sessions(datetime(2026, 1, 1), rows(Events, [event]), None).collect()
    assert out.height == 1


def test_two_hours_in_order() -> None:
    ran = materialize(
        Sessions, given={Events: rows(Events)}, partition="2026-01-01T00..2026-01-01T02"
    )
    assert_type(ran, Ran)
    assert_type(ran[Sessions], pl.DataFrame)
    assert ran[Sessions].is_empty()


def test_pull_two() -> None:
    orders, lines = pull(date(2026, 1, 1), Crm())
    assert orders.collect().height == lines.collect().height
    materialize(pull, partition=date(2026, 1, 1), resources=[FakeCrm()])


def test_model(tmp_path: Path) -> None:
    assert train(pl.DataFrame(), tmp_path).exists()


def test_scd2_twice() -> None:
    first = materialize("silver.users", given={RawUsers: rows(RawUsers, [{"user_id": "u"}])})
    second = first.again(given={RawUsers: [{"user_id": "u", "email": "e"}]}, now=datetime.now())
    assert second["silver.users"].height == 2


def test_given_may_be_written_in_several_ways(tmp_path: Path) -> None:
    materialize(Sessions, given={Events: [], "silver.sessions": rows(Sessions)})
    events: Givens = {Events: [{"user_id": "u"}]}
    materialize(Sessions, given=events, project=tmp_path)
    materialize(Sessions, given={"silver.events": pl.DataFrame()}, project=Project.load("."))


def test_fixtures(materialize: Materialize, flowforge_project: Project) -> None:
    assert_type(materialize(Users, given={RawUsers: []})[Users], pl.DataFrame)
    materialize(Users, project=flowforge_project)  # error: it has its own


rows("silver.events")  # error: a key is no class
rows(int)  # error: no dataset
rows(Events, [1])  # error: no row
rows(Events, {"user_id": "u"})  # error: one row, not several
materialize(7)  # error: nothing that can be made
materialize(Users, given=[rows(RawUsers)])  # error: whose rows?
materialize(Users, given={RawUsers: 7})  # error: no rows
materialize(Users, partition=7)  # error: no partition
materialize(Users, resources=["crm"])  # error: a name is no resource
materialize(Users, {RawUsers: []})  # error: given by position

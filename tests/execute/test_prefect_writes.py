"""Ways of writing, and steps apart from partitions, as flows through a real server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from server_of_prefect import Server, in_project

pytestmark = [pytest.mark.prefect, pytest.mark.slow]

SHOP = """\
from datetime import date, datetime
from pathlib import Path

import polars as pl

from flowforge_assets import (
    Bronze, Col, Daily, Frame, Gold, Silver, Table, asset, col, key,
)

DAY = Daily(start="2026-01-01", end="2026-01-04")
BROKEN = Path(__file__).parent / "broken"


class Raw(Bronze, partition=DAY.on("day")):
    day: Col[date] = col()
    user: Col[str] = col()
    city: Col[str] = col()


class Users(Silver):
    user: Col[str] = key()
    city: Col[str] = col()


class Places(Silver):
    city: Col[str] = key()


class States(Silver):
    user: Col[str] = key()
    city: Col[str] = col()
    since: Col[datetime] = col(valid_from=True)
    until: Col[datetime | None] = col(valid_to=True)


class Count(Gold):
    users: Col[int] = col()


@asset
def raw(day: date) -> Table[Raw]:
    return pl.DataFrame({"day": [day], "user": ["ann"], "city": [f"city {day.day}"]})


@asset(write="merge", per=DAY)
def users(raw: Frame[Raw]) -> tuple[Frame[Users], Frame[Places]]:
    return raw.drop("day"), raw.select("city")


@asset(write="scd2", per=DAY)
def states(day: date, raw: Frame[Raw]) -> Frame[States]:
    if BROKEN.exists() and day == date(2026, 1, 2):
        raise ValueError("out of order")
    return raw.drop("day")


@asset
def count(users: Frame[Users], states: Frame[States]) -> Frame[Count]:
    return users.select(users=pl.len().cast(pl.Int64))
"""
RUN = """\
import json
from pathlib import Path

from flowforge_assets import Project

Path("broken").touch()
project = Project.load(".")
first = project.run(engine="prefect")
rest = [(step.asset, step.partitions.render(None)) for step in project.plan().steps]
Path("broken").unlink()
second = project.run(engine="prefect")
third = project.run("bronze.raw", engine="prefect", force=True)
again = project.run(engine="prefect")
print(json.dumps({
    "first": [first.status, first.made, first.failed, first.skipped],
    "rest": rest,
    "second": [second.status, second.made],
    "third": [third.status, third.made],
    "again": [again.status, again.made],
    "states": project.read("silver.states").sort("since")["city"].to_list(),
    "users": project.read("silver.users").rows(),
    "places": project.read("silver.places").height,
}))
"""


@pytest.fixture
def server(prefect_server: Server) -> Server:
    return prefect_server


def test_a_step_that_fails_holds_back_later_states_and_nothing_else(
    server: Server, tmp_path: Path
) -> None:
    (tmp_path / "flowforge.toml").write_text('[project]\nname = "shop"\nmodules = ["shop"]\n')
    (tmp_path / "shop.py").write_text(SHOP)
    ran = in_project(tmp_path, RUN, home=server.home, api_url=server.url)
    assert ran.stdout, ran.stderr
    assert json.loads(ran.stdout.splitlines()[-1]) == {
        "first": ["failed", 2, 1, 1],
        "rest": [["states", "2026-01-02..2026-01-04"], ["count", ""]],
        "second": ["succeeded", 2],
        "third": ["succeeded", 1],
        "again": ["succeeded", 0],
        "states": ["city 1", "city 2", "city 3", "city 4"],
        "users": [["ann", "city 4"]],
        "places": 4,
    }

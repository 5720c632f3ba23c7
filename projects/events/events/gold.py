"""Gold assets: the days, a model made of them, and what it says of today's users."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Annotated

import polars as pl

from events.datasets.gold import Days, ReturnModel, ReturnReport, Scores, UserDays
from events.datasets.silver import Orders, Sessions, Users
from events.returns import chances, shown
from flowforge_assets import File, Frame, Latest, Table, asset


@asset
def user_days(day: date, sessions: Frame[Sessions]) -> Frame[UserDays]:
    """Hours into their day; a visit over midnight counts on both days."""
    return (
        sessions.group_by("user_id")
        .agg(visits=Sessions.started.n_unique(), events=Sessions.events.sum())
        .with_columns(day=pl.lit(day))
        .sort("user_id")
    )


@asset
def days(day: date, users: Frame[UserDays], orders: Frame[Orders]) -> Frame[Days]:
    done = users.select(users=pl.len(), visits=UserDays.visits.sum(), events=UserDays.events.sum())
    earned = orders.select(earned=Orders.paid.sum())
    return pl.concat([done, earned], how="horizontal").with_columns(day=pl.lit(day))


@asset
def return_model(
    history: Table[UserDays], out: Path
) -> tuple[File[ReturnModel], File[ReturnReport]]:
    """Counts who came again; the files are kept by their content."""
    found = chances(history)
    model, report = out / "model.json", out / "report.md"
    model.write_text(json.dumps(found), encoding="utf-8")
    report.write_text(shown(found), encoding="utf-8")
    return model, report


@asset
def scores(
    model: File[ReturnModel], newest: Annotated[Frame[UserDays], Latest()], users: Frame[Users]
) -> Frame[Scores]:
    found = pl.LazyFrame(json.loads(model.read_text(encoding="utf-8")))
    plans = users.filter(Users.is_current).select("user_id", "plan")
    band = UserDays.visits.clip(upper_bound=found.select("visits").max().collect().item())
    return (
        newest.select("user_id", visits=band)
        .join(found, on="visits", how="left")
        .join(plans, on="user_id", how="left")
        .select("user_id", "plan", "returns")
        .sort("user_id")
    )

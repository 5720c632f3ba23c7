"""The model, and what it says of users."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from events.datasets.gold import ReturnModel, Scores, UserDays
from events.datasets.silver import Users
from events.gold import return_model
from events.returns import chances

from flowforge_assets.testing import Materialize, rows

DAYS = [date(2026, 3, day) for day in (1, 2, 3)]


def history(visits: dict[str, list[int]]) -> pl.DataFrame:
    """The days of each user, by the number of visits on each day."""
    return rows(
        UserDays,
        [
            {"day": day, "user_id": user, "visits": number}
            for user, numbers in visits.items()
            for day, number in zip(DAYS, numbers, strict=True)
            if number
        ],
    ).collect()


def test_who_always_comes_again_is_likely_to() -> None:
    found = chances(history({"u1": [1, 1, 1], "u2": [2, 0, 0]}))
    assert [chance["returns"] for chance in found] == [0.75, 0.333, 0.5, 0.5]


def test_many_visits_are_one_band() -> None:
    found = chances(history({"u1": [4, 1, 0], "u2": [9, 1, 0]}))
    assert found[-1] == {"visits": 4, "returns": 0.75}


def test_the_model_is_a_file_and_so_is_its_report(tmp_path: Path) -> None:
    model, report = return_model(history({"u1": [1, 1, 1]}), tmp_path)
    assert json.loads(model.read_text())[0] == {"visits": 1, "returns": 0.75}
    assert report.read_text().startswith("| visits | come again |")


def test_users_of_the_newest_day_are_scored_with_the_model(materialize: Materialize) -> None:
    ran = materialize(
        ReturnModel,
        Scores,
        given={
            UserDays: history({"u1": [1, 1, 0], "u2": [2, 0, 7]}),
            Users: [
                {"user_id": "u2", "plan": "free", "is_current": False},
                {"user_id": "u2", "plan": "team", "is_current": True},
            ],
        },
        partition=DAYS[-1],
    )
    assert ran[Scores].rows() == [("u2", "team", pytest.approx(0.5))]

"""Gold: what a day was like, and who will come again."""

from __future__ import annotations

from datetime import date

from events.calendar import DAY
from events.datasets.silver import Plan
from flowforge_assets import Artifact, Col, Gold, col, key


class UserDays(Gold, partition=DAY.on("day")):
    """What each user did on each day on which they came."""

    day: Col[date] = key()
    user_id: Col[str] = key()
    visits: Col[int] = col(gt=0)
    events: Col[int] = col(gt=0)


class Days(Gold, partition=DAY.on("day")):
    """Each day in one row."""

    day: Col[date] = key()
    users: Col[int] = col(ge=0)
    visits: Col[int] = col(ge=0)
    events: Col[int] = col(ge=0)
    earned: Col[int] = col(ge=0, unit="cents")


class ReturnModel(Artifact, suffix=".json"):
    """How likely a user comes again the next day, by the number of visits on the day."""


class ReturnReport(Artifact, suffix=".md"):
    """The same for people."""


class Scores(Gold):
    """How likely each user of the newest day comes again, with the plan that they have."""

    user_id: Col[str] = key()
    plan: Col[Plan | None] = col()
    returns: Col[float] = col(ge=0, le=1)

"""The outside world, made up: what arrives in an hour is the same each time it is asked for.

A real project has a queue or a folder of files here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Final

from events.calendar import DAY, HOUR

USERS: Final = tuple(f"u{number:02}" for number in range(1, 21))
FIRST_HOUR: Final = datetime.fromisoformat(HOUR.start).replace(tzinfo=UTC)
FIRST_DAY: Final = date.fromisoformat(DAY.start)
NIGHT: Final = range(5)
LUNCH, ROBOT = 12, 3
"""At that hour an event, by its number, comes from nobody."""
INTEREST: Final = {user: 0.03 + 0.1 * (number % 5) for number, user in enumerate(USERS)}
"""How likely a user comes in an hour of the day."""
_PAGES: Final = ("home", "list", "item", "cart")
_PLANS: Final = ("free", "plus", "team")


@dataclass(frozen=True, slots=True)
class Sent:
    """An event as a browser sends it."""

    event_id: str
    user_id: str
    at: datetime
    page: str


def arrivals(arrived: datetime) -> Iterator[Sent]:
    """What arrives in an hour: most events of that hour, and the late ones of the two before.

    Some come a second time, an hour later. At lunch one of them has no user.
    """
    for hours_late in (0, 1, 2):
        hour = arrived - timedelta(hours=hours_late)
        if hour < FIRST_HOUR:
            continue
        for sent, lateness in _sent(hour):
            if lateness == hours_late or (sent.event_id.endswith("7") and hours_late == 1):
                yield sent


def _sent(hour: datetime) -> Iterator[tuple[Sent, int]]:
    """The events of an hour, each with how many hours it is late."""
    chance = _chance(hour)
    number = 0
    for user, interest in INTEREST.items():
        if chance.random() > interest * (0.2 if hour.hour in NIGHT else 1):
            continue
        at = hour + timedelta(minutes=chance.randrange(60))
        for _ in range(chance.randint(1, 6)):
            number += 1
            lateness = chance.choices((0, 1, 2), weights=(90, 7, 3))[0]
            is_robot = hour.hour == LUNCH and number == ROBOT
            sent = Sent(
                event_id=f"{hour:%m%d%H}-{number:03}",
                user_id="" if is_robot else user,
                at=at,
                page=chance.choice(_PAGES),
            )
            yield sent, lateness
            at += timedelta(seconds=chance.randrange(1, 600))
            if at >= hour + timedelta(hours=1):
                break


def plan_of(user: str, day: date) -> str:
    """The plan that a user has on a day; some change it."""
    days = (day - FIRST_DAY).days
    number = int(user.removeprefix("u"))
    changed = sum(1 for each in range(1, days + 1) if number % 7 == each)
    return _PLANS[(number + changed) % len(_PLANS)]


def bought(user: str, day: date) -> int | None:
    """What a user bought on a day, in cents, if anything."""
    chance = _chance(f"{user} {day}")
    return chance.randrange(500, 9_000) if chance.random() < 0.3 else None


def _chance(seed: object) -> Random:
    return Random(str(seed))  # noqa: S311 - made-up data, not secrets

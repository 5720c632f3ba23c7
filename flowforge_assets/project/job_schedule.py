"""When a job runs by the clock: a cron text, an interval, or a rule of iCalendar."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from flowforge_assets.errors.base import FlowForgeError, did_you_mean
from flowforge_assets.errors.deploy import NeverFiresError, ScheduleError

_KINDS: Final = ("cron", "interval", "rrule")
_FORMS: Final = (
    'write `{ cron = "0 5 * * *", timezone = "Europe/Berlin" }`, `{ interval = "1h" }` '
    'or `{ rrule = "FREQ=DAILY;BYHOUR=5" }`'
)
_CRON_FIELDS: Final = 5
_UNITS: Final = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_FREQUENCIES: Final = ("SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")
# Before all runs, so that whether a text ever fires does not depend on the day it is read.
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Cron:
    """At the times of a cron text with five fields, on the clocks of `timezone`."""

    text: str
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Every:
    """Each `interval`, counted from the beginning of 2020 in UTC: an hour begins on the hour."""

    interval: timedelta
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Recurrence:
    """At the times of a rule of iCalendar (RFC 5545), on the clocks of `timezone`."""

    rule: str
    timezone: str = "UTC"


JobSchedule: TypeAlias = Cron | Every | Recurrence


def read_schedule(
    raw: Mapping[str, object], *, job: str
) -> tuple[JobSchedule | None, FlowForgeError | None]:
    """The schedule in the table of the job `job`, or what is wrong with it."""
    try:
        return _schedule(raw, job), None
    except (ScheduleError, NeverFiresError) as error:
        return None, error


def _schedule(raw: Mapping[str, object], job: str) -> JobSchedule:
    unknown = next((name for name in raw if name not in (*_KINDS, "timezone")), None)
    if unknown is not None:
        message = f"the schedule of the job `{job}` has an unknown key `{unknown}`"
        raise ScheduleError(message, hint=did_you_mean(unknown, (*_KINDS, "timezone")) or _FORMS)
    kinds = [kind for kind in _KINDS if kind in raw]
    if len(kinds) != 1:
        said = f"both `{kinds[0]}` and `{kinds[1]}`" if kinds else "neither cron nor interval"
        raise ScheduleError(f"the schedule of the job `{job}` has {said}", hint=_FORMS)
    [kind], text = kinds, raw[kinds[0]]
    if not isinstance(text, str):
        raise ScheduleError(f"`{kind}` of the job `{job}` is no text", hint=_FORMS)
    timezone = _timezone(raw.get("timezone", "UTC"), job)
    match kind:
        case "cron":
            return Cron(_cron(text, job), timezone)
        case "interval":
            return Every(_interval(text, job), timezone)
        case _:
            return Recurrence(_rule(text, job), timezone)


def _timezone(given: object, job: str) -> str:
    from zoneinfo import ZoneInfo  # reads files: only for a schedule

    try:
        return ZoneInfo(str(given)).key
    except (KeyError, ValueError, OSError) as error:
        message = f"the job `{job}` names the time zone `{given}`, which is not known here"
        hint = "use an IANA name such as `Europe/Berlin`"
        raise ScheduleError(message, hint=hint) from error


def _cron(text: str, job: str) -> str:
    if len(text.split()) != _CRON_FIELDS:
        message = f"the cron text `{text}` of the job `{job}` has not five fields"
        hint = "they are minute, hour, day, month and day of the week: `0 5 * * *`"
        raise ScheduleError(message, hint=hint)
    if _cron_mistake(text) is None:
        return " ".join(text.split())
    minute, hour, day, month, weekday = text.split()
    apart = (f"{minute} {hour} {day} * {weekday}", f"{minute} {hour} 1 {month} {weekday}")
    if any(map(_cron_mistake, apart)):
        message = f"the cron text `{text}` of the job `{job}` cannot be read: {_cron_mistake(text)}"
        hint = "minute, hour, day, month and day of the week: `0 5 * * *`"
        raise ScheduleError(message, hint=hint)
    message = f"the cron text `{text}` of the job `{job}` never fires"
    raise NeverFiresError(message, hint="no year has such a day: mend the day or the month")


def _cron_mistake(text: str) -> str | None:
    """What is wrong with a cron text; a day that is in none of its months is a mistake too."""
    from cronsim import CronSim, CronSimError  # only for a job that has one

    try:
        fires = next(CronSim(text, _LONG_AGO), None)
    except CronSimError as error:
        return str(error).lower()
    return None if fires else "it never fires"


def _interval(text: str, job: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,6})([dhms])", text)
    length = timedelta() if found is None else timedelta(**{_UNITS[found[2]]: int(found[1])})
    if not length:
        message = f"the interval `{text}` of the job `{job}` is no length of time"
        raise ScheduleError(message, hint='write `interval = "1h"`, "1d", "15m" or "30s"')
    return length


def _rule(text: str, job: str) -> str:
    """The rule, of which we look at the frequency alone; the rest is for who deploys it."""
    found = re.search(r"\bFREQ=([A-Z]*)", text)
    if found is None or found[1] not in _FREQUENCIES:
        message = f"the rule `{text}` of the job `{job}` has no frequency"
        hint = f"write `FREQ=DAILY;BYHOUR=5`; there are {', '.join(_FREQUENCIES)}"
        raise ScheduleError(message, hint=hint)
    return text

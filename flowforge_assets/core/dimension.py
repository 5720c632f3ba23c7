"""What datasets are partitioned by: a column, and the hours, days, weeks, months or names in it.

Time partitions are counted by ordinals, so that a set of them is a few ranges of ints.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final, Literal, TypeAlias

from flowforge_assets.core.span import Axis, Span, Values
from flowforge_assets.errors.project import BadPartitionKey, UnknownTimeZone

Kind: TypeAlias = Literal["hour", "day", "week", "month", "static"]
Ordinal: TypeAlias = int | str

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = _EPOCH.toordinal()
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_HOURS_A_DAY: Final = 24
_TO_MONDAY_DAYS: Final = 3  # the epoch is a Thursday: week 0 begins on 1969-12-29

# A year at either end of the calendar is left out, so that a partition's bounds exist in UTC too.
_YEAR: Final = r"(?!9999)[1-9][0-9]{3}"
_DATE: Final = re.compile(rf"({_YEAR}-[0-9]{{2}}-[0-9]{{2}})")
_FORMS: Final[dict[Kind, re.Pattern[str]]] = {
    "hour": re.compile(rf"{_DATE.pattern}T([01][0-9]|2[0-3])"),
    "day": _DATE,
    "week": _DATE,
    "month": re.compile(rf"({_YEAR}-(?:0[1-9]|1[0-2]))"),
}
_EXAMPLES: Final[dict[Kind, str]] = {
    "hour": "an hour (UTC) as `2026-01-31T23`",
    "day": "a day as `2026-01-31`",
    "week": "a week as the date of its Monday, `2026-01-26`",
    "month": "a month as `2026-01`",
    "static": "one of its values",
}


@dataclass(frozen=True, slots=True)
class Dimension:
    """One column that a dataset is partitioned by.

    Ordinals, by kind: `hour`: whole hours since 1970-01-01T00Z, whatever `tz` is; `day`: days
    since 1970-01-01 in the calendar of `tz`; `week`: weeks (from Monday) since that of
    1969-12-29; `month`: `year * 12 + month - 1`; `static`: the string itself.

    Raises:
        UnknownTimeZone: `tz` is no IANA name (FF-835).
    """

    column: str
    kind: Kind
    tz: str = "UTC"

    def __post_init__(self) -> None:
        """Refuses a time zone that does not exist."""
        if self.tz != "UTC":
            _zone(self.tz)

    @property
    def is_time(self) -> bool:
        """Whether its partitions are stretches of time."""
        return self.kind != "static"

    def key(self, ordinal: Ordinal) -> str:
        """The partition's key: `2026-01-31T23` (UTC), `2026-01-31`, `2026-01`, or the string."""
        if isinstance(ordinal, str):
            return ordinal
        match self.kind:
            case "hour":
                days, hour = divmod(ordinal, _HOURS_A_DAY)
                return f"{date.fromordinal(_EPOCH_DAY + days).isoformat()}T{hour:02}"
            case "month":
                return f"{ordinal // 12:04}-{ordinal % 12 + 1:02}"
            case _:
                return self._first_date(ordinal).isoformat()

    def ordinal(self, text: str) -> Ordinal:
        """The ordinal of the key that `text` spells.

        Raises:
            BadPartitionKey: `text` has not the form of this kind's keys (FF-830).
        """
        return self.time_ordinal(text) if self.is_time else text

    def time_ordinal(self, text: str) -> int:
        """The ordinal of a time partition's key, as `ordinal` has it but always an int.

        Raises:
            BadPartitionKey: `text` has not the form of this kind's keys (FF-830).
        """
        form = _FORMS.get(self.kind)
        found = form.fullmatch(text) if form else None
        if found is None:
            raise self._no_key(text)
        if self.kind == "month":
            return int(text[:4]) * 12 + int(text[5:]) - 1
        try:
            day = date.fromisoformat(found[1])
        except ValueError as error:
            raise self._no_key(text) from error
        if self.kind == "hour":
            return (day.toordinal() - _EPOCH_DAY) * _HOURS_A_DAY + int(found[2])
        if self.kind == "week" and day.weekday():
            raise self._no_key(text, monday=day - _DAY * day.weekday())
        return self.of_date(day)

    def value(self, ordinal: Ordinal) -> datetime | date | str:
        """The partition as a value: a UTC datetime, its first date, or the string."""
        if isinstance(ordinal, str):
            return ordinal
        return _EPOCH + ordinal * _HOUR if self.kind == "hour" else self._first_date(ordinal)

    def of_value(self, value: datetime | date | str) -> Ordinal:
        """The ordinal of the partition that holds `value`; a string is taken as a key.

        A datetime without zone is a wall-clock reading in `tz`, for hours in UTC.

        Raises:
            BadPartitionKey: such a value lies in no partition of this kind (FF-830).
        """
        if isinstance(value, str):
            return self.ordinal(value)
        if self.kind == "static" or (self.kind == "hour" and not isinstance(value, datetime)):
            raise self._no_key(value.isoformat())
        if not isinstance(value, datetime):
            return self.of_date(value)
        if value.tzinfo is not None:
            return self.holding(value)
        return self.holding(value.replace(tzinfo=UTC if self.kind == "hour" else _zone(self.tz)))

    def holding(self, instant: datetime) -> int:
        """The ordinal of the time partition whose `instants` hold `instant` (aware)."""
        if self.kind == "hour":
            return (instant - _EPOCH) // _HOUR
        ordinal = self.of_date(instant.astimezone(_zone(self.tz)).date())
        if self.tz == "UTC":
            return ordinal
        # Where clocks change across midnight, the local date may not be the day that has begun.
        while self._begin(ordinal) > instant:
            ordinal -= 1
        while self._begin(ordinal + 1) <= instant:
            ordinal += 1
        return ordinal

    def instants(self, lo: int, hi: int) -> tuple[datetime, datetime]:
        """The half-open range of UTC instants that the ordinals from `lo` to before `hi` cover.

        A day begins at its first local midnight; where the clock jumps over that, at midnight by
        the clock before the jump. So it has 23 to 25 hours, and a day that a zone left out none.
        """
        return self._begin(lo), self._begin(hi)

    def dates(self, lo: int, hi: int) -> tuple[date, date]:
        """The half-open range of dates that days, weeks or months `lo` to before `hi` cover."""
        return self._first_date(lo), self._first_date(hi)

    def axis(self, ordinal: Ordinal) -> Axis:
        """The set of one partition."""
        return Values((ordinal,)) if isinstance(ordinal, str) else Span.of(ordinal, ordinal + 1)

    def _begin(self, ordinal: int) -> datetime:
        if self.kind == "hour":
            return _EPOCH + ordinal * _HOUR
        day = self._first_date(ordinal)
        return datetime(day.year, day.month, day.day, tzinfo=_zone(self.tz)).astimezone(UTC)

    def _first_date(self, ordinal: int) -> date:
        match self.kind:
            case "day":
                return date.fromordinal(_EPOCH_DAY + ordinal)
            case "week":
                return date.fromordinal(_EPOCH_DAY - _TO_MONDAY_DAYS + 7 * ordinal)
            case "month":
                return date(ordinal // 12, ordinal % 12 + 1, 1)
            case _:
                msg = f"the dimension `{self.column}` has no dates: its kind is `{self.kind}`"
                raise ValueError(msg)

    def of_date(self, day: date) -> int:
        """The ordinal of the day, week or month that `day` is in."""
        if self.kind == "month":
            return day.year * 12 + day.month - 1
        days = day.toordinal() - _EPOCH_DAY
        return days if self.kind == "day" else (days + _TO_MONDAY_DAYS) // 7

    def _no_key(self, text: str, *, monday: date | None = None) -> BadPartitionKey:
        hint = f"write {_EXAMPLES[self.kind]}"
        if monday is not None:
            hint = f"weeks are named by their Monday: `{monday.isoformat()}`"
        return BadPartitionKey(f"`{text}` is no {self.kind} key of `{self.column}`", hint=hint)


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    from zoneinfo import (
        ZoneInfo,
    )  # its import costs more than all else here; few datasets need it

    try:
        return ZoneInfo(name)
    except (
        ValueError,
        OSError,
        KeyError,
    ) as error:  # ZoneInfoNotFoundError is a KeyError
        msg = f"`{name}` is no time zone that this machine knows"
        hint = "use an IANA name such as `Europe/Berlin`, or install the package `tzdata`"
        raise UnknownTimeZone(msg, hint=hint) from error

"""Checks of whole rows, beside the rules of single columns."""

from __future__ import annotations

from datetime import timedelta

from events.datasets.silver import Events, Sessions
from flowforge_assets import BadRows, Frame, check


@check
def event_lies_in_its_hour(events: Frame[Events]) -> BadRows[Events]:
    return events.filter(Events.at.dt.truncate("1h") != Events.hour)


@check
def visit_ends_in_its_hour(sessions: Frame[Sessions]) -> BadRows[Sessions]:
    ends = Sessions.hour + timedelta(hours=1)
    return sessions.filter((Sessions.last_seen < Sessions.hour) | (Sessions.last_seen >= ends))

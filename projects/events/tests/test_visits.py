"""Events and the visits that are made of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from events.datasets.bronze import RawEvents
from events.datasets.silver import Events, Sessions
from events.silver import events, sessions

from flowforge_assets import FlowForgeError
from flowforge_assets.testing import Materialize, rows

TEN = datetime(2026, 3, 1, 10, tzinfo=UTC)


def at(hour: int, minute: int) -> datetime:
    return datetime(2026, 3, 1, hour, minute, tzinfo=UTC)


def test_an_event_belongs_to_the_hour_in_which_it_happened() -> None:
    raw = rows(RawEvents, [{"arrived": at(12, 0), "at": at(10, 59)}])
    assert events(raw).collect()["hour"].to_list() == [TEN]


def test_an_event_that_comes_twice_is_there_once(materialize: Materialize) -> None:
    sent = {"event_id": "a", "user_id": "u1", "at": at(10, 5), "page": "home"}
    twice = [sent | {"arrived": at(10, 0)}, sent | {"arrived": at(11, 0)}]
    ran = materialize(Events, given={RawEvents: [*twice, twice[0]]})
    assert ran[Events]["event_id"].to_list() == ["a"]


def test_events_of_nobody_are_set_aside(materialize: Materialize) -> None:
    sent = {"arrived": TEN, "at": at(10, 5), "page": "home"}
    users = [f"u{number}" for number in range(9)] + [""]
    raw = [sent | {"event_id": f"of {user}", "user_id": user} for user in users]
    ran = materialize(Events, given={RawEvents: raw})
    assert (ran[Events].height, ran.bad_rows(Events).height) == (9, 1)


def test_an_hour_of_robots_stops_the_write(materialize: Materialize) -> None:
    robot = {"arrived": TEN, "user_id": "", "at": at(10, 5), "page": "home"}
    with pytest.raises(FlowForgeError, match="max_bad"):
        materialize(Events, given={RawEvents: [robot]})


def test_half_an_hour_of_silence_ends_a_visit() -> None:
    clicks = [at(10, 0), at(10, 30), at(10, 59)]
    seen = rows(Events, [{"user_id": "u1", "at": click} for click in [*clicks[:2], at(10, 1)]])
    assert sessions(TEN, seen, None).collect()["events"].to_list() == [3]
    seen = rows(Events, [{"user_id": "u1", "at": click} for click in (at(10, 0), at(10, 31))])
    assert sessions(TEN, seen, None).collect()["events"].to_list() == [1, 1]


def test_visits_of_two_users_are_two() -> None:
    seen = rows(Events, [{"user_id": user, "at": at(10, 1)} for user in ("u1", "u2")])
    assert sessions(TEN, seen, None).collect()["user_id"].to_list() == ["u1", "u2"]


def test_a_visit_goes_on_over_the_end_of_its_hour(materialize: Materialize) -> None:
    clicks = [at(10, 50), at(11, 5), at(11, 59), at(12, 10)]
    seen = [
        {"hour": click.replace(minute=0), "user_id": "u1", "at": click, "page": "home"}
        for click in clicks
    ]
    ran = materialize(Sessions, given={Events: seen}, partition="2026-03-01T10..2026-03-01T12")
    made = ran[Sessions].sort("hour", "started").select("hour", "started", "events")
    assert made.rows() == [
        (at(10, 0), at(10, 50), 1),
        (at(11, 0), at(10, 50), 1),
        (at(11, 0), at(11, 59), 1),
        (at(12, 0), at(11, 59), 1),
    ]


def test_a_visit_of_long_ago_does_not_go_on(materialize: Materialize) -> None:
    seen = [{"hour": at(12, 0), "user_id": "u1", "at": at(12, 1), "page": "home"}]
    open_at_ten = {"hour": TEN, "user_id": "u1", "started": at(10, 50), "last_seen": at(10, 55)}
    before = rows(Sessions, [open_at_ten | {"events": 1, "is_open": True}])
    ran = materialize(
        Sessions, given={Events: seen, Sessions: before}, partition="2026-03-01T11..2026-03-01T12"
    )
    assert ran[Sessions].filter(hour=at(12, 0))["started"].to_list() == [at(12, 1)]

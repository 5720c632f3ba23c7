"""Events that get lost on the way to a Prefect server, or arrive although nobody hears of it."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import cast
from uuid import uuid4

import pytest

from flowforge_assets.compile.asset_events import EventJson
from flowforge_assets.execute.event_sender import EventSender
from server_of_prefect import Server

pytestmark = pytest.mark.prefect
DEADLINE_SECONDS = 60
FASTER = 20  # so many seconds of the sender's clock pass in one


def event() -> EventJson:
    return {
        "id": str(uuid4()),
        "occurred": datetime.now(UTC).isoformat(),
        "event": "prefect.asset.materialization.succeeded",
        "resource": {"prefect.resource.id": "flowforge://dev/gold/total"},
        "related": [],
        "payload": {},
    }


class BadLine:
    """Asks a server over a line on which some of the first events, and some answers, get lost."""

    def __init__(self, server: Server, *, loses: int, fails: int) -> None:
        self._server = server
        self._loses = loses
        self._fails = fails
        self.sent: list[str] = []

    def ask(self, path: str, question: object) -> object:
        if path != "/events":
            asked = cast("Mapping[str, object]", question)
            return self._server.post(path.lstrip("/"), asked)
        events = cast("Sequence[EventJson]", question)
        lost, self._loses = events[: self._loses], max(0, self._loses - len(events))
        self._post([each for each in events if each not in lost])
        self.sent += [str(each["id"]) for each in events if each not in lost]
        if self._fails:
            self._fails -= 1
            raise TimeoutError
        return None

    def _post(self, events: Sequence[EventJson]) -> None:
        request = urllib.request.Request(  # noqa: S310 - it is our own server
            f"{self._server.url}/events",
            data=json.dumps(events).encode(),
            headers={"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=30).close()  # noqa: S310 - as above


def test_each_event_is_recorded_once_however_bad_the_line_is(prefect_server: Server) -> None:
    line = BadLine(prefect_server, loses=4, fails=2)
    sender = EventSender(event, clock=lambda: time.monotonic() * FASTER)
    events = [event() for _ in range(12)]
    for each in events:
        sender.add(each)
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not sender.is_done and time.monotonic() < deadline:
        try:
            sender.send(line.ask, even_few=True)
            sender.look(line.ask)
        except TimeoutError:
            continue
        time.sleep(0.1)
    assert sender.is_done
    assert (sender.lost, sender.resent) == ([], 4)
    ids = [each["id"] for each in events]
    found = prefect_server.post("events/filter", {"filter": {"id": {"id": ids}}, "limit": 50})
    assert sorted(each["id"] for each in found["events"]) == sorted(map(str, ids))
    # an event that a server on SQLite gets twice can make it drop what others have sent
    assert len(line.sent) == len(set(line.sent))

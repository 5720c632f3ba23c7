from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import cast

import pytest

from flowforge_assets.compile.asset_events import EventJson
from flowforge_assets.execute.event_sender import A_BATCH, MOST_UNRECORDED, EventSender


class Recorder:
    """The events API of a server on SQLite: it is slow, and loses the first sending of some events.

    It records what is there of a flush in one piece, and none of it when an event is in it twice or
    all of them are recorded already.
    """

    def __init__(self, *, loses: int = 0, is_down: bool = False, records: bool = True) -> None:
        self.recorded: list[str] = []
        self.loses = loses
        self.is_down = is_down
        self.records = records
        self.most_waiting = 0
        self.waiting: list[str] = []
        self.broken = 0

    def ask(self, path: str, question: object) -> object:
        if self.is_down:
            raise ConnectionError
        if path == "/events":
            for event in cast("list[Mapping[str, str]]", question):
                if self.loses:
                    self.loses -= 1
                else:
                    self.waiting.append(event["id"])
            self.most_waiting = max(self.most_waiting, len(self.waiting))
            return None
        if self.records:
            self._flush()
        asked = cast("Mapping[str, Mapping[str, Mapping[str, list[str]]]]", question)
        found = [id_ for id_ in asked["filter"]["id"]["id"] if id_ in self.recorded]
        return {"total": len(found), "events": [{"id": id_} for id_ in found]}

    def _flush(self) -> None:
        new = set(self.waiting) - set(self.recorded)
        if self.waiting and (not new or len(set(self.waiting)) < len(self.waiting)):
            self.broken += 1
        else:
            self.recorded += new
        self.waiting.clear()

    def asset_events(self) -> list[str]:
        return [id_ for id_ in self.recorded if id_.isdigit()]


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def sender_of(count: int, clock: Time) -> EventSender:
    marks = itertools.count()

    def mark() -> EventJson:
        return {"id": f"mark {next(marks)}"}

    sender = EventSender(mark, clock=clock)
    for number in range(count):
        event: EventJson = {"id": str(number)}
        sender.add(event)
    return sender


def look_for(seconds: int, sender: EventSender, server: Recorder, clock: Time) -> None:
    for _ in range(seconds):
        clock.now += 1
        sender.look(server.ask)


def test_events_wait_for_a_whole_batch_until_the_end() -> None:
    server, sender = Recorder(), sender_of(A_BATCH + 1, Time())
    sender.send(server.ask)
    assert len(server.waiting) == A_BATCH
    sender.send(server.ask, even_few=True)
    sender.look(server.ask)
    assert len(server.recorded) == A_BATCH + 1
    assert sender.is_done


def test_no_more_are_sent_than_the_server_has_room_for() -> None:
    server, sender = Recorder(records=False), sender_of(10_000, Time())
    sender.send(server.ask, even_few=True)
    assert server.most_waiting == MOST_UNRECORDED
    server.records = True
    while not sender.is_done:
        sender.send(server.ask, even_few=True)
        sender.look(server.ask)
    assert server.most_waiting == MOST_UNRECORDED
    assert len(server.recorded) == 10_000


def test_what_the_server_has_lost_is_sent_again_after_some_time() -> None:
    clock, server = Time(), Recorder(loses=3)
    sender = sender_of(10, clock)
    sender.send(server.ask, even_few=True)
    sender.look(server.ask)
    assert len(server.asset_events()) == 7
    look_for(10, sender, server, clock)
    assert sorted(server.asset_events()) == sorted(map(str, range(10)))
    assert (sender.is_done, sender.resent, sender.lost) == (True, 3, [])
    assert server.broken == 0


def test_nothing_is_sent_again_to_a_server_that_is_only_behind() -> None:
    clock, server = Time(), Recorder(records=False)
    sender = sender_of(A_BATCH + 10, clock)
    sender.send(server.ask, even_few=True)
    look_for(120, sender, server, clock)
    server.records = True
    look_for(2, sender, server, clock)
    assert (sender.is_done, sender.resent, server.broken) == (True, 0, 0)
    assert len(server.asset_events()) == A_BATCH + 10


def test_a_mark_that_is_lost_too_is_followed_by_another() -> None:
    clock, server = Time(), Recorder(loses=4)
    sender = sender_of(3, clock)
    sender.send(server.ask, even_few=True)
    look_for(20, sender, server, clock)
    assert (sender.is_done, sender.resent) == (True, 3)
    assert sorted(server.asset_events()) == ["0", "1", "2"]


def test_what_is_lost_again_and_again_is_given_up_and_named() -> None:
    clock, server = Time(), Recorder()
    sender = sender_of(2, clock)

    def ask(path: str, question: object) -> object:
        events = cast("list[Mapping[str, str]]", question)
        if path == "/events" and events[0]["id"].isdigit():
            return None
        return server.ask(path, question)

    sender.send(ask, even_few=True)
    for _ in range(60):
        clock.now += 1
        sender.look(ask)
    assert sender.is_done
    assert [event["id"] for event in sender.lost] == ["0", "1"]
    assert list(sender.unrecorded()) == sender.lost


def test_what_arrived_although_the_answer_did_not_is_not_sent_again() -> None:
    clock, server = Time(), Recorder()
    sender = sender_of(3, clock)

    def ask(path: str, question: object) -> object:
        server.ask(path, question)
        raise TimeoutError

    with pytest.raises(TimeoutError):
        sender.send(ask, even_few=True)
    sender.send(server.ask, even_few=True)
    look_for(10, sender, server, clock)
    assert (sender.is_done, sender.resent, server.broken) == (True, 0, 0)
    assert sorted(server.asset_events()) == ["0", "1", "2"]


def test_a_server_that_is_down_loses_nothing() -> None:
    clock, server = Time(), Recorder(is_down=True)
    sender = sender_of(3, clock)
    with pytest.raises(ConnectionError):
        sender.send(server.ask, even_few=True)
    server.is_down = False
    assert [event["id"] for event in sender.unrecorded()] == ["0", "1", "2"]
    look_for(10, sender, server, clock)
    assert sender.is_done
    assert sorted(server.asset_events()) == ["0", "1", "2"]

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from flowforge_assets.compile.asset_events import EventJson
from flowforge_assets.execute.event_sender import A_BATCH, MOST_UNRECORDED, EventSender


class Recorder:
    """The events API of a server that loses the first sending of some events, and is slow."""

    def __init__(self, *, loses: int = 0, is_down: bool = False, records: bool = True) -> None:
        self.recorded: dict[str, int] = {}
        self.loses = loses
        self.is_down = is_down
        self.records = records
        self.most_waiting = 0
        self.waiting: list[str] = []

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
            for id_ in self.waiting:
                self.recorded[id_] = self.recorded.get(id_, 0) + 1
            self.waiting.clear()
        asked = cast("Mapping[str, Mapping[str, Mapping[str, list[str]]]]", question)
        return {"total": sum(id_ in self.recorded for id_ in asked["filter"]["id"]["id"])}


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def sender_of(count: int, clock: Time) -> EventSender:
    sender = EventSender(clock=clock)
    for number in range(count):
        event: EventJson = {"id": str(number)}
        sender.add(event)
    return sender


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
    assert len(server.recorded) == 7
    clock.now += 20
    sender.look(server.ask)
    sender.look(server.ask)
    assert len(server.recorded) == 10
    assert (sender.is_done, sender.resent, sender.lost) == (True, 3, [])


def test_what_is_lost_again_and_again_is_given_up_and_named() -> None:
    clock, server = Time(), Recorder(loses=10**6)
    sender = sender_of(2, clock)
    sender.send(server.ask, even_few=True)
    for _ in range(10):
        clock.now += 20
        sender.look(server.ask)
    assert sender.is_done
    assert [event["id"] for event in sender.lost] == ["0", "1"]
    assert list(sender.unrecorded()) == sender.lost


def test_a_server_that_is_down_loses_nothing_of_what_waits() -> None:
    server, sender = Recorder(is_down=True), sender_of(3, Time())
    try:
        sender.send(server.ask, even_few=True)
    except ConnectionError:
        server.is_down = False
    assert [event["id"] for event in sender.unrecorded()] == ["0", "1", "2"]
    sender.send(server.ask, even_few=True)
    sender.look(server.ask)
    assert sender.is_done

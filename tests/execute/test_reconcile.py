from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import pytest

from flowforge_assets.compile.asset_events import EventJson
from flowforge_assets.execute.event_sender import Ask, EventSender
from flowforge_assets.execute.reconcile import settle_untold, tell_killed, wait_until_recorded
from flowforge_assets.record.untold import Untold, claim_untold, keep_untold, read_untold

NOON = datetime(2026, 1, 1, 12, 0, 1, tzinfo=UTC)
RUN = "01a20690-4b79-7a2b-abb9-9570ef7dad52"


def event(id_: str, asset: str) -> EventJson:
    name = "prefect.asset.materialization.succeeded"
    return {"id": id_, "event": name, "resource": {"prefect.resource.id": asset}}


@dataclass
class Response:
    status_code: int


class Refusal(Exception):
    """As an HTTP client's error."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.response = Response(status)


class Server:
    """A server that has some events of one flow run, in pages of one."""

    def __init__(
        self, *recorded: EventJson, knows_run: bool = True, is_behind: bool = False
    ) -> None:
        self.recorded = list(recorded)
        self.is_behind = is_behind
        self.shown = "RUNNING"
        self.marks: list[EventJson] = []
        self.knows_run = knows_run
        self.states: list[object] = []

    def ask(self, path: str, question: object) -> object:
        if path.startswith("/flow_runs/"):
            if not self.knows_run:
                raise Refusal(HTTPStatus.NOT_FOUND)
            if question is None:
                return {"state": {"type": self.shown, "timestamp": "2026-01-01T12:00:00.5Z"}}
            self.states.append(cast("Mapping[str, object]", question)["state"])
            return None
        if path == "/events":
            for each in cast("Sequence[EventJson]", question):
                (self.marks if each["event"] == "mark" else self.recorded).append(each)
            return None
        if path.startswith("/page/"):
            return self._page(self.recorded, int(path.removeprefix("/page/")))
        wanted: Any = cast("Mapping[str, Any]", question)["filter"]
        if "id" in wanted:
            passed = [] if self.is_behind else self.marks
            known = [*self.recorded, *passed]
            found = [each for each in known if each["id"] in wanted["id"]["id"]]
            return {"events": found, "total": len(found)}
        return self._page(self.recorded, 0)

    def _page(self, found: list[EventJson], at: int) -> object:
        following = f"/page/{at + 1}" if at + 1 < len(found) else None
        return {"events": found[at : at + 1], "total": len(found), "next_page": following}


def mark() -> EventJson:
    return {"id": "mark", "event": "mark"}


def kept(folder: Path, *, state: tuple[str, str] | None = None, are_prefects: bool = False) -> None:
    events = [event("1", "flowforge://dev/silver/a"), event("2", "flowforge://dev/silver/b")]
    keep_untold(
        folder / "ledger.db", Untold(RUN, "r1", [], events, state, are_prefects=are_prefects)
    )


def untold_in(folder: Path) -> list[Untold]:
    return read_untold(folder / "ledger.db")


def as_kept(untold: Untold) -> Untold | None:
    return untold


def settled(
    folder: Path, ask: Ask, known: Callable[[Untold], Untold | None] = as_kept
) -> list[str]:
    return list(settle_untold(folder / "ledger.db", ask, mark=mark, known=known))


def test_what_the_server_has_is_forgotten_without_a_word(tmp_path: Path) -> None:
    kept(tmp_path)
    (untold,) = untold_in(tmp_path)
    assert untold.events is not None
    assert settled(tmp_path, Server(*untold.events).ask) == []
    assert untold_in(tmp_path) == []


def test_what_it_lacks_is_sent_and_looked_for_again_by_the_next_run(tmp_path: Path) -> None:
    kept(tmp_path, state=("COMPLETED", "Made 2."))
    server = Server(event("1", "flowforge://dev/silver/a"))
    said = settled(tmp_path, server.ask)
    assert said == ["the Prefect server was told later of run r1: an event"]
    assert server.states == [{"type": "COMPLETED", "message": "Made 2."}]
    assert [each["id"] for each in server.recorded] == ["1", "2"]
    (left,) = untold_in(tmp_path)
    assert (left.state, [each["id"] for each in left.events or ()]) == (None, ["2"])
    assert settled(tmp_path, server.ask) == []
    assert untold_in(tmp_path) == []


def test_events_that_prefect_sent_itself_are_known_by_their_assets(tmp_path: Path) -> None:
    kept(tmp_path, are_prefects=True)
    server = Server(event("its own", "flowforge://dev/silver/b"))
    assert len(settled(tmp_path, server.ask)) == 1
    assert [each["id"] for each in server.recorded] == ["its own", "1"]


@pytest.mark.parametrize("are_prefects", [False, True])
def test_a_server_that_is_behind_is_sent_nothing_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, are_prefects: bool
) -> None:
    monkeypatch.setattr("flowforge_assets.execute.reconcile._LEVEL_SECONDS", 0)
    kept(tmp_path, state=("COMPLETED", "Made 2."), are_prefects=are_prefects)
    before = untold_in(tmp_path)[0]
    server = Server(is_behind=True)
    settled(tmp_path, server.ask)
    assert server.recorded == []
    (left,) = untold_in(tmp_path)
    assert (left.state, left.events) == (None, before.events)
    assert left.are_prefects == are_prefects


def test_a_server_that_was_wiped_is_told_nothing(tmp_path: Path) -> None:
    kept(tmp_path, state=("FAILED", "Made 0."))
    server = Server(knows_run=False)
    assert settled(tmp_path, server.ask) == []
    assert (server.recorded, untold_in(tmp_path)) == ([], [])


def test_what_cannot_be_sent_stays(tmp_path: Path) -> None:
    kept(tmp_path)

    def silent(_path: str, _question: object) -> object:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        settled(tmp_path, silent)
    assert len(untold_in(tmp_path)) == 1


class Refuses(Server):
    """A server that answers all that it is sent of one run with a status."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status

    def ask(self, path: str, question: object) -> object:
        if path == f"/flow_runs/{RUN}/set_state":
            raise Refusal(self.status)
        return super().ask(path, question)


@pytest.mark.parametrize("status", [400, 413, 422])
def test_what_a_server_refuses_for_good_is_said_once_and_stops_nothing_else(
    tmp_path: Path, status: int
) -> None:
    kept(tmp_path, state=("COMPLETED", "Made 2."))
    later = [event("3", "flowforge://dev/silver/c")]
    keep_untold(tmp_path / "ledger.db", Untold("another", "r2", [], later, None))
    server = Refuses(status)
    lost = "it will not have 2 events and how it ended"
    assert settled(tmp_path, server.ask) == [
        f"the Prefect server refused (status {status}) to be told of run r1: {lost}",
        "the Prefect server was told later of run r2: an event",
    ]
    assert [each["id"] for each in server.recorded] == ["3"]
    assert settled(tmp_path, server.ask) == []


def test_that_a_run_was_killed_may_be_refused_too(tmp_path: Path) -> None:
    keep_untold(tmp_path / "ledger.db", Untold(RUN, "r1", []))
    server = Refuses(422)

    def known(untold: Untold) -> Untold:
        tell_killed(untold.flow_run_id, NOON, server.ask)
        return killed(untold)

    (said,) = settled(tmp_path, server.ask, known)
    assert said.endswith("of run r1: it will not have how it ended")
    assert untold_in(tmp_path) == []


@pytest.mark.parametrize("status", [401, 403, 407, 408, 425, 429, 500, 503])
def test_a_server_that_may_take_it_another_time_is_told_later(tmp_path: Path, status: int) -> None:
    kept(tmp_path, state=("COMPLETED", "Made 2."))
    with pytest.raises(Refusal):
        settled(tmp_path, Refuses(status).ask)
    assert len(untold_in(tmp_path)) == 1


def test_a_run_that_goes_on_is_left_alone(tmp_path: Path) -> None:
    keep_untold(tmp_path / "ledger.db", Untold(RUN, "r1", []))
    server = Server()
    assert settled(tmp_path, server.ask, lambda _: None) == []
    assert (server.recorded, len(untold_in(tmp_path))) == ([], 1)


def killed(untold: Untold) -> Untold:
    made = [event("1", "flowforge://dev/silver/a"), event("2", "flowforge://dev/silver/b")]
    return replace(untold, events=made, are_prefects=True)


def test_of_a_run_that_was_killed_the_server_is_told_what_it_lacks(tmp_path: Path) -> None:
    keep_untold(tmp_path / "ledger.db", Untold(RUN, "r1", []))
    b = event("its own", "flowforge://dev/silver/b")
    server = Server(b, {**b, "id": "of another step"})
    assert settled(tmp_path, server.ask, killed) == [
        "the Prefect server was told later of run r1: an event"
    ]
    assert [each["id"] for each in server.recorded] == ["its own", "of another step", "1"]
    assert settled(tmp_path, server.ask) == []
    assert untold_in(tmp_path) == []


def test_what_another_run_tells_at_the_moment_is_left_to_it(tmp_path: Path) -> None:
    path, server = tmp_path / "ledger.db", Server()
    keep_untold(path, Untold(RUN, "r1", []))
    assert claim_untold(path, untold_in(tmp_path)[0])
    assert settled(tmp_path, server.ask, killed) == []
    assert (server.recorded, len(untold_in(tmp_path))) == ([], 1)


@pytest.mark.parametrize(
    ("shown", "began", "is_told"),
    [
        ("RUNNING", NOON, True),
        ("RUNNING", NOON - timedelta(minutes=1), False),  # it was begun again since
        ("COMPLETED", NOON, False),
        ("CRASHED", NOON, False),
        ("SCHEDULED", NOON, False),
    ],
)
def test_that_a_run_was_killed_is_told_where_it_seems_to_go_on(
    shown: str, began: datetime, *, is_told: bool
) -> None:
    server = Server()
    server.shown = shown
    tell_killed(RUN, began, server.ask)
    crashed = {"type": "CRASHED", "message": "The process of the run was killed."}
    assert server.states == ([crashed] if is_told else [])
    tell_killed(RUN, began, Server(knows_run=False).ask)


def test_the_end_of_a_run_sends_all_and_waits_until_it_is_recorded() -> None:
    server, sender = Server(), EventSender(mark)
    sender.add(event("1", "flowforge://dev/silver/a"))
    assert wait_until_recorded(sender, server.ask, seconds=1)
    assert [each["id"] for each in server.recorded] == ["1"]

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, cast

import pytest

from flowforge_assets.compile.asset_events import EventJson
from flowforge_assets.execute.event_sender import Ask, EventSender, Unanswered, answering
from flowforge_assets.execute.reconcile import Owed, settle_untold, wait_until_recorded
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.record.untold import Untold, UntoldBook

SERVER: Final = "http://prefect.example/api"
RUN: Final = "01a20690-4b79-7a2b-abb9-9570ef7dad52"
NOON: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
COMPLETED: Final = ("COMPLETED", "Made 2.")
STATE: Final = "the state in which the run began"
BEGUN: Final = Untold(SERVER, RUN, "r1", STATE, [])


def event(id_: str, asset: str, occurred: datetime = NOON) -> EventJson:
    return {
        "id": id_,
        "event": "prefect.asset.materialization.succeeded",
        "resource": {"prefect.resource.id": asset},
        "occurred": occurred.isoformat(),
    }


A, B = event("1", "flowforge://dev/silver/a"), event("2", "flowforge://dev/silver/b")


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
        self.shown = ("RUNNING", STATE)
        self.marks: list[EventJson] = []
        self.knows_run = knows_run
        self.states: list[object] = []

    def ask(self, path: str, question: object) -> object:
        with answering():
            return self.answer(path, question)

    def answer(self, path: str, question: object) -> object:
        if path.startswith("/flow_runs/"):
            if not self.knows_run:
                raise Refusal(HTTPStatus.NOT_FOUND)
            if question is None:
                return {"state": {"type": self.shown[0], "id": self.shown[1]}}
            self.states.append(cast("Mapping[str, object]", question)["state"])
            self.shown = ("told", "another")
            return None
        if path == "/events":
            for each in cast("Sequence[EventJson]", question):
                (self.marks if each["event"] == "mark" else self.recorded).append(each)
            return None
        if path.startswith("/events/filter/next?page="):
            return self._page(self.recorded, int(path.partition("=")[2]))
        wanted: Any = cast("Mapping[str, Any]", question)["filter"]
        if "id" in wanted:
            passed = [] if self.is_behind else self.marks
            known = [*self.recorded, *passed]
            found = [each for each in known if each["id"] in wanted["id"]["id"]]
            return {"events": found, "total": len(found)}
        since, until = (
            datetime.fromisoformat(wanted["occurred"][end]) for end in ("since", "until")
        )
        found = [
            each
            for each in self.recorded
            if since <= datetime.fromisoformat(str(each["occurred"])) <= until
        ]
        return self._page(found, 0)

    def _page(self, found: list[EventJson], at: int) -> object:
        # as a server behind a proxy names itself
        following = f"http://inside:4200/api/events/filter/next?page={at + 1}"
        is_last = at + 1 >= len(found)
        return {
            "events": found[at : at + 1],
            "total": len(found),
            "next_page": None if is_last else following,
        }


class Refuses(Server):
    """A server that answers all that it is told of how a run ended with a status."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status

    def answer(self, path: str, question: object) -> object:
        if path == f"/flow_runs/{RUN}/set_state":
            raise Refusal(self.status)
        return super().answer(path, question)


def mark() -> EventJson:
    return {"id": "mark", "event": "mark"}


@pytest.fixture
def book(tmp_path: Path) -> Iterator[UntoldBook]:
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        yield ledger.untold


def over(untold: Untold) -> Owed:
    """Of a run that has ended, and whose process has too."""
    return Owed(untold, NOON, COMPLETED)


def killed(untold: Untold) -> Owed:
    return Owed(replace(untold, events=[A, B], are_prefects=True), NOON, ("CRASHED", "Killed."))


def settled(book: UntoldBook, ask: Ask, owed: Callable[[Untold], Owed | None] = over) -> list[str]:
    return list(settle_untold(book, SERVER, ask, mark=mark, owed=owed))


def kept(book: UntoldBook, *, are_prefects: bool = False) -> None:
    book.keep(replace(BEGUN, events=[A, B], are_prefects=are_prefects))


def left_in(book: UntoldBook) -> Untold | None:
    return book.find(BEGUN.named)


def test_what_the_server_has_is_forgotten_without_a_word(book: UntoldBook) -> None:
    kept(book)
    server = Server(A, B)
    server.shown = ("COMPLETED", "another")
    assert settled(book, server.ask) == []
    assert left_in(book) is None


def test_what_it_lacks_is_sent_and_looked_for_again_by_the_next_run(book: UntoldBook) -> None:
    kept(book)
    server = Server(A)
    assert settled(book, server.ask) == [
        "the Prefect server was told later of run r1: an event and how it ended"
    ]
    assert server.states == [{"type": "COMPLETED", "message": "Made 2."}]
    assert server.recorded == [A, B]
    assert left_in(book) == replace(BEGUN, events=[B])
    assert settled(book, server.ask) == []
    assert left_in(book) is None
    assert len(server.states) == 1


@pytest.mark.parametrize(
    "shown",
    [
        ("RUNNING", "begun again since"),
        ("COMPLETED", "another"),
        ("CRASHED", "another"),
        ("SCHEDULED", "another"),
    ],
)
def test_how_a_run_ended_is_told_only_where_it_seems_to_go_on(
    book: UntoldBook, shown: tuple[str, str]
) -> None:
    kept(book)
    server = Server(A, B)
    server.shown = shown
    assert settled(book, server.ask) == []
    assert (server.states, left_in(book)) == ([], None)


def test_events_that_prefect_sent_itself_are_known_by_their_assets(book: UntoldBook) -> None:
    kept(book, are_prefects=True)
    its_own = {**B, "id": "its own"}
    server = Server(its_own)
    assert len(settled(book, server.ask)) == 1
    assert server.recorded == [its_own, A]


def test_an_asset_of_several_steps_has_an_event_of_each(book: UntoldBook) -> None:
    again = {**A, "id": "of its second step"}
    book.keep(replace(BEGUN, events=[A, again], are_prefects=True))
    server = Server({**A, "id": "its own"})
    assert len(settled(book, server.ask)) == 1
    assert server.recorded[1:] == [again]


def test_events_of_an_earlier_try_of_the_flow_run_are_others(book: UntoldBook) -> None:
    earlier = event("its own", "flowforge://dev/silver/a", NOON.replace(hour=11))
    book.keep(replace(BEGUN, events=[A], are_prefects=True))
    server = Server(earlier)
    assert len(settled(book, server.ask)) == 1
    assert server.recorded == [earlier, A]


@pytest.mark.parametrize("are_prefects", [False, True])
def test_a_server_that_is_behind_is_sent_nothing_again(
    book: UntoldBook, monkeypatch: pytest.MonkeyPatch, *, are_prefects: bool
) -> None:
    monkeypatch.setattr("flowforge_assets.execute.reconcile._LEVEL_SECONDS", 0)
    kept(book, are_prefects=are_prefects)
    before = left_in(book)
    server = Server(is_behind=True)
    assert settled(book, server.ask) == [
        "the Prefect server was told later of run r1: how it ended"
    ]
    assert server.recorded == []
    assert left_in(book) == before
    assert book.claim(BEGUN.named)


def test_a_server_that_was_wiped_is_told_nothing(book: UntoldBook) -> None:
    kept(book)
    server = Server(knows_run=False)
    assert settled(book, server.ask) == []
    assert (server.recorded, left_in(book)) == ([], None)


def test_what_is_for_another_server_is_left_alone(book: UntoldBook) -> None:
    book.keep(replace(BEGUN, server="http://127.0.0.1:4200/api", events=[A]))
    server = Server(knows_run=False)
    assert settled(book, server.ask) == []
    assert left_in(book) is not None


def test_what_cannot_be_sent_stays_and_is_nobodys(book: UntoldBook) -> None:
    kept(book)

    def silent(_path: str, _question: object) -> object:
        with answering():
            raise ConnectionError

    with pytest.raises(Unanswered, match="ConnectionError"):
        settled(book, silent)
    assert book.claim(BEGUN.named)


@pytest.mark.parametrize("status", [400, 413, 422])
def test_what_a_server_refuses_for_good_is_said_once_and_stops_nothing_else(
    book: UntoldBook, status: int
) -> None:
    kept(book)
    later = event("3", "flowforge://dev/silver/c")
    book.keep(replace(BEGUN, flow_run_id="another", run_id="r2", events=[later]))
    server = Refuses(status)

    lost = "it will not have 2 events and how it ended"
    assert settled(book, server.ask) == [
        f"the Prefect server refused (status {status}) to be told of run r1: {lost}",
        "the Prefect server was told later of run r2: an event and how it ended",
    ]
    assert server.recorded == [later]
    assert settled(book, server.ask) == []


@pytest.mark.parametrize("status", [401, 403, 407, 408, 425, 429, 500, 503])
def test_a_server_that_may_take_it_another_time_is_told_later(
    book: UntoldBook, status: int
) -> None:
    kept(book)
    with pytest.raises(Unanswered, match="Refusal"):
        settled(book, Refuses(status).ask)
    assert left_in(book) is not None


def test_a_run_that_goes_on_is_left_alone(book: UntoldBook) -> None:
    book.keep(BEGUN)
    server = Server()
    assert settled(book, server.ask, lambda _: None) == []
    assert (server.recorded, left_in(book)) == ([], BEGUN)


def test_of_a_run_that_was_killed_the_server_is_told_what_it_lacks(book: UntoldBook) -> None:
    book.keep(BEGUN)
    its_own = {**B, "id": "its own"}
    server = Server(its_own, {**B, "id": "of another step"})
    assert settled(book, server.ask, killed) == [
        "the Prefect server was told later of run r1: an event and how it ended"
    ]
    assert [each["id"] for each in server.recorded] == ["its own", "of another step", "1"]
    assert server.states == [{"type": "CRASHED", "message": "Killed."}]
    assert settled(book, server.ask) == []
    assert left_in(book) is None


def test_what_another_run_tells_at_the_moment_is_left_to_it(book: UntoldBook) -> None:
    server = Server()
    book.keep(BEGUN)
    assert book.claim(BEGUN.named)
    assert settled(book, server.ask, killed) == []
    assert (server.recorded, server.states, left_in(book)) == ([], [], BEGUN)


def test_the_end_of_a_run_sends_all_and_waits_until_it_is_recorded() -> None:
    server, sender = Server(), EventSender(mark)
    sender.add(A)
    assert wait_until_recorded(sender, server.ask, seconds=1)
    assert server.recorded == [A]

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import pytest

from flowforge_assets.compile.asset_events import EventJson
from flowforge_assets.execute.event_sender import EventSender
from flowforge_assets.execute.outbox import Unsent, keep_unsent, read_unsent
from flowforge_assets.execute.reconcile import settle_unsent, wait_until_recorded

RUN = "01a20690-4b79-7a2b-abb9-9570ef7dad52"


def event(id_: str, asset: str) -> EventJson:
    name = "prefect.asset.materialization.succeeded"
    return {"id": id_, "event": name, "resource": {"prefect.resource.id": asset}}


class NotFound(Exception):
    class response:  # noqa: N801 - as that of an HTTP client's error
        status_code = HTTPStatus.NOT_FOUND


class Server:
    """A server that has some events of one flow run, in pages of one."""

    def __init__(self, *recorded: EventJson, knows_run: bool = True) -> None:
        self.recorded = list(recorded)
        self.knows_run = knows_run
        self.states: list[object] = []

    def ask(self, path: str, question: object) -> object:
        if path.endswith("/set_state"):
            if not self.knows_run:
                raise NotFound
            self.states.append(cast("Mapping[str, object]", question)["state"])
            return None
        if path == "/events":
            self.recorded += cast("Sequence[EventJson]", question)
            return None
        if path.startswith("/page/"):
            return self._page(self.recorded, int(path.removeprefix("/page/")))
        wanted: Any = cast("Mapping[str, Any]", question)["filter"]
        if "id" in wanted:
            found = [each for each in self.recorded if each["id"] in wanted["id"]["id"]]
            return {"events": found, "total": len(found)}
        return self._page(self.recorded, 0)

    def _page(self, found: list[EventJson], at: int) -> object:
        following = f"/page/{at + 1}" if at + 1 < len(found) else None
        return {"events": found[at : at + 1], "total": len(found), "next_page": following}


def kept(folder: Path, *, state: tuple[str, str] | None = None, are_prefects: bool = False) -> None:
    events = [event("1", "flowforge://dev/silver/a"), event("2", "flowforge://dev/silver/b")]
    keep_unsent(folder, Unsent(RUN, "r1", events, state, are_prefects=are_prefects))


def test_what_the_server_has_is_forgotten_without_a_word(tmp_path: Path) -> None:
    kept(tmp_path)
    (unsent,) = read_unsent(tmp_path)
    assert list(settle_unsent(tmp_path, Server(*unsent.events).ask)) == []
    assert list(read_unsent(tmp_path)) == []


def test_what_it_lacks_is_sent_and_looked_for_again_by_the_next_run(tmp_path: Path) -> None:
    kept(tmp_path, state=("COMPLETED", "Made 2."))
    server = Server(event("1", "flowforge://dev/silver/a"))
    said = list(settle_unsent(tmp_path, server.ask))
    assert said == ["the Prefect server was told later of run r1: an event"]
    assert server.states == [{"type": "COMPLETED", "message": "Made 2."}]
    assert [each["id"] for each in server.recorded] == ["1", "2"]
    (left,) = read_unsent(tmp_path)
    assert (left.state, [each["id"] for each in left.events]) == (None, ["2"])
    assert list(settle_unsent(tmp_path, server.ask)) == []
    assert list(read_unsent(tmp_path)) == []


def test_events_that_prefect_sent_itself_are_known_by_their_assets(tmp_path: Path) -> None:
    kept(tmp_path, are_prefects=True)
    server = Server(event("its own", "flowforge://dev/silver/b"))
    assert len(list(settle_unsent(tmp_path, server.ask))) == 1
    assert [each["id"] for each in server.recorded] == ["its own", "1"]


def test_a_server_that_was_wiped_is_told_nothing(tmp_path: Path) -> None:
    kept(tmp_path, state=("FAILED", "Made 0."))
    server = Server(knows_run=False)
    assert list(settle_unsent(tmp_path, server.ask)) == []
    assert (server.recorded, list(read_unsent(tmp_path))) == ([], [])


def test_what_cannot_be_sent_stays(tmp_path: Path) -> None:
    kept(tmp_path)

    def silent(_path: str, _question: object) -> object:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        list(settle_unsent(tmp_path, silent))
    assert len(list(read_unsent(tmp_path))) == 1


def test_a_file_that_is_broken_holds_nobody_up(tmp_path: Path) -> None:
    kept(tmp_path)
    (tmp_path / "prefect" / "0.json").write_text("{")
    (tmp_path / "prefect" / "1.json").write_text('{"state": 3}')
    assert [unsent.run_id for unsent in read_unsent(tmp_path)] == ["r1"]


def test_the_end_of_a_run_sends_all_and_waits_until_it_is_recorded() -> None:
    server, sender = Server(), EventSender()
    sender.add(event("1", "flowforge://dev/silver/a"))
    assert wait_until_recorded(sender, server.ask, seconds=1)
    assert [each["id"] for each in server.recorded] == ["1"]

"""Sees that a Prefect server has recorded what it was told of a run, and tells it what it lacks."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, cast
from urllib.parse import urlsplit

from flowforge_assets.compile.asset_events import MATERIALIZED, EventJson
from flowforge_assets.execute.event_sender import (
    A_BATCH,
    ALWAYS,
    MOST_UNRECORDED,
    Ask,
    EventSender,
    Unanswered,
    count_recorded,
    missing,
)
from flowforge_assets.record.untold import Untold, UntoldBook

_LOOK_SECONDS: Final = 0.3
_LEVEL_SECONDS: Final = 2.0
_A_PAGE: Final = 50
# Who asked, where or when was wrong, and not what was sent.
_NOT_OF_WHAT: Final = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)


def wait_until_recorded(sender: EventSender, ask: Ask, *, seconds: float) -> bool:
    """Sends all that waits, and says whether the server has recorded it within so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        sender.send(ask, even_few=True)
        sender.look(ask)
        if sender.is_done:
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_SECONDS)


@dataclass(frozen=True, slots=True)
class Owed:
    """What a server is to have of a run of an earlier time: `untold`, with its events.

    Those that Prefect sent itself have occurred since `since`. `end` is how the flow run ended: a
    state's type and message.
    """

    untold: Untold
    since: datetime
    end: tuple[str, str]


def settle_untold(
    book: UntoldBook,
    server: str,
    ask: Ask,
    *,
    mark: Callable[[], EventJson],
    owed: Callable[[Untold], Owed | None],
) -> Iterator[str]:
    """Brings the server up to date on earlier runs; gives what people should know of it.

    `owed` gives all that is to be told of a run, or None to leave it alone. Events are sent again
    only when one of `mark`, which is sent after them, was recorded: a server that is behind is left
    to itself until the next time. What a server refuses for good is forgotten.

    Raises:
        RecordError: the ledger cannot be used (FF-501 to FF-519).
        Unanswered: the server does not answer; what is not settled then stays for the next time.
    """
    is_level = True

    def gets_level() -> bool:
        nonlocal is_level
        is_level = is_level and _gets_level(ask, mark())
        return is_level

    for named in book.of_server(server):
        untold = book.find(named)
        found = None if untold is None else owed(untold)
        if untold is None or found is None or not book.claim(named):
            continue
        try:
            note = _settle(book, found, ask, gets_level=gets_level)
        except Unanswered as error:
            if not _is_refusal(error.status):
                book.keep(untold)  # nobody's again
                raise
            book.forget(named)
            refused = f"the Prefect server refused (status {error.status}) to be told of run"
            lacks = _said_of(len(found.untold.events or ()), is_end=True)
            note = f"{refused} {untold.run_id}: it will not have {lacks}"
        if note is not None:
            yield note


def _settle(
    book: UntoldBook, owed: Owed, ask: Ask, *, gets_level: Callable[[], bool]
) -> str | None:
    """Tells what the server lacks, if `gets_level` says that it keeps up; what people should know.

    Raises whatever `ask` does.
    """
    untold = owed.untold
    goes_on = _goes_on(untold, ask)
    if goes_on is None:
        book.forget(untold.named)  # the server was wiped
        return None
    if goes_on:
        kind, message = owed.end
        state = {"state": {"type": kind, "message": message}, "force": True}
        ask(f"/flow_runs/{untold.flow_run_id}/set_state", state)
    sent = 0
    lost = list(_missing(owed, ask))
    if lost and gets_level():
        lost = list(_missing(owed, ask))
        sent = _send(lost, ask)
        # to be looked for again by the next run: a server records what is sent in a while
        untold = replace(untold, events=lost, are_prefects=False)
    if lost:
        book.keep(untold)
    else:
        book.forget(untold.named)
    said = _said_of(sent, is_end=goes_on)
    return said and f"the Prefect server was told later of run {untold.run_id}: {said}"


def _send(events: Sequence[EventJson], ask: Ask) -> int:
    """Sends as much as a server has room for; gives how many events that are."""
    room = events[:MOST_UNRECORDED]
    for start in range(0, len(room), A_BATCH):
        ask("/events", room[start : start + A_BATCH])
    return len(room)


def _goes_on(untold: Untold, ask: Ask) -> bool | None:
    """Whether the server takes the flow run to go on since the run began; None: it knows none.

    It may have been begun again since, or somebody has told how it ended.
    """
    try:
        answer = ask(f"/flow_runs/{untold.flow_run_id}", None)
    except Unanswered as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return None
        raise
    state = cast("Mapping[str, Mapping[str, str] | None]", answer)["state"]
    return state is not None and (state["type"], state["id"]) == ("RUNNING", untold.state_id)


def _said_of(events: int, *, is_end: bool) -> str | None:
    """What is told, or lacking, of a run, to people; None if that is nothing."""
    counted = [f"{events:,} events" if events != 1 else "an event"] if events else []
    return " and ".join(counted + (["how it ended"] if is_end else [])) or None


def _is_refusal(status: int | None) -> bool:
    """Whether a server will never take what it was sent."""
    is_ours = status is not None and 400 <= status < 500  # noqa: PLR2004 - RFC 9110, client errors
    return is_ours and status not in _NOT_OF_WHAT


def _gets_level(ask: Ask, mark: EventJson) -> bool:
    """Whether the server has recorded, within some time, all that was sent to it until now."""
    ask("/events", [mark])
    deadline = time.monotonic() + _LEVEL_SECONDS
    while not count_recorded(ask, [mark]):
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_SECONDS)
    return True


def has_prefects_events(
    flow_run_id: str, events: Sequence[EventJson], ask: Ask, *, since: datetime
) -> bool:
    """Whether the server has recorded as many events of assets as Prefect was to send."""
    page = _page(flow_run_id, ask, since=since, limit=0)
    return int(page["total"]) >= len(_materialized(events))


def _missing(owed: Owed, ask: Ask) -> Iterator[EventJson]:
    """The events that the server has not recorded."""
    events = owed.untold.events or ()
    if not owed.untold.are_prefects:
        yield from missing(events, ask)
        return
    of_assets = _materialized(events)
    recorded = Counter(_recorded(owed, ask) if of_assets else ())
    for event in of_assets:
        named = _named(event)
        if recorded[named]:
            recorded[named] -= 1  # an asset of several steps has an event of each
        else:
            yield event


def _recorded(owed: Owed, ask: Ask) -> Iterator[tuple[object, object]]:
    """The kinds and assets of the events that Prefect itself sent of the flow run."""
    page = _page(owed.untold.flow_run_id, ask, since=owed.since, limit=_A_PAGE)
    while True:
        yield from map(_named, _events(page))
        following = page.get("next_page")
        if not following:
            return
        # The server names itself as it is reached from where it is, which may be elsewhere for us.
        path = f"/events/filter/next?{urlsplit(str(following)).query}"
        page = cast("Mapping[str, Any]", ask(path, None))


def _materialized(events: Sequence[EventJson]) -> list[EventJson]:
    return [event for event in events if str(event["event"]).startswith(MATERIALIZED)]


def _named(event: Mapping[str, Any]) -> tuple[object, object]:
    return event["event"], event["resource"]["prefect.resource.id"]


def _page(flow_run_id: str, ask: Ask, *, since: datetime, limit: int) -> Mapping[str, Any]:
    filtered = {
        "event": {"prefix": [MATERIALIZED]},
        "related": {"id": [f"prefect.flow-run.{flow_run_id}"]},
        "occurred": {**ALWAYS, "since": since.isoformat()},
    }
    return cast("Mapping[str, Any]", ask("/events/filter", {"filter": filtered, "limit": limit}))


def _events(page: object) -> list[Mapping[str, Any]]:
    return cast("Mapping[str, list[Mapping[str, Any]]]", page)["events"]

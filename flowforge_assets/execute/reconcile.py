"""Sees that a Prefect server has recorded what it was told of a run, and tells it what it lacks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, cast

from flowforge_assets.compile.asset_events import MATERIALIZED, EventJson
from flowforge_assets.execute.event_sender import (
    A_BATCH,
    MOST_UNRECORDED,
    Ask,
    EventSender,
    count_recorded,
    missing,
)
from flowforge_assets.record.database import LedgerPlace
from flowforge_assets.record.untold import (
    Untold,
    claim_untold,
    forget_untold,
    keep_untold,
    read_untold,
)

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


def settle_untold(
    place: LedgerPlace,
    ask: Ask,
    *,
    mark: Callable[[], EventJson],
    known: Callable[[Untold], Untold | None],
) -> Iterator[str]:
    """Brings the server up to date on earlier runs; gives what people should know of it.

    `known` gives all that is to be told of a run, its events too, or None to leave it alone. Events
    are sent again only when one of `mark`, which is sent after them, was recorded: a server that is
    behind is left to itself until the next time. What a server refuses for good is forgotten.

    Raises:
        RecordError: the ledger cannot be used (FF-501 to FF-519).
        Exception: whatever else `ask` does; what is not settled then stays for the next time.
    """
    is_level = True

    def gets_level() -> bool:
        nonlocal is_level
        is_level = is_level and _gets_level(ask, mark())
        return is_level

    for untold in read_untold(place):
        told: Untold | None = untold
        try:
            told = known(untold)
            note = None if told is None else _settle(place, told, ask, gets_level=gets_level)
        except Exception as error:
            status = _status(error)
            if not _is_refusal(status):
                raise
            forget_untold(place, untold)
            refused = f"the Prefect server refused (status {status}) to be told of run"
            note = f"{refused} {untold.run_id}: it will not have {_lost(told or untold)}"
        if note is not None:
            yield note


def _settle(
    place: LedgerPlace, told: Untold, ask: Ask, *, gets_level: Callable[[], bool]
) -> str | None:
    """Tells what the server lacks, if `gets_level` says that it keeps up; what people should know.

    Raises whatever `ask` does.
    """
    if told.state is not None:
        kind, message = told.state
        state = {"state": {"type": kind, "message": message}, "force": True}
        if not _took(ask, f"/flow_runs/{told.flow_run_id}/set_state", state):
            forget_untold(place, told)
            return None
    sent = 0
    if not any(True for _ in _missing(told, ask)):
        forget_untold(place, told)
    elif claim_untold(place, told):
        if gets_level():
            sent = _send_lost(place, told, ask)
        else:
            keep_untold(place, replace(told, state=None))
    if not sent and told.state is None:
        return None
    return f"the Prefect server was told later of run {told.run_id}: {_counted(sent)}"


def _lost(told: Untold) -> str:
    """What a server lacks of a run, to people."""
    ended = ["how it ended"] if told.state is not None or told.events is None else []
    count = [_counted(len(told.events))] if told.events else []
    return " and ".join(count + ended)


def _counted(events: int) -> str:
    return f"{events:,} events" if events != 1 else "an event"


def _send_lost(place: LedgerPlace, told: Untold, ask: Ask) -> int:
    """Sends what the server has lost, as much as it has room for; gives how many that are.

    It is kept for the next run to look: a server records it in a while.
    """
    lost = list(_missing(told, ask))
    if not lost:
        forget_untold(place, told)
        return 0
    room = lost[:MOST_UNRECORDED]
    for start in range(0, len(room), A_BATCH):
        ask("/events", room[start : start + A_BATCH])
    keep_untold(place, replace(told, events=lost, state=None, are_prefects=False))
    return len(room)


def tell_killed(flow_run_id: str, began: datetime, ask: Ask) -> None:
    """Tells that a flow run crashed whose process was gone after `began`, if it seems to go on.

    It may have been started again since, or somebody else has told how it ended.
    """
    path = f"/flow_runs/{flow_run_id}"
    try:
        state = cast("Mapping[str, Mapping[str, str]]", ask(path, None))["state"]
    except Exception as error:
        if _is_unknown(error):
            return  # the server was wiped
        raise
    if state["type"] == "RUNNING" and datetime.fromisoformat(state["timestamp"]) <= began:
        crashed = {"type": "CRASHED", "message": "The process of the run was killed."}
        _took(ask, f"{path}/set_state", {"state": crashed, "force": True})


def _took(ask: Ask, path: str, question: object) -> bool:
    """Asks, and says whether there was what was asked of: a server may have been wiped since."""
    try:
        ask(path, question)
    except Exception as error:
        if not _is_unknown(error):
            raise
        return False
    return True


def _is_unknown(error: Exception) -> bool:
    return _status(error) == HTTPStatus.NOT_FOUND


def _status(error: Exception) -> int | None:
    """What an HTTP server answered; None where none did."""
    return getattr(getattr(error, "response", None), "status_code", None)


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


def has_prefects_events(flow_run_id: str, events: Sequence[EventJson], ask: Ask) -> bool:
    """Whether the server has recorded as many events of assets as Prefect was to send."""
    return int(_page(flow_run_id, ask, limit=0)["total"]) >= len(_materialized(events))


def _missing(untold: Untold, ask: Ask) -> Iterator[EventJson]:
    """The events that the server has not recorded."""
    events = untold.events or ()
    if not untold.are_prefects:
        yield from missing(events, ask)
        return
    recorded = set(_recorded(untold.flow_run_id, ask))
    yield from (event for event in _materialized(events) if _named(event) not in recorded)


def _recorded(flow_run_id: str, ask: Ask) -> Iterator[tuple[object, object]]:
    """The kinds and assets of the events that Prefect itself sent of the flow run."""
    page: Mapping[str, Any] = _page(flow_run_id, ask, limit=_A_PAGE)
    while True:
        yield from map(_named, _events(page))
        following = page.get("next_page")
        if not following:
            return
        page = cast("Mapping[str, Any]", ask(str(following), None))


def _materialized(events: Sequence[EventJson]) -> list[EventJson]:
    return [event for event in events if str(event["event"]).startswith(MATERIALIZED)]


def _named(event: Mapping[str, Any]) -> tuple[object, object]:
    return event["event"], event["resource"]["prefect.resource.id"]


def _page(flow_run_id: str, ask: Ask, *, limit: int) -> Mapping[str, Any]:
    related = {"id": [f"prefect.flow-run.{flow_run_id}"]}
    filtered = {"event": {"prefix": [MATERIALIZED]}, "related": related}
    return cast("Mapping[str, Any]", ask("/events/filter", {"filter": filtered, "limit": limit}))


def _events(page: object) -> list[Mapping[str, Any]]:
    return cast("Mapping[str, list[Mapping[str, Any]]]", page)["events"]

"""Sees that a Prefect server has recorded what it was told of a run, and tells it what it lacks."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, cast

from flowforge_assets.compile.asset_events import MATERIALIZED, EventJson
from flowforge_assets.execute.event_sender import Ask, EventSender
from flowforge_assets.execute.outbox import Unsent, forget_unsent, keep_unsent, read_unsent

_LOOK_SECONDS: Final = 0.3
_A_PAGE: Final = 50


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


def settle_unsent(folder: Path, ask: Ask) -> Iterator[str]:
    """Brings the server up to date on earlier runs; gives what people should know of it.

    Raises whatever `ask` does: what is not settled then stays for the next time.
    """
    for unsent in list(read_unsent(folder)):
        if unsent.state is not None:
            kind, message = unsent.state
            state = {"state": {"type": kind, "message": message}, "force": True}
            if not _took(ask, f"/flow_runs/{unsent.flow_run_id}/set_state", state):
                forget_unsent(folder, [unsent.flow_run_id])
                continue
        missing = list(_missing(unsent, ask))
        if missing:
            ask("/events", missing)
            # the next run looks whether these have arrived: a server records them in a while
            left = replace(unsent, events=missing, state=None, are_prefects=False)
            keep_unsent(folder, left)
        else:
            forget_unsent(folder, [unsent.flow_run_id])
        if missing or unsent.state is not None:
            count = f"{len(missing):,} events" if len(missing) != 1 else "an event"
            yield f"the Prefect server was told later of run {unsent.run_id}: {count}"


def _took(ask: Ask, path: str, question: object) -> bool:
    """Asks, and says whether there was what was asked of: a server may have been wiped since."""
    try:
        ask(path, question)
    except Exception as error:
        answer = getattr(error, "response", None)
        if getattr(answer, "status_code", None) != HTTPStatus.NOT_FOUND:
            raise
        return False
    return True


def has_prefects_events(unsent: Unsent, ask: Ask) -> bool:
    """Whether the server has recorded as many events of assets as Prefect was to send."""
    return int(_page(unsent, ask, limit=0)["total"]) >= len(_materialized(unsent))


def _missing(unsent: Unsent, ask: Ask) -> Iterator[EventJson]:
    """The events that the server has not recorded."""
    if unsent.are_prefects:
        if not has_prefects_events(unsent, ask):
            recorded = set(_recorded(unsent, ask))
            yield from (event for event in _materialized(unsent) if _named(event) not in recorded)
        return
    for start in range(0, len(unsent.events), _A_PAGE):
        part = unsent.events[start : start + _A_PAGE]
        filtered = {"id": {"id": [event["id"] for event in part]}}
        page = ask("/events/filter", {"filter": filtered, "limit": _A_PAGE})
        known = {event["id"] for event in _events(page)}
        yield from (event for event in part if event["id"] not in known)


def _recorded(unsent: Unsent, ask: Ask) -> Iterator[tuple[object, object]]:
    """The kinds and assets of the events that Prefect itself sent of the flow run."""
    page: Mapping[str, Any] = _page(unsent, ask, limit=_A_PAGE)
    while True:
        yield from map(_named, _events(page))
        following = page.get("next_page")
        if not following:
            return
        page = cast("Mapping[str, Any]", ask(str(following), None))


def _materialized(unsent: Unsent) -> list[EventJson]:
    return [event for event in unsent.events if str(event["event"]).startswith(MATERIALIZED)]


def _named(event: Mapping[str, Any]) -> tuple[object, object]:
    return event["event"], event["resource"]["prefect.resource.id"]


def _page(unsent: Unsent, ask: Ask, *, limit: int) -> Mapping[str, Any]:
    related = {"id": [f"prefect.flow-run.{unsent.flow_run_id}"]}
    filtered = {"event": {"prefix": [MATERIALIZED]}, "related": related}
    return cast("Mapping[str, Any]", ask("/events/filter", {"filter": filtered, "limit": limit}))


def _events(page: object) -> list[Mapping[str, Any]]:
    return cast("Mapping[str, list[Mapping[str, Any]]]", page)["events"]

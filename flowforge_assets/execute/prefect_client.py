"""Short questions to a Prefect server, through the client of its own package."""

from __future__ import annotations

import ssl
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final

from flowforge_assets.execute.event_sender import Ask, answering

_TIMEOUT_SECONDS: Final = 10.0
_A_PAGE: Final = 200
# The first few are made without a pause.
_RECONNECTIONS: Final = 2


@contextmanager
def with_retries(most: int) -> Generator[None]:
    """Lets Prefect's clients of this thread try so often again; by default they do for a minute.

    They do not ask for the server's version, which `reach_api` compares.

    As its `temporary_settings` do; those read all settings anew, which takes 0.2 s of CPU.
    """
    from prefect.context import SettingsContext, get_settings_context  # with its client

    now = get_settings_context()
    update = {"max_retries": most, "server_version_check_enabled": False}
    client = now.settings.client.model_copy(update=update)
    settings = now.settings.model_copy(update={"client": client})
    with SettingsContext(profile=now.profile, settings=settings):
        yield


class _LateContext(ssl.SSLContext):
    """Trusts whom Prefect's clients trust, and reads who that is when something is encrypted."""

    # Any: as the class above has it, which this passes on.
    def wrap_socket(self, *args: Any, **named: Any) -> ssl.SSLSocket:  # noqa: ANN401
        """A connection, with a context as Prefect makes it."""
        from httpx import create_ssl_context  # Prefect's own client
        from prefect.settings import (  # with its client
            PREFECT_API_SSL_CERT_FILE,
            PREFECT_API_TLS_INSECURE_SKIP_VERIFY,
        )

        if PREFECT_API_TLS_INSECURE_SKIP_VERIFY.value():
            context = create_ssl_context(verify=False)
        elif file := PREFECT_API_SSL_CERT_FILE.value():
            context = ssl.create_default_context(cafile=file)
        else:
            context = create_ssl_context()
        return context.wrap_socket(*args, **named)


def connection_settings(timeout_seconds: float) -> dict[str, object]:
    """What a client is made with, for Prefect's `get_client`.

    A client reads all authorities for 40 ms. Where nothing is encrypted there is nothing to verify,
    unless such a server sends on to one by https.
    """
    from prefect.settings import PREFECT_API_URL  # with its client

    settings: dict[str, object] = {"timeout": timeout_seconds}
    if (PREFECT_API_URL.value() or "").startswith("http://"):
        settings["verify"] = _LateContext(ssl.PROTOCOL_TLS_CLIENT)
    return settings


@contextmanager
def asking(*, retries: int = 0, timeout_seconds: float = _TIMEOUT_SECONDS) -> Generator[Ask]:
    """A function that asks the server: by POST where there is a question, else by GET.

    What fails is `Unanswered`, after so many retries; events are sent once, as they may have
    arrived although the answer has not.
    """
    from prefect.client.orchestration import get_client  # runs in a flow: Prefect is loaded

    wanted = connection_settings(timeout_seconds)
    with get_client(httpx_settings=wanted, sync_client=True) as client:

        def ask(path: str, question: object) -> object:
            # The paths that its types list are templates; any path of the API will do.
            known: Any = path
            with answering(), with_retries(0 if path == "/events" else retries):
                answer = (
                    client.request("GET", known)
                    if question is None
                    else client.request("POST", known, json=question)
                )
                answer.raise_for_status()
                said: object = answer.json() if answer.content else None
                return said

        yield ask


@contextmanager
def giving_events_up_soon() -> Generator[None]:
    """Lets Prefect drop an event of a task when its server cannot be reached at once.

    By default it tries for seven seconds with each event, and keeps the process alive for it.
    """
    from prefect.events.clients import PrefectEventsClient  # runs in a flow
    from prefect.events.worker import EventsWorker
    from prefect.settings import PREFECT_API_URL, PREFECT_CLOUD_API_URL

    if (PREFECT_API_URL.value() or "").startswith(PREFECT_CLOUD_API_URL.value()):
        yield  # it has a client of its own
        return
    EventsWorker.set_client_override(PrefectEventsClient, reconnection_attempts=_RECONNECTIONS)
    try:
        yield
    finally:
        EventsWorker.set_client_override(None)


def limited_tags() -> set[str]:
    """The tags whose task runs the server limits."""
    from prefect.client.orchestration import get_client  # runs in a flow

    found: set[str] = set()
    with get_client(sync_client=True) as client:
        while page := client.read_concurrency_limits(limit=_A_PAGE, offset=len(found)):
            found |= {each.tag for each in page}
            if len(page) < _A_PAGE:
                break
    return found

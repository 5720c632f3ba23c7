"""Whether there is a Prefect to run with: the package, and a server that answers."""

from __future__ import annotations

import os
import re
from importlib import import_module
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from flowforge_assets.errors.project import (
    NoPrefectApiError,
    PrefectMissingError,
    PrefectUnreachableError,
    PrefectVersionError,
)
from flowforge_assets.execute.prefect_client import connection_settings, with_retries

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEADLINE_SECONDS: Final = 10.0
# Prefect reports usage by default. The console has our own lines; the server gets every one.
UNTRACKED: Final[Mapping[str, str]] = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
}
# What an asset logs goes to its flow run.
_LOGGED: Final[Mapping[str, str]] = {"PREFECT_LOGGING_EXTRA_LOGGERS": "flowforge"}
_QUIET: Final[Mapping[str, str]] = {"PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL"}


def load_prefect(*, is_quiet: bool = False) -> None:
    """Imports Prefect with its reports of usage off, unless someone imported it before.

    When `is_quiet`, its log goes to the server and not to the terminal. A variable that is set
    already stands.

    Raises:
        PrefectMissingError: it is not installed (FF-850).
    """
    for name, value in {**UNTRACKED, **_LOGGED, **(_QUIET if is_quiet else {})}.items():
        os.environ.setdefault(name, value)
    try:
        import_module("prefect")  # seconds of CPU: only for a run that uses it
    except ModuleNotFoundError as error:
        if error.name != "prefect":
            raise
        raise no_prefect() from error


def no_prefect() -> PrefectMissingError:
    """Prefect is not installed."""
    hint = "install it: `pip install 'flowforge-assets[prefect]'`"
    return PrefectMissingError("Prefect is not installed", hint=hint)


def api_address() -> str:
    """The address of the server that is named, without a user, a password or a query."""
    from prefect.settings import PREFECT_API_URL  # with the engine

    return _shown(PREFECT_API_URL.value() or "")


def reach_api(*, deadline_seconds: float = _DEADLINE_SECONDS) -> str:
    """The address of the Prefect server that is named, when it answers and is healthy.

    It has no user, password or query.

    Raises:
        NoPrefectApiError: none is named (FF-851).
        PrefectUnreachableError: it does not answer in time, or is not healthy (FF-852).
        PrefectVersionError: it is of a version that does not fit (FF-856).
    """
    from prefect.client.orchestration import get_client  # with the engine
    from prefect.settings import PREFECT_API_URL

    url = PREFECT_API_URL.value()
    if not url:
        hint = (
            "start a server with `flowforge server`, then set "
            "`PREFECT_API_URL=http://127.0.0.1:4200/api`"
        )
        raise NoPrefectApiError("no Prefect server is named", hint=hint)
    # Prefect's client waits and tries again for a minute: a wrong address is told at once.
    with (
        with_retries(0),
        get_client(
            httpx_settings=connection_settings(deadline_seconds), sync_client=True
        ) as client,
    ):
        try:
            version, failure = client.api_version(), None
        # what fails between us and a server has no common class
        except Exception as error:  # noqa: BLE001
            version, failure = "", error
        is_cloud = client.server_type.value == "cloud"
    if failure is not None:
        said = type(failure).__name__
        message = f"the Prefect server at `{_shown(url)}` does not answer as it should: {said}"
        hint = "see that it runs (`flowforge server`) and that `PREFECT_API_URL` names it"
        raise PrefectUnreachableError(message, hint=hint) from failure
    if not is_cloud:
        refuse_version(version, client.client_version())
    return api_address()


def refuse_version(server: str, here: str) -> None:
    """Lets a server pass that is as new as the Prefect that is installed here, or newer.

    Raises:
        PrefectVersionError: it is older, or of another major version (FF-856).
    """
    there, own = ([int(n) for n in re.findall(r"\d+", text)[:2]] for text in (server, here))
    if there[:1] == own[:1] and there >= own:
        return
    message = f"the Prefect server is of version `{server}`, and `{here}` is installed here"
    hint = f"it must be {own[0]}.{own[1]} or newer, below {own[0] + 1}: bring the server up to date"
    raise PrefectVersionError(message, hint=hint)


def _shown(url: str) -> str:
    """The address without a user, a password or a query."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"

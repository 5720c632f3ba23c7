"""Which options each kind of remote store knows: their names, types and sets of credentials."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, cast

from flowforge_assets.errors.stores import ClientMissingError
from flowforge_assets.storage.remote_url import RemoteUrl, StoreKind

BESIDE: Final = ("url", "format")
"""What stands in a store's table and is no option of its client."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option: what its value is called, how one is written, and what fits."""

    wanted: str
    example: str
    fits: Callable[[object], bool]
    is_secret: bool = False
    is_text: bool = True
    """Whether a reference may stand for it: what is looked up is text."""


@dataclass(frozen=True, slots=True)
class CredentialSet:
    """Options that are credentials together; `also` may be left out."""

    needed: tuple[str, ...]
    also: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """All that belong to the set."""
        return frozenset(self.needed + self.also)


def is_url(value: object) -> bool:
    """Whether `value` is an address over HTTP that holds neither user nor query."""
    return isinstance(value, str) and bool(re.fullmatch(r"https?://[^/@?#\s]+(/[^@?#\s]*)?", value))


def _is_number(value: object, least: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= least


_TEXT: Final = Option("a string", '"..."', lambda value: isinstance(value, str) and bool(value))
_SECRET: Final = Option("a reference", '{ env = "NAME" }', lambda _: False, is_secret=True)
_SWITCH: Final = Option(
    "`true` or `false`", "true", lambda value: isinstance(value, bool), is_text=False
)
_ADDRESS: Final = Option("a URL without user and query", '"https://host:port"', is_url)
_SECONDS: Final = Option(
    "a number of seconds above 0", "30", lambda value: _is_number(value, 0.001), is_text=False
)
_TIMES: Final = Option(
    "a whole number from 0",
    "4",
    lambda value: isinstance(value, int) and _is_number(value, 0),
    is_text=False,
)
_ANYTHING: Final = Option("a value", '"..."', lambda _: True)

EVERY: Final[Mapping[str, Option]] = {
    "ambient": _SWITCH,
    "endpoint": _ADDRESS,
    "allow_http": _SWITCH,
    "timeout_seconds": _SECONDS,
    "connect_timeout_seconds": _SECONDS,
    "max_retries": _TIMES,
}
"""What every kind of store knows."""
_SERVICE: Final[Mapping[str, Option]] = {
    "tenant_id": _TEXT,
    "client_id": _TEXT,
    "client_secret": _SECRET,
}
_KINDS: Final[Mapping[StoreKind, Mapping[str, Option]]] = {
    "s3": {
        "region": _TEXT,
        "access_key_id": _TEXT,
        "secret_access_key": _SECRET,
        "session_token": _SECRET,
        "anonymous": _SWITCH,
        "path_style": _SWITCH,
    },
    "azure": {
        "account": _TEXT,
        "account_key": _SECRET,
        "sas_token": _SECRET,
        **_SERVICE,
        "anonymous": _SWITCH,
        "emulator": _ADDRESS,
    },
    "onelake": {**_SERVICE, "token": _SECRET},
    "gcs": {"service_account": _SECRET, "anonymous": _SWITCH, "project": _TEXT},
    "other": {},
}

_OF_SERVICE: Final = CredentialSet(("tenant_id", "client_id", "client_secret"))
CREDENTIALS: Final[Mapping[StoreKind, tuple[CredentialSet, ...]]] = {
    "s3": (CredentialSet(("access_key_id", "secret_access_key"), ("session_token",)),),
    "azure": (CredentialSet(("account_key",)), CredentialSet(("sas_token",)), _OF_SERVICE),
    "onelake": (_OF_SERVICE, CredentialSet(("token",))),
    "gcs": (CredentialSet(("service_account",)),),
    "other": (),
}
"""The sets of credentials that a kind takes; one of them is enough."""

_SECRET_NAME: Final = re.compile(r"password|passwd|secret|token|key", re.IGNORECASE)
_OF_FSSPEC: Final = frozenset(
    """args asynchronous kwargs listings_expiry_time loop max_paths self skip_instance_cache
    ssh_kwargs storage_options target_protocol use_listings_cache""".split()  # noqa: SIM905 - a list would be one a line
)
"""What fsspec's own classes take and a project has no say in."""


def known_options(url: RemoteUrl) -> Mapping[str, Option]:
    """The options that the store at `url` knows; a stranger's protocol is imported for them."""
    own = dict(_KINDS[url.kind])
    if url.kind == "other":
        own = {
            name: _SECRET if is_secret_name(name) else _ANYTHING
            for name in _parameters(url.scheme)
            if name not in _OF_FSSPEC
        }
    return {**own, **EVERY}


def is_secret_name(name: str) -> bool:
    """Whether an option of a stranger's protocol holds a secret, by its name."""
    return bool(_SECRET_NAME.search(name))


def _parameters(scheme: str) -> list[str]:
    # fsspec takes 100 ms to import, and only protocols of strangers are asked for
    from fsspec import get_filesystem_class

    try:
        client = cast("type[object]", get_filesystem_class(scheme))
    except ImportError as error:
        message = f"stores at `{scheme}://` need a library that is not installed"
        raise ClientMissingError(message, hint=str(error).partition("\n")[0]) from error
    return [name for name in inspect.signature(client.__init__).parameters if name[0] != "_"]

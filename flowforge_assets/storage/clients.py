"""One set of options for two worlds: fsspec's filesystems and the engines' own clients.

The place that knows both. Every client has a deadline and retries, keeps no listing, and shares
nothing with clients that a user's own code makes.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, assert_never

from flowforge_assets.errors.stores import ClientMissingError
from flowforge_assets.storage import azure_options, gcs_options, other_options, s3_options
from flowforge_assets.storage.remote_url import StoreKind, parse_remote_url
from flowforge_assets.storage.resolved import Resolved
from flowforge_assets.storage.stray_variables import refuse_stray_variables

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

    from flowforge_assets.storage.location import RemoteLocation

EXTRAS: Final[Mapping[StoreKind, str]] = {
    "s3": "s3",
    "azure": "azure",
    "onelake": "azure",
    "gcs": "gcs",
}
"""Our extra that brings the files' client."""
# What they log Python prints where nobody asked for logs: we tell the same as coded errors.
_LOUD: Final = ("azure", "gcsfs")


def filesystem(location: RemoteLocation) -> AbstractFileSystem:
    """The place's files through fsspec; makes a client, and asks the store nothing yet.

    Raises:
        ClientMissingError: the extra for this kind of store is not installed (FF-651).
        SecretMissingError: a secret is not where the options say (FF-650).
        StrayVariableError: the environment would add other credentials (FF-653).
    """
    store = _resolved(location)
    kind = store.url.kind
    for log in map(logging.getLogger, _LOUD):
        if not log.handlers:
            log.addHandler(logging.NullHandler())
    try:
        match kind:
            case "s3":
                return s3_options.filesystem(store)
            case "azure" | "onelake":
                return azure_options.filesystem(store)
            case "gcs":
                return gcs_options.filesystem(store)
            case "other":
                return other_options.filesystem(store)
            case _:
                assert_never(kind)
    except ImportError as error:
        message = f"stores at `{store.url.scheme}://` need a library that is not installed"
        extra = EXTRAS.get(kind)
        said = str(error).partition("\n")[0]
        hint = f"install it: `pip install 'flowforge-assets[{extra}]'`" if extra else said
        raise ClientMissingError(message, hint=hint) from error


def delta_options(location: RemoteLocation) -> dict[str, str]:
    """The `storage_options` of deltalake.

    Raises:
        SecretMissingError: a secret is not where the options say (FF-650).
        StrayVariableError: the environment would add other credentials (FF-653).
    """
    store = _resolved(location)
    return {
        **_engine(store),
        "max_retries": str(store.max_retries),
        "retry_timeout": f"{store.patience_seconds:.3f}s",
    }


def polars_options(location: RemoteLocation) -> dict[str, Any]:
    """The arguments with which polars reads and writes a URL of the place.

    Raises:
        SecretMissingError: a secret is not where the options say (FF-650).
        StrayVariableError: the environment would add other credentials (FF-653).
    """
    store = _resolved(location)
    options: dict[str, object] = {
        **_engine(store),
        "max_retries": store.max_retries,
        "retry_timeout_ms": int(store.patience_seconds * 1000),
    }
    # with "auto" polars looks for an identity of this machine, or of this user
    provider = "auto" if store.mode == "ambient" else None
    return {"storage_options": options, "credential_provider": provider}


def root_of(location: RemoteLocation) -> str:
    """What fsspec calls the place: `bucket/prefix`."""
    url = parse_remote_url(location.url)
    if url.kind == "other":
        return other_options.root_of(url)
    return f"{url.bucket}/{url.prefix}" if url.prefix else url.bucket


def _resolved(location: RemoteLocation) -> Resolved:
    store = Resolved.of(location)
    refuse_stray_variables(store)
    return store


def _engine(store: Resolved) -> dict[str, str]:
    """What deltalake and polars call alike."""
    kind = store.url.kind
    times = {
        "timeout": f"{store.timeout_seconds:.3f}s",
        "connect_timeout": f"{store.connect_seconds:.3f}s",
    }
    match kind:
        case "s3":
            return {**times, **s3_options.engine(store)}
        case "azure" | "onelake":
            return {**times, **azure_options.engine(store)}
        case "gcs":
            return {**times, **gcs_options.engine(store)}
        case "other":
            return {}  # no engine speaks to it
        case _:
            assert_never(kind)

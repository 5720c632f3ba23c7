"""The options of Google Cloud Storage, for gcsfs and for the engines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, cast

from flowforge_assets.errors.stores import BadSecretError
from flowforge_assets.storage.failure_remote import no_identity

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

    from flowforge_assets.storage.resolved import Resolved

_GOOGLE: Final = "https://storage.googleapis.com"
_NEEDED: Final = ("client_email", "private_key", "private_key_id")


def engine(store: Resolved) -> dict[str, str]:
    """What deltalake and polars call the options."""
    options = {"allow_http": "true" if store.is_on("allow_http") else "false"}
    endpoint = store.text("endpoint") or _GOOGLE
    if store.mode == "explicit":
        key = _key(store)
    elif store.mode == "anonymous":
        # the engines' switch for this is not heeded by all of them; a key that signs nothing is
        options["google_skip_signature"] = "true"
        key = {**dict.fromkeys(_NEEDED, ""), "disable_oauth": True}
    else:
        return options
    key["gcs_base_url"] = endpoint
    return {
        **options,
        "google_service_account_key": json.dumps(key),
        "google_base_url": endpoint,  # the engines take it from the environment otherwise
    }


def filesystem(store: Resolved) -> AbstractFileSystem:
    """A client of gcsfs."""
    # an extra, and it takes a second to import
    from aiohttp import ClientTimeout
    from gcsfs.core import GCSFileSystem
    from google.auth.exceptions import DefaultCredentialsError

    timeout = ClientTimeout(total=store.timeout_seconds, sock_connect=store.connect_seconds)
    try:
        return GCSFileSystem(
            project=store.text("project") or "",
            token=_token(store),
            access="read_write",
            # without one gcsfs would take that of an emulator from the environment
            endpoint_url=store.text("endpoint") or _GOOGLE,
            requests_timeout=timeout,
            skip_instance_cache=True,
            use_listings_cache=False,
        )
    except DefaultCredentialsError as error:
        raise no_identity(f"`{store.url}`") from error
    except (KeyError, ValueError):
        if store.mode != "explicit":
            raise
        raise _no_key("its private key cannot be read") from None  # its text may quote the key


def _token(store: Resolved) -> object:
    if store.mode != "explicit":
        return "google_default" if store.mode == "ambient" else "anon"
    return _key(store)


def _key(store: Resolved) -> dict[str, object]:
    """The JSON key of a service account."""
    try:
        key: object = json.loads(store.text("service_account") or "")
    except ValueError:
        raise _no_key("it is no JSON") from None  # its text may quote the key
    found = cast("dict[str, object]", key) if isinstance(key, dict) else {}
    lacking = [name for name in _NEEDED if name not in found]
    if lacking:
        raise _no_key(f"it has no `{lacking[0]}`")
    return dict(found)


def _no_key(why: str) -> BadSecretError:
    message = f"`service_account` holds no JSON key of a service account: {why}"
    return BadSecretError(message, hint="refer to the key file that Google gave, as it is")

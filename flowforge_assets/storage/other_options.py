"""Stores of protocols that are fsspec's alone; no engine speaks to them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING

from flowforge_assets.storage.option_names import EVERY
from flowforge_assets.storage.secrets import Secret

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

    from flowforge_assets.storage.remote_url import RemoteUrl
    from flowforge_assets.storage.resolved import Resolved


def filesystem(store: Resolved) -> AbstractFileSystem:
    """The client of the protocol's own library."""
    # fsspec takes 100 ms to import, and only remote stores need it
    from fsspec import get_filesystem_class

    options = {
        name: value.reveal() if isinstance(value, Secret) else value
        for name, value in store.values.items()
        if name not in EVERY
    }
    client = get_filesystem_class(store.url.scheme)
    if "timeout" in inspect.signature(client.__init__).parameters:
        options.setdefault("timeout", store.timeout_seconds)
    # fsspec's contract with those who write filesystems, whatever its name says
    said_by_url: Callable[[str], dict[str, object]] = getattr(client, "_get_kwargs_from_urls")  # noqa: B009
    files = client(**{**said_by_url(str(store.url)), **options, "skip_instance_cache": True})
    # as an option some would hand it on to a library that does not know it
    files.dircache.use_listings_cache = False
    return files


def root_of(url: RemoteUrl) -> str:
    """The path in the protocol's own form."""
    # fsspec takes 100 ms to import, and only remote stores need it
    from fsspec import get_filesystem_class

    client = get_filesystem_class(url.scheme)
    # fsspec's contract with those who write filesystems, whatever its name says
    strip: Callable[[str], str] = getattr(client, "_strip_protocol")  # noqa: B009
    return strip(str(url)).rstrip("/")

"""The options of S3 and what speaks like it, for s3fs and for the engines."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

    from flowforge_assets.storage.resolved import Resolved

_REGION: Final = "us-east-1"  # what stores of one's own take, whatever it says
_NO_SETTINGS: Final = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
"""botocore's variables that lead to the settings of this user, led to nothing."""


def engine(store: Resolved) -> dict[str, str]:
    """What deltalake and polars call the options."""
    given = {
        "aws_access_key_id": store.text("access_key_id"),
        "aws_secret_access_key": store.text("secret_access_key"),
        "aws_session_token": store.text("session_token"),
        "aws_region": _region(store),
        "aws_endpoint_url": _endpoint(store),
        "aws_skip_signature": "true" if store.mode == "anonymous" else "false",
        "aws_virtual_hosted_style_request": "true" if _is_virtual(store) else "false",
        "aws_allow_http": "true" if store.is_on("allow_http") else "false",
        # a commit is a file that one writer alone can make, whatever the environment says
        "aws_conditional_put": "etag",
    }
    if store.mode != "ambient":
        # the engines take each of these from the environment where the option is not there
        given["aws_endpoint_url"] = given["aws_endpoint_url"] or _of_amazon(store)
        given["aws_endpoint_url_s3"] = given["aws_endpoint_url"]
        given["aws_request_payer"] = "false"
    return {name: value for name, value in given.items() if value is not None}


def filesystem(store: Resolved) -> AbstractFileSystem:
    """A client of s3fs."""
    # an extra, and it takes half a second to import
    from aiobotocore.session import AioSession
    from s3fs import S3FileSystem

    session = AioSession(None if store.mode == "ambient" else _NO_SETTINGS)
    session.register("before-call.s3", _ask_no_leave)
    session.register_component("data_loader", _loader())
    style = "virtual" if _is_virtual(store) else "path"
    files = S3FileSystem(
        anon=store.mode == "anonymous",
        key=store.text("access_key_id"),
        secret=store.text("secret_access_key"),
        token=store.text("session_token"),
        endpoint_url=store.text("endpoint"),
        session=session,
        client_kwargs={"region_name": _region(store)},
        config_kwargs={
            "connect_timeout": store.connect_seconds,
            "read_timeout": store.timeout_seconds,
            "retries": {"mode": "standard", "total_max_attempts": store.max_retries + 1},
            "s3": {"addressing_style": style},
            "ignore_configured_endpoint_urls": store.mode != "ambient",
        },
        skip_instance_cache=True,
        use_listings_cache=False,
    )
    files.retries = 1  # botocore sends again what may be sent again; both would multiply
    return files


@cache
def _loader() -> object:
    """What reads botocore's model of S3, which takes 0.1 s; it holds no setting of a user."""
    # as in `filesystem`
    from aiobotocore.session import AioSession

    return AioSession(_NO_SETTINGS).get_component("data_loader")


def _ask_no_leave(params: Mapping[str, Any], **_: object) -> None:
    """Takes the question off an upload whether it may begin: for the answer no time is set.

    `params` are those of a request, as botocore has them.
    """
    params["headers"].pop("Expect", None)


def _region(store: Resolved) -> str | None:
    return store.text("region") or (None if store.mode == "ambient" else _REGION)


def _is_virtual(store: Resolved) -> bool:
    """Whether the bucket stands in the host's name; certificates have no room for dots there."""
    has_endpoint = store.text("endpoint") is not None
    is_path = store.is_on("path_style", default=has_endpoint)
    return not is_path and "." not in store.url.bucket


def _endpoint(store: Resolved) -> str | None:
    """The endpoint as engines take it: with the bucket, where that stands in the host's name."""
    endpoint = store.text("endpoint")
    if endpoint is None or not _is_virtual(store):
        return endpoint
    parts = urlsplit(endpoint)
    return parts._replace(netloc=f"{store.url.bucket}.{parts.netloc}").geturl()


def _of_amazon(store: Resolved) -> str:
    """Where a region's buckets are."""
    region = _region(store) or _REGION
    host = f"s3.{region}.amazonaws.com" + (".cn" if region.startswith("cn-") else "")
    return f"https://{store.url.bucket}.{host}" if _is_virtual(store) else f"https://{host}"

"""S3 that looks at who asks, as moto does not: keys, signatures, tokens, and what is forbidden.

The signature is AWS's version 4 (docs.aws.amazon.com/AmazonS3/latest/API, "Authenticating
Requests", read 2026-11).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ACCESS_KEY_ID = "AKIDFORTESTS"
SECRET_ACCESS_KEY = "a secret for tests/0123456789+abcdef"  # noqa: S105 - of a server in memory
EXPIRED_TOKEN = "a token that has expired"  # noqa: S105 - of a server in memory
FORBIDDEN_FOLDER = "forbidden"
"""A folder of any bucket below which nothing may be read, written or listed."""

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<scope>[^,]+),\s*"
    r"SignedHeaders=(?P<signed>[^,]+),\s*Signature=(?P<signature>[0-9a-f]+)"
)
_SAFE = "-_.~"


def signed_only(inner: WSGIApplication) -> WSGIApplication:
    """The same store for requests that are signed with the one key that it knows."""

    def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        code = _refusal(environ)
        if code is None:
            return inner(environ, start)
        body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'
        length = ("Content-Length", str(len(body)))
        status = "400 Bad Request" if code == "ExpiredToken" else "403 Forbidden"
        start(status, [("Content-Type", "application/xml"), length])
        return [body.encode()] if environ["REQUEST_METHOD"] != "HEAD" else []

    return application


def _refusal(environ: WSGIEnvironment) -> str | None:
    """S3's code for why a request is not for this store, or None where it is."""
    said = _AUTHORIZATION.fullmatch(environ.get("HTTP_AUTHORIZATION", ""))
    if said is None:
        return "AccessDenied"
    if said["key"] != ACCESS_KEY_ID:
        return "InvalidAccessKeyId"
    if environ.get("HTTP_X_AMZ_SECURITY_TOKEN") == EXPIRED_TOKEN:
        return "ExpiredToken"
    if not hmac.compare_digest(
        said["signature"], _signature(environ, said["scope"], said["signed"])
    ):
        return "SignatureDoesNotMatch"
    asked = f"{environ['RAW_URI']}&".replace("%2F", "/")
    return "AccessDenied" if re.search(rf"[/=]{FORBIDDEN_FOLDER}[/?&]", asked) else None


def _signature(environ: WSGIEnvironment, scope: str, signed: str) -> str:
    path, _, query = environ["RAW_URI"].partition("?")
    asked = sorted(
        (quote(name, safe=_SAFE), quote(value, safe=_SAFE))
        for name, value in parse_qsl(query, keep_blank_values=True)
    )
    headers = "".join(f"{name}:{_header(environ, name)}\n" for name in signed.split(";"))
    request = "\n".join(
        (
            environ["REQUEST_METHOD"],
            quote(unquote(path), safe=f"/{_SAFE}"),
            "&".join(f"{name}={value}" for name, value in asked),
            headers,
            signed,
            environ.get("HTTP_X_AMZ_CONTENT_SHA256", "UNSIGNED-PAYLOAD"),
        )
    )
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = "\n".join(("AWS4-HMAC-SHA256", environ.get("HTTP_X_AMZ_DATE", ""), scope, digest))
    key = f"AWS4{SECRET_ACCESS_KEY}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def _header(environ: WSGIEnvironment, name: str) -> str:
    known = name.upper().replace("-", "_")
    value: str = environ.get(
        known if known in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{known}", ""
    )
    return " ".join(value.split())

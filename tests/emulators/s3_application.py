"""S3 as moto serves it, with one change at a time; and S3 without what makes writing safe."""

from __future__ import annotations

import io
from collections.abc import Iterable
from threading import Lock
from typing import TYPE_CHECKING, cast

from moto.moto_server.werkzeug_app import create_backend_app
from moto.s3.models import s3_backends

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from moto.s3.models import S3Backend

_ACCOUNT = "123456789012"  # the one that moto gives to keys it does not know
_READING = {"GET", "HEAD", "OPTIONS"}

CHANGE = Lock()
"""Held by whoever changes an object: moto looks whether one is there, and then puts another."""


def s3_application() -> WSGIApplication:
    """S3 for any key and secret."""
    return _one_change_at_a_time(cast("WSGIApplication", create_backend_app("s3")))


def objects() -> S3Backend:
    """What the application keeps: buckets and their objects, in memory."""
    backend: S3Backend = s3_backends[_ACCOUNT]["aws"]
    return backend


def without_conditions(inner: WSGIApplication) -> WSGIApplication:
    """The same store, except that it takes no notice of conditions: the last put wins."""

    def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        environ.pop("HTTP_IF_NONE_MATCH", None)
        environ.pop("HTTP_IF_MATCH", None)
        return inner(environ, start)

    return application


def body_of(environ: WSGIEnvironment) -> bytes:
    """The request's body, which can be read once only."""
    stream = environ["wsgi.input"]
    if environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        return cast("bytes", stream.read())
    return cast("bytes", stream.read(int(environ.get("CONTENT_LENGTH") or 0)))


def with_body(environ: WSGIEnvironment, body: bytes) -> WSGIEnvironment:
    """The request with a body that has arrived."""
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ.pop("wsgi.input_terminated", None)
    return environ


def _one_change_at_a_time(inner: WSGIApplication) -> WSGIApplication:
    def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        with_body(environ, body_of(environ))
        if environ["REQUEST_METHOD"] in _READING:
            return inner(environ, start)
        with CHANGE:
            return list(inner(environ, start))

    return application

"""Google Cloud Storage over moto's S3: the XML API of the engines and the JSON API of gcsfs.

Both see the same objects. The XML API is S3's in other headers; of the JSON API there is what gcsfs
asks for (cloud.google.com/storage/docs/xml-api and json_api, read 2026-11). An object's generation
is the microsecond of its last change.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC
from hashlib import md5
from itertools import count
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, unquote

from s3_application import CHANGE, body_of, objects, with_body

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from moto.s3.models import FakeKey

_SIGNED = (
    "AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/s3/aws4_request, "
    "SignedHeaders=host, Signature=any"
)
_OBJECT = re.compile(r"(?:/download)?/storage/v1/b/(?P<bucket>[^/]+)/o/(?P<name>.+)")
_LISTING = re.compile(r"/storage/v1/b/(?P<bucket>[^/]+)/o")
_BUCKET = re.compile(r"/storage/v1/b/(?P<bucket>[^/]+)")
_UPLOAD = re.compile(r"/upload/storage/v1/b/(?P<bucket>[^/]+)/o")
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_CHUNK = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class _Answer:
    status: str
    content: bytes = b""
    kind: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class _Upload:
    """A resumable upload that has not ended."""

    bucket: str
    name: str
    must_match: str | None
    received: bytearray = field(default_factory=bytearray)


_NOT_FOUND = _Answer("404 Not Found", b'{"error": {"code": 404, "message": "Not Found"}}')
_CONDITION = _Answer(
    "412 Precondition Failed",
    b'{"error": {"code": 412, "message": "At least one of the pre-conditions did not hold."}}',
)


def gcs_application(s3: WSGIApplication) -> WSGIApplication:
    """GCS for anyone, over the objects of `s3`."""
    json_api = _JsonApi()

    def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        body = body_of(environ)
        if "/storage/v1/" not in environ["PATH_INFO"]:
            return _xml(s3, with_body(environ, body), start)
        answer = json_api.answer(environ, body)
        length = ("Content-Length", str(len(answer.content)))
        start(answer.status, [("Content-Type", answer.kind), length, *answer.headers])
        return [answer.content] if environ["REQUEST_METHOD"] != "HEAD" else []

    return application


def _xml(s3: WSGIApplication, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """The request in S3's headers, the answer in those of GCS."""
    bucket, _, name = environ["PATH_INFO"].lstrip("/").partition("/")
    must_match = environ.pop("HTTP_X_GOOG_IF_GENERATION_MATCH", None)
    if must_match == "0":
        environ["HTTP_IF_NONE_MATCH"] = "*"
    elif must_match is not None and must_match != _generation(_find(bucket, name)):
        start("412 Precondition Failed", [("Content-Length", "0")])
        return []
    source = environ.pop("HTTP_X_GOOG_COPY_SOURCE", None)
    if source:
        environ["HTTP_X_AMZ_COPY_SOURCE"] = source
    environ["HTTP_AUTHORIZATION"] = _SIGNED

    def start_as_gcs(status: str, headers: list[tuple[str, str]], problem: object = None) -> object:
        key = _find(bucket, name)
        said = [("x-goog-generation", _generation(key)), ("x-goog-metageneration", "1")]
        return start(status, [*headers, *said] if key else headers, problem)  # type: ignore[arg-type] # as the server gave it

    return s3(environ, start_as_gcs)  # type: ignore[arg-type] # nobody uses the old `write`


class _JsonApi:
    """The JSON API; it knows the uploads that have begun."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._uploads: dict[str, _Upload] = {}

    def answer(self, environ: WSGIEnvironment, body: bytes) -> _Answer:
        method = environ["REQUEST_METHOD"]
        path: str = environ["RAW_URI"].partition("?")[0]
        asked = {name: found[0] for name, found in parse_qs(environ["QUERY_STRING"]).items()}
        if found := _UPLOAD.fullmatch(path):
            with CHANGE:
                return self._upload(unquote(found["bucket"]), asked, environ, body)
        if found := _OBJECT.fullmatch(path):
            bucket, name = unquote(found["bucket"]), unquote(found["name"])
            if method == "DELETE":
                with CHANGE:
                    return _delete(bucket, name)
            return _get(bucket, name, asked, environ.get("HTTP_RANGE", ""))
        if (found := _LISTING.fullmatch(path)) and method == "GET":
            return _list(unquote(found["bucket"]), asked)
        if found := _BUCKET.fullmatch(path):
            bucket = unquote(found["bucket"])
            known = bucket in objects().buckets
            return _json({"name": bucket, "kind": "storage#bucket"}) if known else _NOT_FOUND
        return _NOT_FOUND

    def _upload(
        self, bucket: str, asked: dict[str, str], environ: WSGIEnvironment, body: bytes
    ) -> _Answer:
        must_match = asked.get("ifGenerationMatch")
        if "upload_id" in asked:
            return self._go_on(asked["upload_id"], environ, body)
        match asked.get("uploadType"):
            case "media":
                return _put(_Upload(bucket, asked["name"], must_match), body)
            case "multipart":
                name, content = _parts(environ["CONTENT_TYPE"], body)
                return _put(_Upload(bucket, asked.get("name", name), must_match), content)
            case "resumable":
                number = str(next(self._numbers))
                name = asked["name"] if "name" in asked else json.loads(body)["name"]
                self._uploads[number] = _Upload(bucket, name, must_match)
                place = (
                    f"http://{environ['HTTP_HOST']}/upload/storage/v1/b/{quote(bucket)}/o"
                    f"?uploadType=resumable&upload_id={number}"
                )
                return _Answer("200 OK", headers=(("Location", place),))
            case other:
                return _json({"error": {"code": 400, "message": f"{other}"}}, "400 Bad Request")

    def _go_on(self, number: str, environ: WSGIEnvironment, body: bytes) -> _Answer:
        upload = self._uploads.get(number)
        if upload is None:
            return _NOT_FOUND
        if environ["REQUEST_METHOD"] == "DELETE":
            del self._uploads[number]
            return _Answer("499 Client Closed Request")
        chunk = _CHUNK.fullmatch(environ.get("HTTP_CONTENT_RANGE", "bytes */*"))
        if chunk and chunk[1] is not None:
            del upload.received[int(chunk[1]) :]
        upload.received += body
        if chunk and chunk[3] != str(len(upload.received)):
            kept = (("Range", f"bytes=0-{len(upload.received) - 1}"),) if upload.received else ()
            return _Answer("308 Resume Incomplete", headers=kept)
        del self._uploads[number]
        return _put(upload, bytes(upload.received))


def _find(bucket: str, name: str) -> FakeKey | None:
    store = objects()
    return store.get_object(bucket, name) if bucket in store.buckets and name else None


def _generation(key: FakeKey | None) -> str:
    if key is None:
        return "0"
    return str(int(key.last_modified.replace(tzinfo=UTC).timestamp() * 1_000_000))


def _put(upload: _Upload, content: bytes) -> _Answer:
    if upload.bucket not in objects().buckets:
        return _NOT_FOUND
    if upload.must_match not in {None, _generation(_find(upload.bucket, upload.name))}:
        return _CONDITION
    return _json(_resource(objects().put_object(upload.bucket, upload.name, content)))


def _get(bucket: str, name: str, asked: dict[str, str], span: str) -> _Answer:
    key = _find(bucket, name)
    if key is None or asked.get("generation", _generation(key)) != _generation(key):
        return _NOT_FOUND
    if asked.get("alt") != "media":
        return _json(_resource(key))
    content = key.value
    said = (
        ("x-goog-hash", f"md5={_md5(content)}"),
        ("x-goog-generation", _generation(key)),
        ("ETag", key.etag),
    )
    limits = _RANGE.fullmatch(span)
    if limits is None or not (limits[1] or limits[2]):
        return _Answer("200 OK", content, "application/octet-stream", said)
    first = int(limits[1]) if limits[1] else max(0, len(content) - int(limits[2]))
    last = min(int(limits[2]), len(content) - 1) if limits[1] and limits[2] else len(content) - 1
    if first >= len(content):
        return _Answer("416 Range Not Satisfiable")
    said = (*said[1:], ("Content-Range", f"bytes {first}-{last}/{len(content)}"))
    return _Answer(
        "206 Partial Content", content[first : last + 1], "application/octet-stream", said
    )


def _delete(bucket: str, name: str) -> _Answer:
    if _find(bucket, name) is None:
        return _NOT_FOUND
    objects().delete_object(bucket, name)
    return _Answer("204 No Content")


def _list(bucket: str, asked: dict[str, str]) -> _Answer:
    if bucket not in objects().buckets:
        return _NOT_FOUND
    prefix, delimiter = asked.get("prefix", ""), asked.get("delimiter", "")
    after = asked.get("pageToken", "")
    most = min(int(asked.get("maxResults", _PAGE)), _PAGE)
    listed: dict[str, FakeKey | None] = {}  # a folder has no object
    for name in sorted(objects().buckets[bucket].keys):
        rest = name.removeprefix(prefix) if name.startswith(prefix) else None
        if rest is None:
            continue
        folder, cut, _ = rest.partition(delimiter) if delimiter else ("", "", "")
        shown = f"{prefix}{folder}{cut}" if cut else name
        if shown > after:
            listed[shown] = None if cut else _find(bucket, name)
        if len(listed) > most:
            break
    page = list(listed.items())[:most]
    answer: dict[str, object] = {
        "kind": "storage#objects",
        "items": [_resource(key) for _, key in page if key],
        "prefixes": [name for name, key in page if key is None],
    }
    if len(listed) > most:
        answer["nextPageToken"] = page[-1][0]
    return _json(answer)


def _resource(key: FakeKey) -> dict[str, str]:
    changed = key.last_modified.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {
        "kind": "storage#object",
        "bucket": key.bucket_name or "",
        "name": key.name,
        "size": str(key.size),
        "generation": _generation(key),
        "metageneration": "1",
        "etag": key.etag.strip('"'),
        "md5Hash": _md5(key.value),
        "contentType": "application/octet-stream",
        "timeCreated": changed,
        "updated": changed,
    }


def _parts(kind: str, body: bytes) -> tuple[str, bytes]:
    """The name and the content in a multipart upload: its description, then its bytes."""
    found = re.search(r'boundary="?([^";]+)"?', kind)
    mark = b"--" + (found[1] if found else "").encode()
    _, described, rest = body.split(mark, 2)
    content = rest[: rest.rindex(mark)]
    _, _, text = described.replace(b"\r\n", b"\n").partition(b"\n\n")
    start = re.search(rb"\r?\n\r?\n", content)
    end = len(content) - (2 if content.endswith(b"\r\n") else 1)
    return json.loads(text)["name"], content[start.end() if start else 0 : end]


def _md5(content: bytes) -> str:
    return b64encode(md5(content, usedforsecurity=False).digest()).decode()


def _json(value: object, status: str = "200 OK") -> _Answer:
    return _Answer(status, json.dumps(value).encode())

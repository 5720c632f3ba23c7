"""Before bqemulator: does what it lacks of BigQuery, as the vendor's manual has it.

That is the description of a table, set by `ALTER TABLE ... SET OPTIONS` or by the statement that
puts a copy into the place of a table; and that the id of a job is taken for good.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Final

_PATH: Final = r"(`\w+`\.`\w+`)"
_SAID: Final = r"OPTIONS \(description = '([^']*)'\)"
_ALTERED: Final = re.compile(rf"ALTER TABLE {_PATH} SET {_SAID}")
_COPIED: Final = re.compile(rf"CREATE OR REPLACE TABLE {_PATH}\s+COPY {_PATH}(?:\s+{_SAID})?")
_OWN: Final = {"host", "content-length", "transfer-encoding", "connection", "accept-encoding"}


class _Handler(BaseHTTPRequestHandler):
    emulator: int
    jobs: set[str]
    lock: Lock

    def do_POST(self) -> None:
        self._pass_on()

    do_GET = do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815 - the names of HTTP

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        described: tuple[str, str] | None = None
        if self.command == "POST" and self.path.partition("?")[0].endswith("/jobs"):
            if not self._is_new(body):
                return
            body, described = _rewritten(body)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _OWN}
        status, kept, answer = self._asked(self.command, self.path, body, headers)
        if described is not None and status < 400:
            self._describe(json.loads(answer)["jobReference"]["jobId"], *described)
        self.send_response(status)
        for name, value in kept:
            if name.lower() not in _OWN:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _is_new(self, body: bytes) -> bool:
        """Whether no job of that id was submitted before; else answers so."""
        reference = json.loads(body).get("jobReference", {})
        job = str(reference.get("jobId"))
        with self.lock:
            is_new = job not in self.jobs
            self.jobs.add(job)
        if not is_new:
            said = f"Already Exists: Job proj:US.{job}"
            errors = [{"reason": "duplicate", "message": said}]
            answer = json.dumps({"error": {"code": 409, "message": said, "errors": errors}})
            self.send_response(409)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer.encode())
        return is_new

    def _describe(self, job: str, path: str, text: str) -> None:
        """Sets the description of a table when the job that made it has ended."""
        base = "/bigquery/v2/projects/proj"
        for _ in range(100):
            _, _, state = self._asked("GET", f"{base}/jobs/{job}", b"", {})
            if json.loads(state)["status"]["state"] == "DONE":
                break
            time.sleep(0.05)
        dataset, table = path.replace("`", "").split(".")
        content = json.dumps({"description": text}).encode()
        kind = {"Content-Type": "application/json"}
        self._asked("PATCH", f"{base}/datasets/{dataset}/tables/{table}", content, kind)

    def _asked(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = HTTPConnection("127.0.0.1", self.emulator, timeout=60)
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        found = response.status, response.getheaders(), response.read()
        connection.close()
        return found

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def _rewritten(body: bytes) -> tuple[bytes, tuple[str, str] | None]:
    """The job as the emulator can do it, and what a table is to be described as after it."""
    job: Any = json.loads(body)
    query = job.get("configuration", {}).get("query")
    if query is None:
        return body, None
    described: tuple[str, str] | None = None
    if altered := _ALTERED.fullmatch(query["query"].strip()):
        query["query"], described = "SELECT 1", (altered[1], altered[2])
    elif copied := _COPIED.fullmatch(query["query"].strip()):
        query["query"] = f"CREATE OR REPLACE TABLE {copied[1]} AS SELECT * FROM {copied[2]}"  # noqa: S608 - a stand-in
        described = (copied[1], copied[3]) if copied[3] is not None else None
    return json.dumps(job).encode(), described


@contextmanager
def bigquery_proxy(emulator: int) -> Iterator[int]:
    """The port of one before the emulator on that port."""
    own = {"emulator": emulator, "jobs": set[str](), "lock": Lock()}
    handler = type("Handler", (_Handler,), own)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

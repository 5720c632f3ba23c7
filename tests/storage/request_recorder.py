"""A server that answers nothing but `403`, and tells what it was asked."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

_DENIED = b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request: header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """All of it."""
        headers = "".join(f"{name}: {value}\n" for name, value in self.headers.items())
        return f"{self.method} {self.path}\n{headers}\n{self.body.decode(errors='replace')}"


@dataclass(slots=True)
class Recorder:
    """Where it listens, and the requests so far."""

    url: str = ""
    requests: list[Recorded] = field(default_factory=list[Recorded])

    @property
    def text(self) -> str:
        """All that it was told."""
        return "\n".join(each.text for each in self.requests)


@contextmanager
def recorder() -> Generator[Recorder]:
    """One that listens on a free port of this machine."""
    found = Recorder()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.requests.append(Recorded(self.command, self.path, headers, body))
            self.send_response(403)
            self.send_header("content-length", str(len(_DENIED)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(_DENIED)
            self.wfile.flush()

        def log_message(self, *_: object) -> None:
            """Nothing: a test reads what it wants."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        found.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()

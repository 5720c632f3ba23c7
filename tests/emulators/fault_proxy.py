"""A proxy on this machine that does to requests what networks and busy stores do.

    proxy.plan(seed=7, rate=0.2)   # a fifth of the requests from now on
    proxy.url                      # instead of the server's address
    proxy.faults                   # what it did, in order

Whether a request meets a fault, and which, is drawn from the seed in the order in which requests
arrive; a client that asks for several things at once may get them in another order.
"""

from __future__ import annotations

import random
import socket
import socketserver
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPConnection, HTTPException, HTTPResponse, parse_headers
from threading import Event, Lock, Thread
from typing import Literal, cast, get_args

from typing_extensions import override

Kind = Literal[
    "drop_before",  # the connection ends before the request is read to its end
    "drop_after",  # the server has done what it was asked to; its answer is lost
    "reset_before",  # as `drop_before`, and the other end is told so
    "reset_after",
    "cut_short",  # the connection ends in the middle of the answer's body
    "delay",
    "error_500",  # an answer of the store in place of doing it
    "error_503",
    "error_429",
    "error_after",  # the server has done it, and says 500
]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""Every fault there is."""
Watch = Callable[[str, str], "Kind | Literal['late'] | None"]
"""Is told the method and path of a request before it is read to its end, and may choose a fault.

`late` is a request whose connection ends, and which is carried out by `release` long afterwards.
"""

_ERRORS = {
    "error_500": (500, "Internal Server Error", "InternalError"),
    "error_503": (503, "Slow Down", "SlowDown"),
    "error_429": (429, "Too Many Requests", "TooManyRequests"),
    "error_after": (500, "Internal Server Error", "InternalError"),
}
_NOT_HANDED_ON = {"connection", "content-length", "expect", "keep-alive", "transfer-encoding"}
_UPSTREAM_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Fault:
    """What became of a request."""

    kind: Kind | Literal["late"]
    method: str
    path: str


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    headers: Message
    body: bytes


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes


@dataclass(slots=True)
class _Plan:
    dice: random.Random
    rate: float
    kinds: tuple[Kind, ...]
    most: int | None
    delay_seconds: float


@dataclass(slots=True)
class _State:
    upstream: tuple[str, int]
    faults: list[Fault] = field(default_factory=list[Fault])
    problems: list[BaseException] = field(default_factory=list[BaseException])
    plan: _Plan | None = None
    watch: Watch | None = None
    late: list[_Request] = field(default_factory=list["_Request"])
    turn: Lock = field(default_factory=Lock)
    closing: Event = field(default_factory=Event)

    def draw(self, method: str, path: str) -> Kind | Literal["late"] | None:
        """The fault that this request meets, noted down; None for most."""
        if self.watch is not None:
            chosen = self.watch(method, path)
            if chosen is not None:
                with self.turn:
                    self.faults.append(Fault(chosen, method, path.partition("?")[0]))
            return chosen
        with self.turn:
            plan = self.plan
            if plan is None or plan.most == 0 or plan.dice.random() >= plan.rate:
                return None
            kind = plan.dice.choice(plan.kinds)
            if plan.most is not None:
                plan.most -= 1
            self.faults.append(Fault(kind, method, path.partition("?")[0]))
            return kind


class FaultProxy:
    """A proxy before `endpoint`, which hands on all requests until it is given a plan."""

    def __init__(self, endpoint: str) -> None:
        host, _, port = endpoint.removeprefix("http://").partition(":")
        self._state = _State((host, int(port)))
        self._server = _Server(self._state)
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def faults(self) -> list[Fault]:
        """What it did, in order."""
        with self._state.turn:
            return list(self._state.faults)

    def plan(
        self,
        seed: int,
        rate: float,
        *,
        kinds: Iterable[Kind] = KINDS,
        most: int | None = None,
        delay_seconds: float = 0.1,
    ) -> None:
        """Lets a part `rate` of the requests meet one of `kinds`, `most` of them in all."""
        plan = _Plan(random.Random(seed), rate, tuple(kinds), most, delay_seconds)  # noqa: S311
        with self._state.turn:
            self._state.plan = plan

    def watch(self, watch: Watch) -> None:
        """Asks `watch` of each request, which waits for it; it is called by one thread each."""
        self._state.watch = watch

    def release(self) -> list[int]:
        """Carries out the late requests, in order; gives the statuses that nobody hears."""
        with self._state.turn:
            late, self._state.late = self._state.late, []
        return [_ask(self._state.upstream, request).status for request in late]

    def calm(self) -> None:
        """Hands on all requests again."""
        with self._state.turn:
            self._state.plan = self._state.watch = None

    def close(self) -> None:
        """Ends it; a request that is on its way is dropped.

        Raises:
            ExceptionGroup: the proxy itself failed, so that no test may trust it.
        """
        self._state.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        if self._state.problems:
            message = "the proxy failed"
            raise BaseExceptionGroup(message, self._state.problems)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, state: _State) -> None:
        self.state = state
        super().__init__(("127.0.0.1", 0), _Connection)

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """Never called: a connection deals with its own errors."""


class _Connection(socketserver.StreamRequestHandler):
    """One client's connection: its requests, one after another."""

    disable_nagle_algorithm = True

    @override
    def handle(self) -> None:
        state = cast("_Server", self.server).state
        try:
            while self._hand_on(state):
                pass
        except (OSError, HTTPException):
            pass  # the client or the server has gone: so does the connection
        except BaseException as problem:  # noqa: BLE001 - a thread's errors reach nobody else
            state.problems.append(problem)

    def _hand_on(self, state: _State) -> bool:
        """Answers one request; False when the connection is over."""
        line = self.rfile.readline(65_537).decode("latin-1").split()
        if len(line) != 3:
            return False
        method, path, _ = line
        headers = parse_headers(self.rfile)
        fault = state.draw(method, path)
        if fault in {"drop_before", "reset_before"}:
            self.rfile.read1(int(headers.get("Content-Length") or 0) // 2)
            return self._end(reset=fault == "reset_before")
        request = _Request(method, path, headers, self._body(headers))
        if fault == "late":
            with state.turn:
                state.late.append(request)
            return self._end(reset=False)
        if fault == "delay" and state.plan:
            state.closing.wait(state.plan.delay_seconds)
        if fault in {"error_500", "error_503", "error_429"}:
            return self._send(request, _refusal(fault))
        answer = _ask(state.upstream, request)
        if fault in {"drop_after", "reset_after"}:
            return self._end(reset=fault == "reset_after")
        if fault == "error_after":
            return self._send(request, _refusal(fault))
        return self._send(request, answer, cut_short=fault == "cut_short")

    def _body(self, headers: Message) -> bytes:
        if "100-continue" in headers.get("Expect", "").lower():
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "chunked" not in headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(headers.get("Content-Length") or 0))
        body = bytearray()
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():  # trailers
            pass
        return bytes(body)

    def _send(self, request: _Request, answer: _Answer, *, cut_short: bool = False) -> bool:
        lines = [f"HTTP/1.1 {answer.status} {answer.reason}"]
        lines += [f"{name}: {value}" for name, value in answer.headers]
        if request.method != "HEAD" and answer.status not in {204, 304}:
            lines.append(f"Content-Length: {len(answer.body)}")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        whole = b"" if request.method == "HEAD" else answer.body
        body = whole[: len(whole) // 2] if cut_short else whole
        self.wfile.write(head[: len(head) // 2] if cut_short and not body else head + body)
        return self._end(reset=False) if cut_short else True

    def _end(self, *, reset: bool) -> bool:
        if reset:  # a socket that does not linger resets its connection when it is closed
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        return False


def _ask(upstream: tuple[str, int], request: _Request) -> _Answer:
    """What the server answers."""
    connection = HTTPConnection(*upstream, timeout=_UPSTREAM_SECONDS)
    try:
        connection.putrequest(
            request.method, request.path, skip_host=True, skip_accept_encoding=True
        )
        for name, value in request.headers.items():
            if name.lower() not in _NOT_HANDED_ON:
                connection.putheader(name, value)
        if request.body or request.method in {"PUT", "POST"}:
            connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body or None)
        with connection.getresponse() as response:
            return _Answer(
                response.status, response.reason, _kept(response, request), response.read()
            )
    finally:
        connection.close()


def _kept(response: HTTPResponse, request: _Request) -> list[tuple[str, str]]:
    """The answer's headers; the size of what HEAD asked about is one of them."""
    dropped = _NOT_HANDED_ON - ({"content-length"} if request.method == "HEAD" else set())
    return [(name, value) for name, value in response.getheaders() if name.lower() not in dropped]


def _refusal(kind: str) -> _Answer:
    status, reason, code = _ERRORS[kind]
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{reason}</Message></Error>'
    headers = [("Content-Type", "application/xml"), ("x-ms-error-code", code)]
    return _Answer(status, reason, headers, body.encode())

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from typing_extensions import override

from fault_proxy import KINDS, Fault, FaultProxy, Kind

pytestmark = pytest.mark.emulator

BODY = b"x" * 100_000


class _Keeper(BaseHTTPRequestHandler):
    """Keeps what is put, and gives it back."""

    protocol_version = "HTTP/1.1"
    kept: Mapping[str, bytes]

    def do_PUT(self) -> None:
        assert isinstance(self.server, _Server)
        self.server.kept[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        assert isinstance(self.server, _Server)
        content = self.server.kept.get(self.path)
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content or b"")

    do_HEAD = do_GET  # noqa: N815 - the name that http.server looks for

    @override
    def log_message(self, format: str, *args: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        super().__init__(("127.0.0.1", 0), _Keeper)


@pytest.fixture
def keeper() -> Iterator[_Server]:
    with _Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def proxy(keeper: _Server) -> Iterator[FaultProxy]:
    proxy = FaultProxy(f"http://127.0.0.1:{keeper.server_address[1]}")
    yield proxy
    proxy.close()


Ask = Callable[..., tuple[int, bytes]]


@pytest.fixture
def ask(proxy: FaultProxy) -> Ask:
    def ask(method: str, path: str = "/a", body: bytes | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(proxy.url.removeprefix("http://"), timeout=10)
        try:
            connection.request(method, path, body)
            with connection.getresponse() as answer:
                return answer.status, answer.read()
        finally:
            connection.close()

    return ask


def test_without_a_plan_all_goes_through(ask: Ask, proxy: FaultProxy) -> None:
    assert ask("PUT", "/a?b=%20", BODY) == (200, b"")
    assert ask("GET", "/a?b=%20") == (200, BODY)
    assert ask("HEAD", "/a?b=%20") == (200, b"")
    assert ask("GET", "/none") == (404, b"")
    assert not proxy.faults


def test_requests_follow_one_another_on_one_connection(proxy: FaultProxy) -> None:
    connection = http.client.HTTPConnection(proxy.url.removeprefix("http://"), timeout=10)
    for number in range(3):
        connection.request("PUT", f"/{number}", b"%d" % number)
        connection.getresponse().read()
        connection.request("GET", f"/{number}")
        assert connection.getresponse().read() == b"%d" % number
    connection.close()


@pytest.mark.parametrize("kind", ["drop_before", "reset_before", "drop_after", "reset_after"])
def test_a_lost_connection_may_have_done_what_was_asked(
    ask: Ask, proxy: FaultProxy, keeper: _Server, kind: Kind
) -> None:
    proxy.plan(1, 1, kinds=[kind])
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        ask("PUT", "/a", BODY)
    assert keeper.kept == ({"/a": BODY} if kind.endswith("after") else {})
    assert proxy.faults == [Fault(kind, "PUT", "/a")]


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("error_500", 500, b"InternalError"),
        ("error_503", 503, b"SlowDown"),
        ("error_429", 429, b"TooManyRequests"),
        ("error_after", 500, b"InternalError"),
    ],
)
def test_an_error_is_answered_in_the_stores_words(
    ask: Ask, proxy: FaultProxy, keeper: _Server, kind: Kind, status: int, code: bytes
) -> None:
    proxy.plan(1, 1, kinds=[kind])
    answer = ask("PUT", "/a", BODY)
    assert answer[0] == status
    assert code in answer[1]
    assert bool(keeper.kept) == (kind == "error_after")


def test_a_body_is_cut_short(ask: Ask, proxy: FaultProxy) -> None:
    ask("PUT", "/a", BODY)
    proxy.plan(1, 1, kinds=["cut_short"])
    with pytest.raises(http.client.IncompleteRead) as cut:
        ask("GET", "/a")
    assert len(cut.value.partial) == len(BODY) // 2


def test_a_plan_ends_after_so_many_faults_or_when_all_is_to_be_calm(
    ask: Ask, proxy: FaultProxy
) -> None:
    proxy.plan(1, 1, kinds=["error_503"], most=2)
    assert [ask("GET")[0] for _ in range(4)] == [503, 503, 404, 404]
    proxy.plan(1, 1, kinds=["error_503"])
    proxy.calm()
    assert ask("GET")[0] == 404


def test_the_same_seed_gives_the_same_faults(ask: Ask, proxy: FaultProxy) -> None:
    def statuses() -> list[int]:
        proxy.plan(7, 0.5, kinds=["error_500", "error_503", "error_429"])
        return [ask("GET")[0] for _ in range(40)]

    first = statuses()
    assert first == statuses()
    assert {500, 503, 429, 404} == set(first)


def test_a_delay_only_takes_time(ask: Ask, proxy: FaultProxy) -> None:
    proxy.plan(1, 1, kinds=["delay"], delay_seconds=0.01)
    assert ask("PUT", "/a", b"1") == (200, b"")
    assert proxy.faults[0].kind == "delay"


def test_every_kind_of_fault_has_its_test() -> None:
    assert set(KINDS) == {
        *("drop_before", "reset_before", "drop_after", "reset_after", "cut_short", "delay"),
        *("error_500", "error_503", "error_429", "error_after"),
    }

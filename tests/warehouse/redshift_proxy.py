"""Before PostgreSQL: what Redshift's driver says at the start, and what it wants to hear.

It keeps of the start-up message what PostgreSQL knows, and tells the version that Redshift tells.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Final

_KNOWN: Final = {b"user", b"database", b"client_encoding"}
_ASKS_FOR_TLS: Final = struct.pack("!I", 80877103)
# Settings of Redshift's as ones that PostgreSQL takes from anybody, of the same length.
_SETTINGS: Final = {
    b"SET query_group ": b"SET ff.query_gr ",
    b"SET enable_case_sensitive_identifier ": b"SET ff.ble_case_sensitive_identifier ",
}
_VERSION: Final = b"8.0.2\0"


def _exactly(source: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        part = source.recv(count - len(found))
        if not part:
            raise OSError
        found += part
    return found


def _message(source: socket.socket) -> bytes:
    (length,) = struct.unpack("!I", _exactly(source, 4))
    return _exactly(source, length - 4)


def _pour(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            for theirs, known in _SETTINGS.items():
                data = data.replace(theirs, known)
            sink.sendall(data)
    for each in (source, sink):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


def _serve(client: socket.socket, port: int) -> None:
    with suppress(OSError), client, socket.create_connection(("127.0.0.1", port)) as server:
        start = _message(client)
        if start[:4] == _ASKS_FOR_TLS:
            client.sendall(b"N")
            start = _message(client)
        words = start[4:].rstrip(b"\0").split(b"\0")
        kept = b"".join(
            name + b"\0" + value + b"\0"
            for name, value in zip(words[::2], words[1::2], strict=False)
            if name in _KNOWN
        )
        body = start[:4] + kept + b"\0"
        server.sendall(struct.pack("!I", len(body) + 4) + body)
        Thread(target=_pour, args=(client, server), daemon=True).start()
        kind = b""
        while kind not in {b"Z", b"E"}:
            kind, content = _exactly(server, 1), _message(server)
            if kind == b"S" and content.startswith(b"server_version\0"):
                content = b"server_version\0" + _VERSION
            client.sendall(kind + struct.pack("!I", len(content) + 4) + content)
        _pour(server, client)


@contextmanager
def redshift_proxy(port: int) -> Iterator[int]:
    """The port of one before the PostgreSQL on `port`."""
    listening = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listening.accept()
                Thread(target=_serve, args=(client, port), daemon=True).start()

    thread = Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield int(listening.getsockname()[1])
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()

"""Connections that several threads take in turn, each used by one thread at a time."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Lock
from typing import Generic, TypeVar
from weakref import finalize

C = TypeVar("C")


class Sessions(Generic[C]):
    """Opens a connection when none is free; one that has failed is not used again."""

    def __init__(self, connect: Callable[[], C], close: Callable[[C], object]) -> None:
        """Opens nothing yet."""
        self._connect = connect
        self._close = close
        self._free: list[C] = []
        self._lock = Lock()
        self._end = finalize(self, _close_all, self._free, close)

    @contextmanager
    def one(self) -> Generator[C]:
        """A connection for this thread alone, until the block ends; after an error it is closed."""
        with self._lock:
            connection = self._free.pop() if self._free else None
        if connection is None:
            connection = self._connect()
        try:
            yield connection
        except BaseException:
            self._close(connection)
            raise
        with self._lock:
            self._free.append(connection)

    def close(self) -> None:
        """Closes those that nobody uses; a later use opens new ones."""
        with self._lock:
            _close_all(self._free, self._close)


def _close_all(free: list[C], close: Callable[[C], object]) -> None:
    while free:
        close(free.pop())

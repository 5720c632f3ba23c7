"""What tables, artifacts and state files need of the place that they lie in.

Paths are relative and POSIX, as the place spells them. A file is there whole or not at all.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file: its size, when it was written last (epoch seconds), and a `mark` of its content.

    A file whose mark is another has been written anew.
    """

    path: str
    size_bytes: int
    modified: float
    mark: Hashable


class Folder(Protocol):
    """A folder on local disk, or below a prefix of an object store; safe between threads."""

    @property
    def uri(self) -> str:
        """`file:///lake/silver/flights` or `s3://bucket/lake/silver/flights`: never a secret."""
        ...

    @property
    def shown(self) -> str:
        """How people call it: a path, or the URI."""
        ...

    @property
    def is_local(self) -> bool:
        """Whether a file of it costs no request to look at."""
        ...

    @property
    def is_for_engines(self) -> bool:
        """Whether engines can read and write there; else a `target` is a copy, to be read alone."""
        ...

    @property
    def polars_options(self) -> Mapping[str, Any]:
        """The arguments with which polars reads and writes a `target`."""
        ...

    @property
    def delta_options(self) -> dict[str, str] | None:
        """The storage options with which deltalake opens a `target`; None where it needs none."""
        ...

    def below(self, *names: str) -> Folder:
        """A folder in it, which need not be there."""
        ...

    def target(self, path: str = "") -> str:
        """What polars and deltalake call a file in it, or itself."""
        ...

    def read(self, path: str) -> bytes:
        """The whole of a file.

        Raises:
            FileNotFoundError: there is none.
        """
        ...

    def open(self, path: str) -> BinaryIO:
        """A file, of which no more is read than is asked for.

        Raises:
            FileNotFoundError: there is none.
        """
        ...

    def read_all(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """The files that are there of `paths`, several at a time where a look is a request."""
        ...

    def create(self, path: str, content: bytes) -> bool:
        """Makes a file, unless one is there: then it stays as it is, and this gives False.

        Of several that make the same one at once, one is given True.
        """
        ...

    def entry(self, path: str) -> FileEntry | None:
        """A file, or None where none is."""
        ...

    def entries(self, path: str = "") -> list[FileEntry]:
        """All files below a folder in it, at any depth, by path."""
        ...

    def names(self, path: str = "") -> list[str]:
        """The names of the files and folders right in a folder of it, sorted."""
        ...

    def remove(self, paths: Iterable[str]) -> None:
        """Removes files; those that are gone already do not matter."""
        ...

    def fetch(self, path: str, to: Path) -> None:
        """Copies a file of it to the new local file `to`.

        Raises:
            FileNotFoundError: there is none.
        """
        ...

    def upload(self, source: Path, path: str) -> None:
        """Copies a local file into it, in the place of the one that may be there."""
        ...

    def refuse_unsafe(self) -> None:
        """Passes a place where `create` holds what it promises; asks it once in a process.

        Raises:
            UnsafeStoreError: several that made the same file were all told that they did (FF-648).
        """
        ...

    def sync(self, path: str) -> None:
        """Waits until a file that others wrote into it would outlast a loss of power."""
        ...

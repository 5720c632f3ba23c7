"""A folder below a prefix of an object store, or of any other place that fsspec reaches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from flowforge_assets.storage.clients import delta_options, filesystem, polars_options, root_of
from flowforge_assets.storage.folder import FileEntry

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

    from flowforge_assets.storage.location import RemoteLocation

# What stores call the time of the last change, and the mark of a content.
_TIMES: Final = ("LastModified", "last_modified", "updated", "mtime", "modified", "created")
_MARKS: Final = ("ETag", "etag", "generation", "md5Hash", "crc32c")


@dataclass(frozen=True, slots=True)
class _Place:
    """A store that is open: what its folders share."""

    files: AbstractFileSystem
    polars_options: Mapping[str, Any]
    delta_options: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RemoteFolder:
    """The folder at a URL, which need not be there; `root` is what fsspec calls it."""

    url: str
    root: str
    place: _Place

    @classmethod
    def at(cls, location: RemoteLocation) -> RemoteFolder:
        """The folder at a location; makes the clients, and asks the store nothing yet."""
        place = _Place(filesystem(location), polars_options(location), delta_options(location))
        return cls(location.url, root_of(location), place)

    def __repr__(self) -> str:
        """The URL alone: clients hold secrets."""
        return f"RemoteFolder({self.url!r})"

    @property
    def uri(self) -> str:
        """`s3://bucket/lake/silver/flights`."""
        return self.url

    @property
    def shown(self) -> str:
        """The URL."""
        return self.url

    @property
    def is_local(self) -> bool:
        """False."""
        return False

    @property
    def polars_options(self) -> Mapping[str, Any]:
        """The storage options and what else keeps polars from looking for credentials."""
        return self.place.polars_options

    @property
    def delta_options(self) -> dict[str, str]:
        """The storage options of deltalake."""
        return dict(self.place.delta_options)

    def below(self, *names: str) -> RemoteFolder:
        """A folder in it."""
        return RemoteFolder("/".join((self.url, *names)), "/".join((self.root, *names)), self.place)

    def target(self, path: str = "") -> str:
        """The URL of a file in it, or its own."""
        return f"{self.url}/{path}" if path else self.url

    def read(self, path: str) -> bytes:
        """The whole of a file.

        Raises:
            FileNotFoundError: there is none.
        """
        content: bytes = self.place.files.cat_file(self._full(path))
        return content

    def open(self, path: str) -> BinaryIO:
        """A file, of which no more is read than is asked for."""
        file: BinaryIO = self.place.files.open(self._full(path), "rb")
        return file

    def read_all(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """The files that are there of `paths`, several at a time."""
        full = {self._full(path): path for path in paths}
        if not full:
            return {}
        answers = self.place.files.cat(list(full), on_error="return")
        if isinstance(answers, bytes):  # of one path alone
            return dict.fromkeys(full.values(), answers)
        found: dict[str, bytes] = {}
        for name, answer in answers.items():
            if isinstance(answer, bytes):
                found[full[name]] = answer
            elif not isinstance(answer, FileNotFoundError):
                raise answer if isinstance(answer, BaseException) else TypeError(type(answer))
        return found

    def create(self, path: str, content: bytes) -> bool:
        """Makes a file by a put that the store refuses where one is there."""
        try:
            self.place.files.pipe_file(self._full(path), content, mode="create")
        except FileExistsError:
            return False
        return True

    def entry(self, path: str) -> FileEntry | None:
        """A file, or None where none is."""
        try:
            info: Mapping[str, Any] = self.place.files.info(self._full(path))
        except FileNotFoundError:
            return None
        return None if info["type"] == "directory" else _entry(path, info)

    def entries(self, path: str = "") -> list[FileEntry]:
        """All files below a folder in it, at any depth, by path."""
        start = len(self.root) + 1
        found: Mapping[str, Mapping[str, Any]] = self.place.files.find(
            self._full(path), detail=True
        )
        listed = [_entry(name.lstrip("/")[start:], info) for name, info in found.items()]
        return sorted(listed, key=lambda entry: entry.path)

    def names(self, path: str = "") -> list[str]:
        """The names of the files and folders right in a folder of it, sorted."""
        try:
            found: list[str] = self.place.files.ls(self._full(path), detail=False)
        except FileNotFoundError:
            return []
        return sorted(name.rstrip("/").rpartition("/")[2] for name in found)

    def remove(self, paths: Iterable[str]) -> None:
        """Removes files; those that are gone already do not matter."""
        for path in paths:
            with suppress(FileNotFoundError):
                self.place.files.rm_file(self._full(path))

    def fetch(self, path: str, to: Path) -> None:
        """Copies a file of it to the new local file `to`."""
        self.place.files.get_file(self._full(path), str(to))

    def upload(self, source: Path, path: str) -> None:
        """Copies a local file into it."""
        self.place.files.put_file(str(source), self._full(path))

    def sync(self, path: str) -> None:
        """A store has kept what it has answered for."""

    def _full(self, path: str) -> str:
        return f"{self.root}/{path}" if path else self.root


def _entry(path: str, info: Mapping[str, Any]) -> FileEntry:
    time = next((info[name] for name in _TIMES if info.get(name)), 0.0)
    size = int(info["size"])
    mark = next((info[name] for name in _MARKS if info.get(name)), (str(time), size))
    return FileEntry(path, size, _seconds(time), mark)


def _seconds(time: object) -> float:
    if isinstance(time, str):
        time = datetime.fromisoformat(time)
    return time.timestamp() if isinstance(time, datetime) else float(str(time))

"""A folder below a prefix of an object store, or of any other place that fsspec reaches."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from threading import Lock
from time import time as now
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast
from weakref import finalize

from flowforge_assets.errors.stores import NoBucketError, UnsafeStoreError
from flowforge_assets.storage.clients import delta_options, filesystem, polars_options, root_of
from flowforge_assets.storage.folder import FileEntry

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

    from flowforge_assets.storage.location import RemoteLocation

# What stores call the time of the last change, and the mark of a content.
_TIMES: Final = ("LastModified", "last_modified", "updated", "mtime", "modified", "created")
_PROBES: Final = 4
_MARKS: Final = ("ETag", "etag", "generation", "md5Hash", "crc32c")


@dataclass(slots=True, eq=False, repr=False, weakref_slot=True)
class _Place:
    """A store that is open: what its folders share; `root` is where it begins."""

    root: str
    files: AbstractFileSystem
    polars_options: Mapping[str, Any]
    delta_options: Mapping[str, str]
    url: str
    is_there: bool = False
    is_safe: bool = False
    asking: Lock = field(default_factory=Lock)
    _copies: Path | None = None

    def copies(self) -> Path:
        """A folder on this machine for copies of files, which goes with the process."""
        with self.asking:
            if self._copies is None:
                self._copies = Path(tempfile.mkdtemp(prefix="flowforge-"))
                finalize(self, rmtree, self._copies, ignore_errors=True)
            return self._copies

    def refuse_no_bucket(self) -> None:
        """Passes where the bucket is there, or cannot be asked for; asks it once.

        Raises:
            NoBucketError: it is not there (FF-647).
        """
        if self.is_there:
            return
        try:
            self.files.info(self.root.partition("/")[0])
        except FileNotFoundError as error:
            raise self.no_bucket() from error
        except PermissionError:
            pass  # who may use a bucket's files need not have the right to look at itself
        self.is_there = True

    def no_bucket(self) -> NoBucketError:
        """The error for a bucket that is not there."""
        message = f"the bucket of `{self.url}` is not there"
        return NoBucketError(message, hint="mend the store's `url`, or make the bucket")


@dataclass(frozen=True, slots=True)
class RemoteFolder:
    """The folder at a URL, which need not be there; `root` is what fsspec calls it."""

    url: str
    root: str
    place: _Place

    @classmethod
    def at(cls, location: RemoteLocation) -> RemoteFolder:
        """The folder at a location; makes the clients, and asks the store nothing yet."""
        root, files = root_of(location), filesystem(location)
        options = polars_options(location)
        is_there = location.options.kind == "other"  # which need not have buckets
        place = _Place(root, files, options, delta_options(location), location.url, is_there)
        return cls(location.url, root, place)

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
    def is_for_engines(self) -> bool:
        """True."""
        return True

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
        url, root = "/".join((self.url, *names)), "/".join((self.root, *names))
        return type(self)(url, root, self.place)

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
        except Exception as error:
            if _is_refused(error):
                return False
            if _is_missing(error):
                raise self.place.no_bucket() from error
            raise
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
        start = len(self.root.strip("/")) + 1
        found: Mapping[str, Mapping[str, Any]]
        try:
            found = self.place.files.find(self._full(path), detail=True)
        except FileNotFoundError as error:
            raise self.place.no_bucket() from error
        if not found:
            self.place.refuse_no_bucket()
        listed = [_entry(name.lstrip("/")[start:], info) for name, info in found.items()]
        return sorted(listed, key=lambda entry: entry.path)

    def names(self, path: str = "") -> list[str]:
        """The names of the files and folders right in a folder of it, sorted."""
        try:
            found: list[str] = self.place.files.ls(self._full(path), detail=False)
        except FileNotFoundError:
            self.place.refuse_no_bucket()
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

    def refuse_unsafe(self) -> None:
        """Passes a store that refuses a put on a condition that does not hold.

        Raises:
            UnsafeStoreError: several that made the same file were all told that they did (FF-648).
        """
        place = self.place
        with place.asking:
            if place.is_safe:
                return
            top = type(self)(place.url, place.root, place)
            probe = f"_flowforge/probe-{uuid.uuid4().hex}"
            try:
                with ThreadPoolExecutor(_PROBES) as pool:
                    won = sum(pool.map(top.create, [probe] * _PROBES, [b"{}"] * _PROBES))
                won += top.create(probe, b"{}")
            finally:
                top.remove([probe])
            if won > 1:  # of one whose answer is lost the others are refused, and so is it then
                raise UnsafeStoreError(
                    f"`{place.url}` let {won} writers at once create the same file",
                    hint="use a store that honours conditional writes: see docs/guide/stores.md",
                )
            place.is_safe = True

    def sync(self, path: str) -> None:
        """A store has kept what it has answered for."""

    def _full(self, path: str) -> str:
        return f"{self.root}/{path}" if path else self.root


def _is_refused(error: BaseException) -> bool:
    """Whether a put failed on its condition, or since another of the same file is going on."""
    if isinstance(error, FileExistsError):
        return True
    # botocore's errors, whose classes are made as they are met, say what the service answered
    answer: object = getattr(error.__cause__, "response", None)
    if not isinstance(answer, dict):
        return False
    code = cast("dict[str, dict[str, str]]", answer).get("Error", {}).get("Code")
    return code in {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}


def _is_missing(error: BaseException) -> bool:
    """Whether a put failed since there is nothing to put it in; Azure's error is no `OSError`."""
    return isinstance(error, FileNotFoundError) or type(error).__name__ == "ResourceNotFoundError"


def _entry(path: str, info: Mapping[str, Any]) -> FileEntry:
    """A file as its client tells of it; of which it tells no time is no older than now."""
    time = next((info[name] for name in _TIMES if info.get(name)), 0.0)
    size = int(info["size"])
    mark = next((info[name] for name in _MARKS if info.get(name)), (str(time), size))
    return FileEntry(path, size, _seconds(time) if time else now(), mark)


def _seconds(time: object) -> float:
    """A time that a client tells in its own way; without a zone it is of UTC."""
    if isinstance(time, str):
        time = datetime.fromisoformat(time)
    if not isinstance(time, datetime):
        return float(str(time))
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()

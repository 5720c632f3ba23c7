"""A folder on local disk."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any, BinaryIO, Final

from filelock import FileLock

from flowforge_assets.storage.atomic import sync
from flowforge_assets.storage.folder import FileEntry

# What systems say that know no second name of a file: FAT, some network mounts.
_NO_LINKS: Final = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})


@dataclass(frozen=True, slots=True)
class LocalFolder:
    """The folder at an absolute path, which need not be there."""

    path: Path

    @property
    def uri(self) -> str:
        """`file:///lake/silver/flights`."""
        return self.path.as_uri()

    @property
    def shown(self) -> str:
        """The path."""
        return str(self.path)

    @property
    def is_local(self) -> bool:
        """True."""
        return True

    @property
    def is_for_engines(self) -> bool:
        """True."""
        return True

    @property
    def polars_options(self) -> Mapping[str, Any]:
        """None are needed."""
        return {}

    @property
    def delta_options(self) -> None:
        """None are needed."""
        return

    def below(self, *names: str) -> LocalFolder:
        """A folder in it."""
        return LocalFolder(self.path.joinpath(*names))

    def target(self, path: str = "") -> str:
        """The path of a file in it, or its own."""
        # a `Path` for each look at a file takes longer than the look
        return os.path.join(self.path, path) if path else str(self.path)  # noqa: PTH118

    def read(self, path: str) -> bytes:
        """The whole of a file.

        Raises:
            FileNotFoundError: there is none.
        """
        return (self.path / path).read_bytes()

    def open(self, path: str) -> BinaryIO:
        """A file."""
        return (self.path / path).open("rb")

    def read_all(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """The files that are there of `paths`."""
        found: dict[str, bytes] = {}
        for path in paths:
            with suppress(FileNotFoundError):
                found[path] = self.read(path)
        return found

    def create(self, path: str, content: bytes) -> bool:
        """Makes a file, unless one is there; it is on the disk then, and so is its name."""
        target = self.path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f".{target.name}.{uuid.uuid4().hex}.tmp")
        try:
            with unfinished.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            is_new = _named(unfinished, target)
        finally:
            unfinished.unlink(missing_ok=True)
        sync(target.parent)
        return is_new

    def entry(self, path: str) -> FileEntry | None:
        """A file, or None where none is."""
        try:
            status = os.stat(self.target(path))  # noqa: PTH116
        except (FileNotFoundError, NotADirectoryError):
            return None
        return None if stat.S_ISDIR(status.st_mode) else _entry(path, status)

    def entries(self, path: str = "") -> list[FileEntry]:
        """All files below a folder in it, at any depth, by path."""
        found: list[FileEntry] = []
        start = len(f"{self.path}/")
        for folder, _, names in os.walk(self.target(path), onerror=_unless_gone):
            for name in names:
                file = f"{folder}/{name}"  # a `Path` a file is most of the time of a long log
                try:
                    status = os.stat(file)  # noqa: PTH116 - as above
                except FileNotFoundError:  # removed meanwhile
                    continue
                found.append(_entry(file[start:], status))
        return sorted(found, key=attrgetter("path"))

    def names(self, path: str = "") -> list[str]:
        """The names of the files and folders right in a folder of it, sorted."""
        try:
            return sorted(os.listdir(self.target(path)))  # noqa: PTH208 - names alone are wanted
        except (FileNotFoundError, NotADirectoryError):
            return []

    def remove(self, paths: Iterable[str]) -> None:
        """Removes files; those that are gone already do not matter."""
        for path in paths:
            (self.path / path).unlink(missing_ok=True)

    def fetch(self, path: str, to: Path) -> None:
        """Copies a file of it to the new local file `to`."""
        shutil.copyfile(self.path / path, to)

    def upload(self, source: Path, path: str) -> None:
        """Copies a local file into it; it is on the disk then, and so is its name."""
        target = self.path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f".{target.name}.{uuid.uuid4().hex}.tmp")
        try:
            shutil.copyfile(source, unfinished)
            sync(unfinished)
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)
        sync(target.parent)

    def refuse_unsafe(self) -> None:
        """A file system gives a name once."""

    def sync(self, path: str) -> None:
        """Waits until a file is on the disk."""
        sync(self.target(path))


def _entry(path: str, status: os.stat_result) -> FileEntry:
    mark = (status.st_ino, status.st_mtime_ns, status.st_size)
    return FileEntry(path, status.st_size, status.st_mtime, mark)


def _named(unfinished: Path, target: Path) -> bool:
    """Gives a whole file its name, unless another has it."""
    try:
        target.hardlink_to(unfinished)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        with FileLock(target.parent / ".names.lock"):
            if target.exists():
                return False
            unfinished.replace(target)
    return True


def _unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error

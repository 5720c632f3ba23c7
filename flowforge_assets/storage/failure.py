"""What the libraries below throw, as coded errors that name the table and the way out.

A lazy frame meets a damaged file only when it is collected; whoever collects one says
`with reading(table):` around it.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.storage import (
    DamagedDataError,
    DamagedLogError,
    DiskFullError,
    EngineCrashError,
    ForeignTableError,
    NoAccessError,
    StorageError,
    UnreachableError,
)
from flowforge_assets.storage.failure_remote import as_remote_error, is_of_write, shown_text

if TYPE_CHECKING:
    from flowforge_assets.core.key import DatasetKey
    from flowforge_assets.storage.external import ReadTable
    from flowforge_assets.storage.folder import Folder

_FULL: Final = re.compile(
    r"no space left|disk quota exceeded|file too large|os error (?:27|28|122)\b", re.IGNORECASE
)
_DENIED: Final = re.compile(
    r"permission denied|read-only file system|operation not permitted|os error (?:1|13|30)\b",
    re.IGNORECASE,
)
_DATA: Final = re.compile(
    r"parquet|thrift|snappy|zstd|decompress|page header|no such file|os error 2\b|out-of-spec"
    r"|ARROW:schema|not valid utf-?8|invalid utf-?8",
    re.IGNORECASE,
)
_FEATURE: Final = re.compile(r"Unsupported: (?:Feature '(\w+)'|(?:Unsupported )?(.+))")
_GAP: Final = re.compile(r'found gap: .*?filename: "([^"]+)".*?filename: "([^"]+)"')
_MADE_AGAIN: Final = (DamagedDataError, DamagedLogError, EngineCrashError)
_THEIRS: Final = "someone else writes it: have them write it again, or mend `at=`"
_LIBRARIES: Final = ("polars", "deltalake", "_internal", "pyarrow")


def as_storage_error(error: BaseException, key: DatasetKey, place: str) -> StorageError | None:
    """`error` as one of ours, or None when it is not the table's fault.

    The native libraries throw a panic as a `BaseException` of that name, and say what the system
    told them in the text alone, so type and text are both asked.
    """
    is_remote = "://" in place and not place.startswith(("file:", "memory:"))
    if is_remote and (remote := as_remote_error(error, key, place)) is not None:
        return remote
    kind, said = type(error).__name__, str(error)
    text = shown_text(error) if is_remote else _first_line(said)
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) or _FULL.search(said):
        message = f"there is no space left for `{key}` at `{place}`"
        return DiskFullError(message, hint="free some space, then run again")
    if number in (errno.EACCES, errno.EPERM, errno.EROFS) or _DENIED.search(said):
        message = f"`{key}` at `{place}` may not be read or written by this user"
        return NoAccessError(message, hint="give the user rights to that folder: `ls -ld`")
    if kind == "PanicException":
        return EngineCrashError(
            f"a library crashed while it read or wrote `{key}` at `{place}`: {text}",
            hint="a data file may be cut off: make the dataset again with `--force`",
        )
    return _of_library(error, key, place, text) if _is_native(error) else None


def _of_library(
    error: BaseException, key: DatasetKey, place: str, text: str
) -> StorageError | None:
    """What a native library said of the table itself; `text` is that in short."""
    if feature := _FEATURE.search(text):
        return foreign_table(key, f"`{feature[1]}`" if feature[1] else feature[2])
    if gap := _GAP.search(str(error)):
        return damaged_log(key, place, f"between `{gap[1]}` and `{gap[2]}` files are missing")
    if "log segment" in text or "Kernel" in text or "JSON" in text or "checkpoint" in text:
        return damaged_log(key, place, text)
    if isinstance(error, FileNotFoundError) or _DATA.search(text):
        return damaged_data(key, place, text)
    if isinstance(error, OSError) or type(error).__name__.endswith(
        ("DeltaError", "TableNotFoundError")
    ):
        return UnreachableError(f"`{key}` at `{place}` could not be reached: {text}")
    return None


def damaged_data(key: DatasetKey, place: str, what: str) -> DamagedDataError:
    """The error for a data file that is missing, cut off or garbled."""
    return DamagedDataError(
        f"a data file of `{key}` at `{place}` cannot be read: {what}",
        hint=f"restore the file from a copy, or make it again: `flowforge run -s {key}` with "
        "`--force`, or with `--rebuild` where it keeps its history",
    )


def foreign_table(key: DatasetKey, named: str) -> ForeignTableError:
    """The error for a table that is sound and uses what we cannot."""
    return ForeignTableError(
        f"the table of `{key}` uses Delta features that are not known here: {named}",
        hint="turn them off with the program that turned them on, or make it elsewhere",
    )


def damaged_log(key: DatasetKey, place: str, what: str) -> DamagedLogError:
    """The error for a log that is empty, cut off, garbled or has a gap."""
    return DamagedLogError(
        f"the log of `{key}` at `{place}` cannot be read: {what}",
        hint=f"restore that file from a copy, or move `{place}` away and make `{key}` again",
    )


@contextmanager
def guarded(key: DatasetKey, place: str, *, is_ours: bool = True) -> Generator[None]:
    """Turns what the libraries throw inside into coded errors; lets everything else pass.

    Nobody is told to make again what is not `is_ours`.
    """
    try:
        yield
    except (KeyboardInterrupt, SystemExit, FlowForgeError):
        raise
    except BaseException as error:  # a panic in a native library is no `Exception`
        ours = as_storage_error(error, key, place)
        if ours is None:
            raise
        if not is_ours and isinstance(ours, _MADE_AGAIN):
            raise type(ours)(ours.message, hint=_THEIRS) from error
        raise ours from error


@contextmanager
def writing(key: DatasetKey, folder: Folder, *, is_lazy: bool) -> Generator[None]:
    """Turns what goes wrong with the target of a write into coded errors.

    While a lazy frame is written its sources are read and code of users runs: what fails there
    passes as it is, since it is not the fault of the table that is written.
    """
    try:
        yield
    except (KeyboardInterrupt, SystemExit, FlowForgeError):
        raise
    except BaseException as error:
        ours = as_storage_error(error, key, folder.shown)
        if ours is None or (is_lazy and not _is_of_target(ours, error, folder)):
            raise
        raise ours from error


def reading(table: ReadTable) -> AbstractContextManager[None]:
    """`guarded` for whoever collects a frame that `table.scan` gave."""
    return guarded(table.spec.key, table.uri, is_ours=not table.spec.is_external)


def _is_of_target(ours: StorageError, error: BaseException, folder: Folder) -> bool:
    """Whether what went wrong in a write is the fault of where it writes."""
    if not folder.is_local:
        return is_of_write(error)
    if isinstance(ours, NoAccessError):
        return not _is_writable(folder)
    return isinstance(ours, DiskFullError | EngineCrashError)


def _is_writable(folder: Folder) -> bool:
    """Whether files may be made in a local `folder`, or where it would be made."""
    whole = Path(folder.target())
    there = next((path for path in (whole, *whole.parents) if path.exists()), whole)
    return os.access(there, os.W_OK | os.X_OK)


def _is_native(error: BaseException) -> bool:
    """Whether a library for tables or the system threw it, and not the code of a user."""
    module = type(error).__module__
    return isinstance(error, OSError) or module.partition(".")[0] in _LIBRARIES


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0][:300]

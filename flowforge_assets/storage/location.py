"""Where an environment's tables are, as it stands in the project file."""

from __future__ import annotations

import atexit
import os
import shutil
import stat
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, assert_never
from urllib.parse import unquote, urlsplit

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.storage import BadLocationError
from flowforge_assets.storage.failure import guarded
from flowforge_assets.storage.folder_local import LocalFolder
from flowforge_assets.storage.remote_url import parse_remote_url
from flowforge_assets.storage.store_options import StoreOptions, read_options

if TYPE_CHECKING:
    from flowforge_assets.storage.folder import Folder
    from flowforge_assets.storage.store import Store

Format: TypeAlias = Literal["delta", "parquet"]

_LOGS = ("_delta_log", "_flowforge")


@dataclass(frozen=True, slots=True)
class FolderLocation:
    """A folder on local disk."""

    folder: Path

    @property
    def uri(self) -> str:
        """`file:///lake`."""
        return self.folder.as_uri()


@dataclass(frozen=True, slots=True)
class MemoryLocation:
    """A store in this process, shared by all who say its name; without name, nobody's else."""

    name: str

    @property
    def uri(self) -> str:
        """`memory://NAME`."""
        return f"memory://{self.name}"


@dataclass(frozen=True, slots=True)
class RemoteLocation:
    """A folder of a bucket, or what is like one; `url` holds no user, query or last slash."""

    url: str
    options: StoreOptions

    @property
    def uri(self) -> str:
        """`s3://bucket/lake`, as engines take it."""
        return self.url


@dataclass(frozen=True, slots=True)
class WarehouseLocation:
    """The schemas of a warehouse whose names begin with `prefix`; `kind` is as in its URL."""

    kind: str
    prefix: str = ""

    @property
    def uri(self) -> str:
        """`snowflake://`: where exactly is known when it is asked."""
        return f"{self.kind}://"


Location: TypeAlias = FolderLocation | MemoryLocation | RemoteLocation | WarehouseLocation


def parse_location(
    text: str, *, relative_to: Path | None = None, options: StoreOptions | None = None
) -> Location:
    """What `text` says: a folder (`lake`, `/data/lake`, `file:///data/lake`) or a URL.

    The URL is `memory://NAME`, or that of a remote store, which has `options`. A relative folder
    is taken from `relative_to`, by default the working folder.

    Raises:
        BadLocationError: it says something else (FF-601).
        NoCredentialsError: it is remote, needs options and has none (FF-864).
    """
    scheme, separator, rest = text.partition("://")
    if not text.strip():
        raise BadLocationError("the store's location is empty", hint="write a folder")
    if not separator:
        folder = (relative_to or Path.cwd()) / Path(text).expanduser()
        return FolderLocation(folder.absolute())
    if scheme == "memory":
        if rest and not rest.replace("-", "").replace("_", "").isalnum():
            message = f"`{text}` names a store in memory by more than letters, digits, `-` and `_`"
            raise BadLocationError(message, hint="write for example `memory://test`")
        return MemoryLocation(rest)
    if scheme == "file":
        parts = urlsplit(text)
        if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
            message = f"`{text}` is no folder of this machine"
            raise BadLocationError(message, hint="write `file:///` and an absolute folder")
        return FolderLocation(Path(unquote(parts.path)))
    return RemoteLocation(str(parse_remote_url(text)), options or read_options(text, {}))


def folder_at(location: Location) -> Folder | None:
    """The folder of a location; memory and a warehouse have none.

    Of a remote one the clients are made, no more.
    """
    if isinstance(location, MemoryLocation | WarehouseLocation):
        return None
    if isinstance(location, RemoteLocation):
        # fsspec and its clients take half a second to import
        from flowforge_assets.storage.folder_files import FilesFolder
        from flowforge_assets.storage.folder_remote import RemoteFolder

        return (FilesFolder if location.options.kind == "other" else RemoteFolder).at(location)
    return LocalFolder(location.folder)


def tables_in(folder: Folder, keys: Iterable[DatasetKey]) -> set[DatasetKey]:
    """Those of the datasets that have a table in the folder; looks, and opens nothing.

    Where a look is a request, it looks once a layer, and takes what has a folder there.

    Raises:
        StorageError: the store cannot be asked (FF-6xx).
    """
    if not folder.is_local:
        wanted = {key: table_names(key) for key in keys}
        there: dict[tuple[str, ...], set[str]] = {}
        for key, (*above, _) in wanted.items():
            if tuple(above) not in there:
                with guarded(key, folder.shown):
                    there[tuple(above)] = set(folder.below(*above).names())
        return {key for key, (*above, name) in wanted.items() if name in there[tuple(above)]}
    return _local_tables(folder.target(), keys)


def _local_tables(target: str, keys: Iterable[DatasetKey]) -> set[DatasetKey]:
    """The same on this machine: only what is there by its name is looked at."""
    found: set[DatasetKey] = set()
    names_in: dict[str, set[str]] = {}
    for key in keys:
        *above, name = table_names(key)
        layer = "/".join((target, *above))
        names = names_in.get(layer)
        if names is None:
            names = names_in[layer] = _names(Path(layer))
        if name in names and any(_is_folder(f"{layer}/{name}/{log}") for log in _LOGS):
            found.add(key)
    return found


def _is_folder(path: str) -> bool:
    """Whether there is such a folder; ten thousand `Path`s cost more than the looks."""
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)  # noqa: PTH116 - as above
    except OSError:
        return Path(path).is_dir()  # which tells what is not there from what cannot be seen


def _names(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()} if folder.is_dir() else set()


def table_names(key: DatasetKey) -> tuple[str, ...]:
    """The folders within a store that lead to a dataset: its project, its layer, its name."""
    return tuple(filter(None, (key.project, key.layer, key.name)))


@cache
def _own_folder() -> Path:
    """A folder that no other user can look into or make first; it goes with this process."""
    folder = Path(tempfile.mkdtemp(prefix="flowforge-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def open_store(
    location: str | Location,
    *,
    format: Format = "delta",  # noqa: A002 - the word that the project file has
    relative_to: Path | None = None,
    copies: Path | None = None,
) -> Store:
    """The store at `location`; `format` is of no matter in memory.

    Opens no table and makes no folder yet. Of artifacts in a remote store copies are kept in the
    folder `copies`, by default a temporary one of this process.

    Raises:
        BadLocationError: the location is none that is known (FF-601).
    """
    where = (
        parse_location(location, relative_to=relative_to) if isinstance(location, str) else location
    )
    folder = folder_at(where)
    if folder is None:
        # each store imports its engines; only the one in use is paid for
        from flowforge_assets.storage.memory import memory_store

        return memory_store(where.name if isinstance(where, MemoryLocation) else "")
    if copies is None:
        copies = Path() if folder.is_local else _own_folder()
    if format == "delta" and not folder.is_for_engines:
        message = f"no engine reaches `{folder.uri}`, so it cannot hold Delta tables"
        raise BadLocationError(message, hint='keep Parquet there: `format = "parquet"`')
    match format:
        case "delta":
            # deltalake and polars take 200 ms to import
            from flowforge_assets.storage.delta_store import DeltaStore

            return DeltaStore(folder, copies)
        case "parquet":
            # polars takes 100 ms to import
            from flowforge_assets.storage.parquet_store import ParquetStore

            return ParquetStore(folder, copies)
        case _:
            assert_never(format)

"""Where an environment's tables are, as it stands in the project file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, assert_never
from urllib.parse import unquote, urlsplit

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.storage import BadLocationError

if TYPE_CHECKING:
    from flowforge_assets.storage.store import Store

Format: TypeAlias = Literal["delta", "parquet"]

_LOGS = ("_delta_log", "_flowforge")
_LATER: Final = frozenset(
    ["s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "hdfs", "http", "https"]
)


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


Location: TypeAlias = FolderLocation | MemoryLocation


def parse_location(text: str, *, relative_to: Path | None = None) -> Location:
    """What `text` says: a folder (`lake`, `/data/lake`, `file:///data/lake`) or `memory://NAME`.

    A relative folder is taken from `relative_to`, by default the working folder.

    Raises:
        BadLocationError: it says something else (FF-601).
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
    if scheme in _LATER:
        raise BadLocationError(
            f"stores at `{scheme}://` come with a later release",
            hint='use a folder, e.g. `store = "lake"`, or one that the system mounts',
        )
    raise BadLocationError(
        f"`{scheme}://` is no kind of store",
        hint="write a folder, `file:///...` or `memory://NAME`",
    )


def tables_in(location: FolderLocation, keys: Iterable[DatasetKey]) -> set[DatasetKey]:
    """Those of the datasets that have a table in the folder; looks, and opens nothing."""
    return {
        key
        for key in keys
        if any((table_folder(location.folder, key) / log).is_dir() for log in _LOGS)
    }


def table_folder(folder: Path, key: DatasetKey) -> Path:
    """Where a folder store keeps a dataset: `layer/name`."""
    return folder.joinpath(*filter(None, (key.project, key.layer, key.name)))


def open_store(
    location: str | Location,
    *,
    format: Format = "delta",  # noqa: A002 - the word that the project file has
    relative_to: Path | None = None,
) -> Store:
    """The store at `location`; `format` is of no matter in memory.

    Opens no table and makes no folder yet.

    Raises:
        BadLocationError: the location is none that is known (FF-601).
    """
    where = (
        parse_location(location, relative_to=relative_to) if isinstance(location, str) else location
    )
    if isinstance(where, MemoryLocation):
        # each store imports its engines; only the one in use is paid for
        from flowforge_assets.storage.memory import memory_store

        return memory_store(where.name)
    match format:
        case "delta":
            # deltalake and polars take 200 ms to import
            from flowforge_assets.storage.delta import DeltaStore

            return DeltaStore(where.folder)
        case "parquet":
            # polars takes 100 ms to import
            from flowforge_assets.storage.parquet import ParquetStore

            return ParquetStore(where.folder)
        case _:
            assert_never(format)

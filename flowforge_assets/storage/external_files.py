"""The place of a table that someone else writes: a folder, one file, or those of a pattern."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flowforge_assets.errors.storage import BadLocationError
from flowforge_assets.storage.delta_log import LOG
from flowforge_assets.storage.folder_local import LocalFolder
from flowforge_assets.storage.location import FolderLocation, RemoteLocation, parse_location
from flowforge_assets.storage.remote_url import is_remote, parse_remote_url
from flowforge_assets.storage.store_options import read_options

if TYPE_CHECKING:
    from flowforge_assets.storage.folder import FileEntry, Folder
    from flowforge_assets.storage.store_options import StoreOptions

_WILD: Final = frozenset("*?[")
PARQUET_SUFFIXES: Final = (".parquet", ".pq")


@dataclass(frozen=True, slots=True)
class ExternalFiles:
    """A folder or a file in `folder`, or the files in it that meet a pattern.

    In a pattern `*` and `?` stand for what is within one name, `**` for folders at any depth.
    """

    folder: Folder
    path: str

    @property
    def uri(self) -> str:
        """`file:///data/rates`."""
        return self.folder.below(self.path).uri if self.path else self.folder.uri

    @property
    def shown(self) -> str:
        """How people call it."""
        return self.folder.below(self.path).shown if self.path else self.folder.shown

    @property
    def is_delta(self) -> bool:
        """Whether it is a Delta table."""
        return not self._is_pattern and bool(self.folder.below(self.path).names(LOG))

    @property
    def is_file(self) -> bool:
        """Whether it is one file."""
        return not self._is_pattern and self.folder.entry(self.path) is not None

    def target(self) -> str:
        """What engines call it: of a folder in a store it ends with a slash."""
        target = self.folder.target(self.path)
        return target if self.is_one or self.folder.is_local else f"{target}/"

    def parquet(self) -> Sequence[FileEntry]:
        """The files, sorted: of a folder those whose names are of Parquet files."""
        if self._is_pattern:
            wanted = self.path.split("/")
            return [e for e in self.folder.entries() if _meets(e.path.split("/"), wanted)]
        entry = self.folder.entry(self.path)
        found = [entry] if entry else self.folder.entries(self.path)
        return [e for e in found if e is entry or e.path.endswith(PARQUET_SUFFIXES)]

    @property
    def _is_pattern(self) -> bool:
        return bool(_WILD & set(self.path))

    @property
    def is_one(self) -> bool:
        """Whether it is files that are named, and no folder of them."""
        return self._is_pattern or self.is_file


def external_files(at: str, *, root: Path, options: StoreOptions | None = None) -> ExternalFiles:
    """What `at` says: a path from `root`, `file:///...`, or a URL of a store with `options`.

    Raises:
        BadLocationError: it is at a place of another kind (FF-601).
        NoCredentialsError: it is in a store that has no options here (FF-864).
    """
    if not is_remote(at):
        where = parse_location(at, relative_to=root)
        if not isinstance(where, FolderLocation):
            message = f"`{at}` is no place outside of this process"
            raise BadLocationError(message, hint="write a path, `file:///...`, or a store's URL")
        above, path = _cut(where.folder.parts)
        return ExternalFiles(LocalFolder(Path(*above)), path)
    scheme, _, rest = at.partition("://")
    bucket, *names = rest.rstrip("/").split("/")
    above, path = _cut(names)
    url = f"{scheme}://{'/'.join((bucket, *above))}"
    location = RemoteLocation(str(parse_remote_url(url)), options or read_options(url, {}))
    # the clients of stores take half a second to import
    from flowforge_assets.storage.folder_remote import RemoteFolder

    return ExternalFiles(RemoteFolder.at(location), path)


def _cut(names: Sequence[str]) -> tuple[Sequence[str], str]:
    """The folders above, and the last name or all from the first with a wildcard on."""
    wild = (number for number, name in enumerate(names) if _WILD & set(name))
    at = next(wild, max(len(names) - 1, 0))
    return names[:at], "/".join(names[at:])


def _meets(names: Sequence[str], wanted: Sequence[str]) -> bool:
    if not wanted:
        return not names
    if wanted[0] == "**":
        return _meets(names, wanted[1:]) or (bool(names) and _meets(names[1:], wanted))
    return bool(names) and fnmatchcase(names[0], wanted[0]) and _meets(names[1:], wanted[1:])

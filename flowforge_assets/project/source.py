"""What is known of source files from earlier loads, so that unchanged ones are not parsed again.

The file is a cache: one that is missing, broken or of another version is empty.
"""

from __future__ import annotations

import json
import linecache
from collections.abc import Mapping
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final, cast

from flowforge_assets.project.unit import Unit
from flowforge_assets.storage.atomic import write_atomic

_ALGORITHM: Final = 2  # count up when what is kept, or how it is worked out, changes
_MOST_FILES: Final = 5_000


class SourceCache:
    """The units of source files, kept by the digest of a file's bytes; `save` writes the cache.

    A file is read once in the life of the object. Not for use from several threads. 1,000
    functions that the cache file knows take about 3 ms.
    """

    def __init__(self, path: Path | None = None) -> None:
        """The cache kept at `path`, or only in memory without one."""
        self.parses = 0
        """How many files had to be parsed."""
        self._path = path
        self._kept: dict[str, dict[str, str]] | None = None
        self._by_name: dict[str, dict[str, str]] = {}
        self._used: set[str] = set()
        self._is_changed = False

    def find(self, file: str, key: str) -> Unit | None:
        """The unit with that key (see `project.unit`); None when the file has none.

        A file that cannot be read or parsed has no units.
        """
        entry = self._units(file).get(key)
        if entry is None:
            return None
        digest, *uses = entry.split(" ")
        return Unit(digest, tuple(uses))

    def save(self) -> None:
        """Writes the file in one act, if anything is new.

        A folder that cannot be written costs the next load its time and nothing else, so that is
        no error.
        """
        if self._path is None or not self._is_changed:
            return
        files = self._entries()
        if len(files) > _MOST_FILES:
            files = {digest: files[digest] for digest in self._used if digest in files}
        content = json.dumps({"algorithm": _ALGORITHM, "files": files}, separators=(",", ":"))
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self._path, content.encode())
            self._is_changed = False

    def _units(self, file: str) -> dict[str, str]:
        found = self._by_name.get(file)
        if found is None:
            found = self._by_name[file] = self._read(file)
        return found

    def _read(self, file: str) -> dict[str, str]:
        try:
            source = Path(file).read_bytes()
        except (OSError, ValueError):  # a notebook's cell, or a name that is no path at all
            source = "".join(linecache.getlines(file)).encode()
        digest = blake2b(source, digest_size=16).hexdigest()
        self._used.add(digest)
        entries = self._entries()
        found = entries.get(digest)
        if found is None:
            self.parses += 1
            found = _parsed(source)
            if found:  # what this Python cannot read, another may
                entries[digest] = found
                self._is_changed = True
        return found

    def _entries(self) -> dict[str, dict[str, str]]:
        if self._kept is None:
            self._kept = _load(self._path) if self._path is not None else {}
        return self._kept


def _parsed(source: bytes) -> dict[str, str]:
    from flowforge_assets.project.normal_source import units  # and `ast`: files that changed

    try:
        found = units(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    return {key: " ".join((unit.digest, *unit.uses)) for key, unit in found.items()}


def _load(path: Path) -> dict[str, dict[str, str]]:
    """The entries in the file; none of a file that is missing, broken or of another version."""
    try:
        content: object = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    found = _mapping(content)
    if found.get("algorithm") != _ALGORITHM:
        return {}
    files = {
        digest: cast("dict[str, str]", dict(_mapping(entries)))
        for digest, entries in _mapping(found.get("files")).items()
    }
    is_whole = all(type(entry) is str for entries in files.values() for entry in entries.values())
    return files if is_whole else {}


def _mapping(value: object) -> Mapping[str, object]:
    """`value`, if it is a JSON object."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}

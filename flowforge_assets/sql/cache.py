"""What is known of queries from earlier checks, so that unchanged ones are not read again.

The file is a cache: one that is missing, broken or of another version is empty.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final, Literal, TypeAlias, cast

_ALGORITHM: Final = 2  # count up when what is kept, or how it is worked out, changes
_ENGINES: Final = ("duckdb", "sqlglot")
_MOST_ENTRIES: Final = 50_000

Section: TypeAlias = Literal["facts", "types", "lineage"]
# JSON as `json` gives it; whoever asks for an entry checks its form.
Entry: TypeAlias = object


class SqlCache:
    """Entries by section and digest; read from the file at first use, written by `save`.

    Not for use from several threads. Reading the entries of 1,000 queries takes about 2 ms.
    """

    def __init__(self, path: Path | None) -> None:
        """The cache kept at `path`, or only in memory without one."""
        self._path = path
        self._stamp = ""
        self._sections: dict[str, dict[str, Entry]] | None = None
        self._used: set[tuple[str, str]] = set()
        self._is_changed = False

    def find(self, section: Section, digest: str) -> Entry | None:
        """The entry, or None."""
        entry = self._loaded().get(section, {}).get(digest)
        if entry is not None:
            self._used.add((section, digest))
        return entry

    def put(self, section: Section, digest: str, entry: Entry) -> None:
        """Keeps `entry`, which must be JSON."""
        self._loaded().setdefault(section, {})[digest] = entry
        self._used.add((section, digest))
        self._is_changed = True

    def save(self) -> None:
        """Writes the file in one act, if anything is new.

        A folder that cannot be written costs the next check its time and nothing else, so that is
        no error.
        """
        if self._path is None or not self._is_changed:
            return
        content = json.dumps(
            {"stamp": self._stamp, "sections": self._kept()}, separators=(",", ":")
        )
        with suppress(OSError):
            _replace(self._path, content)
            self._is_changed = False

    def _kept(self) -> dict[str, dict[str, Entry]]:
        """All entries, or only those used now once there are too many."""
        sections = self._loaded()
        if sum(map(len, sections.values())) <= _MOST_ENTRIES:
            return sections
        return {
            section: {d: e for d, e in entries.items() if (section, d) in self._used}
            for section, entries in sections.items()
        }

    def _loaded(self) -> dict[str, dict[str, Entry]]:
        if self._sections is None:
            self._stamp = _stamp()
            self._sections = dict(_read(self._path, self._stamp)) if self._path else {}
        return self._sections


def _read(path: Path, stamp: str) -> Iterator[tuple[str, dict[str, Entry]]]:
    """The sections in the file; none of a file that is missing, broken or of another stamp."""
    try:
        stat = os.stat(path)  # noqa: PTH116 - a plan asks twice
        content = _content(path, (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino))
    except (OSError, ValueError, RecursionError):
        return
    found = _mapping(content)
    if found.get("stamp") == stamp:
        for name, entries in _mapping(found.get("sections")).items():
            yield name, dict(_mapping(entries))


@lru_cache(maxsize=1)
def _content(path: Path, _: tuple[int, ...]) -> object:
    """What the file holds, for several who ask in turn; each copies what it may change."""
    return json.loads(path.read_bytes())


def _mapping(value: object) -> Mapping[str, object]:
    """`value`, if it is a JSON object."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _replace(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=f"{path.name}.", delete=False
    ) as file:
        try:
            file.write(content)
            file.close()
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink()
            raise


def _stamp() -> str:
    """The versions that the entries depend on: ours and the engines'.

    Read from the names of the installed `*.dist-info` folders: importing an engine to ask it would
    cost what the cache saves, and `importlib.metadata` half of that again.
    """
    return " ".join((str(_ALGORITHM), *map(_installed, _ENGINES)))


@cache
def _installed(package: str) -> str:
    """`duckdb-2.0.0.dist-info`."""
    spec = find_spec(package)
    if spec is not None and spec.origin:
        site = Path(spec.origin).parent.parent
        prefix = f"{package}-"
        found = sorted(
            entry.name
            for entry in os.scandir(site)
            if entry.name.startswith(prefix) and entry.name.endswith(".dist-info")
        )
        if found:
            return ",".join(found)
    module = __import__(package)  # installed in some other way: ask the module itself
    return f"{package}-{module.__version__}"

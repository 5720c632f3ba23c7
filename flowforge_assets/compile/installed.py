"""What some packages need of what is installed here, as lines that pip takes as constraints."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_FOLDER: Final = re.compile(r"(.+)-([^-]+)\.dist-info")
_NAME: Final = re.compile(r"\s*([\w.-]+)\s*(?:\[([^\]]*)\])?")
_NEEDS: Final = "Requires-Dist:"
_HEAD: Final = (
    "# What the project needs, in the versions that are installed where it was compiled:\n"
    "# constraints for pip. What is not installed there stands as it is asked for.\n"
)


@dataclass(frozen=True)
class _Package:
    """An installed package: its version, and the folder of its metadata."""

    version: str
    folder: Path

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """Its requirements, as its metadata spells them."""
        head = self._text("METADATA").partition("\n\n")[0]
        lines = (line for line in head.splitlines() if line.startswith(_NEEDS))
        return tuple(line.removeprefix(_NEEDS).strip() for line in lines)

    @cached_property
    def files(self) -> str:
        """What it has installed, a file a line after the first, which is empty."""
        return "\n" + self._text("RECORD")

    def _text(self, name: str) -> str:
        try:
            return (self.folder / name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""


class Installed:
    """The packages on Python's import path, by the folders of their metadata.

    These are read where they are asked for alone (PyPA's specifications of recorded projects and
    of core metadata, read 2026-11): all of them would cost more than a project's whole
    compilation.
    """

    def __init__(self, path: Iterable[str] | None = None) -> None:
        """On `path`, by default that of this process; what is found first counts."""
        self._packages: dict[str, _Package] = {}
        for folder in sys.path if path is None else path:
            for name in _names_in(folder):
                found = _FOLDER.fullmatch(name)
                if found is not None:
                    package = _Package(found[2].replace("_", "-"), Path(folder or ".", name))
                    self._packages.setdefault(canonicalize_name(found[1]), package)

    def owners(self, module: str) -> list[str]:
        """The packages that have the module `a.b`: one that is called so, `a-b` or `a`.

        Where none is, the lists of files of all are looked into, some tens of milliseconds.
        """
        parts = module.split(".")
        spellings = [parts[:count] for count in range(len(parts), 0, -1)]
        named = [canonicalize_name("-".join(spelled)) for spelled in spellings]
        if named[0] in self._packages:
            return [named[0]]
        for name in named[1:]:
            # `a` may be another package than the one that has `a.b`
            if name in self._packages and _has(self._packages[name], "/".join(parts)):
                return [name]
        for spelled in spellings:
            if found := self._having("/".join(spelled)):
                return found
        return [name for name in named if name in self._packages]

    def _having(self, path: str) -> list[str]:
        """The packages that have installed such a folder or module, sorted."""
        return sorted(name for name, each in self._packages.items() if _has(each, path))

    def lock(self, requirements: Iterable[str]) -> str:
        """`name==version` a line, sorted, of what `requirements` name and of all that these need.

        Markers hold for this machine and this Python. What a requirement asks for beside its name
        is not looked at: what is installed is what runs.
        """
        lines: dict[str, str] = {}
        done: set[tuple[str, str]] = set()
        left = list(requirements)
        while left:
            text = left.pop()
            name, extras = _named_in(text)
            package = self._packages.get(name)
            if package is None:
                lines.setdefault(name, f"{name}{Requirement(text).specifier}")
                continue
            lines[name] = f"{name}=={package.version}"
            for extra in ("", *extras):
                if (name, extra) not in done:
                    done.add((name, extra))
                    left += _needed_by(package, extra)
        return _HEAD + "".join(f"{lines[name]}\n" for name in sorted(lines))


def _has(package: _Package, path: str) -> bool:
    """Whether it has such a folder or module, which may be one of Python or of another language."""
    return any(place in package.files for place in (f"\n{path}/", f"\n{path}."))


def _named_in(requirement: str) -> tuple[str, list[str]]:
    """The package and its extras; all of a requirement would take ten times as long to read."""
    found = _NAME.match(requirement)
    assert found is not None  # noqa: S101 - it was read by whoever wrote the metadata
    extras = (found[2] or "").split(",")
    return canonicalize_name(found[1]), sorted(each.strip() for each in extras if each.strip())


def _needed_by(package: _Package, extra: str) -> Iterator[str]:
    """What the package needs here with that extra, or by itself without one."""
    for text in package.needs:
        marker = text.partition(";")[2].strip()
        if ("extra" in marker) == bool(extra) and (not marker or _holds(marker, extra)):
            yield text


@lru_cache(maxsize=1024)
def _holds(marker: str, extra: str) -> bool:
    """Most markers are those of many packages."""
    return Marker(marker).evaluate({"extra": extra})


def _names_in(folder: str) -> list[str]:
    """What is in a folder of the import path, which may be a file or nothing."""
    try:
        with os.scandir(folder or ".") as entries:
            return sorted(entry.name for entry in entries)
    except OSError:
        return []

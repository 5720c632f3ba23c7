"""Whether what is installed is what FlowForge was made for."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import metadata
from typing import Final, TypeAlias

from flowforge_assets.project.finding import Finding

FindVersion: TypeAlias = Callable[[str], str | None]

_OURS: Final = "flowforge-assets"
_OLDEST_PYTHON: Final = (3, 11)
_NEWEST_PYTHON: Final = (3, 13)
"""The newest that was tested."""
_BESIDE: Final = ("s3fs>=2026",)
"""What is asked of packages that are none of ours, where they are installed."""
_REQUIREMENT: Final = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*([^;]*)(?:;(.*))?")
_BOUND: Final = re.compile(r"(>=|<=|==|!=|<|>)\s*([\w.]+)")


def installation(
    *, python: tuple[int, ...] = sys.version_info[:3], find_version: FindVersion | None = None
) -> list[Finding]:
    """The interpreter and the packages, each against what our own metadata asks of it.

    A package that only an extra asks for is looked at where that extra's first one is installed.
    """
    find = find_version or _find_version
    found = [_python(python)]
    needed, beside = _requirements()
    found += [_package(each, find, is_needed=True) for each in needed]
    for extra in beside.values():
        if find(_name_of(extra[0])) is not None:
            found += [_package(each, find, is_needed=False) for each in extra]
    found += [_package(each, find, is_needed=False) for each in _BESIDE if find(_name_of(each))]
    return found


def is_within(version: str, bounds: str) -> bool:
    """Whether a version keeps to bounds such as `>=2.1,<3`; what follows its numbers is left out.

    >>> is_within("3.9.0rc1", ">=3.8.8,<3.9")
    False
    """
    found = _numbers(version)
    for sign, text in _BOUND.findall(bounds):
        order = _compared(found, _numbers(text))
        allowed = {">=": order >= 0, "<=": order <= 0, ">": order > 0, "<": order < 0}
        if not (allowed | {"==": order == 0, "!=": order != 0})[sign]:
            return False
    return True


def _python(version: tuple[int, ...]) -> Finding:
    said = ".".join(map(str, version))
    if version[:2] < _OLDEST_PYTHON:
        return Finding("Python", "problem", said, "use Python 3.11 or later")
    if version[:2] > _NEWEST_PYTHON:
        newest = ".".join(map(str, _NEWEST_PYTHON))
        return Finding("Python", "warning", f"{said}, not tested", f"{newest} is known to work")
    return Finding("Python", "ok", said)


def _package(requirement: str, find: FindVersion, *, is_needed: bool) -> Finding:
    name, bounds = _name_of(requirement), _bounds_of(requirement)
    version = find(name)
    install = f"`pip install '{name}{bounds}'`"
    if version is None:
        missing = "is not installed"
        return Finding(name, "problem" if is_needed else "warning", missing, install)
    if not is_within(version, bounds):
        return Finding(name, "problem", f"{version}, asked for is {bounds}", install)
    return Finding(name, "ok", version)


def _requirements() -> tuple[list[str], dict[str, list[str]]]:
    """What we always need, and by extra what else."""
    needed: list[str] = []
    extras: dict[str, list[str]] = {}
    for line in metadata.requires(_OURS) or ():
        marker = (_REQUIREMENT.match(line) or [""] * 4)[3] or ""
        extra = re.search(r"extra\s*==\s*['\"]([\w-]+)['\"]", marker)
        if extra:
            extras.setdefault(extra[1], []).append(line)
        else:
            needed.append(line)
    return sorted(needed, key=_name_of), {
        name: list(_first_first(name, lines)) for name, lines in extras.items()
    }


def _first_first(extra: str, lines: Iterable[str]) -> Iterator[str]:
    """The requirements of an extra, the package that bears its name before the others."""
    yield from sorted(lines, key=lambda line: (extra not in _name_of(line), _name_of(line)))


def _name_of(requirement: str) -> str:
    found = _REQUIREMENT.match(requirement)
    return found[1] if found else requirement


def _bounds_of(requirement: str) -> str:
    found = _REQUIREMENT.match(requirement)
    return ",".join(sorted((found[2] if found else "").replace(" ", "").split(","), reverse=True))


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def _compared(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    width = max(len(one), len(other))
    left, right = (each + (0,) * (width - len(each)) for each in (one, other))
    return (left > right) - (left < right)


def _find_version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None

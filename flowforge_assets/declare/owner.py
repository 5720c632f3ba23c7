"""Whose modules are whose: the class of another project has that project's name in its key.

The names hold only inside of `owned_by`, so that two projects loaded in one process each see their
own classes without a name.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_OWNERS: Final[ContextVar[Mapping[str, str] | None]] = ContextVar("owners", default=None)


@contextmanager
def owned_by(projects: Mapping[str, str]) -> Generator[None]:
    """While in it, classes of those top-level modules belong to the projects that they map to."""
    token = _OWNERS.set(projects)
    try:
        yield
    finally:
        _OWNERS.reset(token)


def project_of(module: str) -> str | None:
    """The other project that a module belongs to, or None for one of our own."""
    owners = _OWNERS.get()
    return owners.get(module.partition(".")[0]) if owners else None

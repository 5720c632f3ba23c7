"""Whether the places of an environment's tables can be read and written."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final, assert_never

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.project.environment import Environment
from flowforge_assets.project.finding import Finding, problem
from flowforge_assets.storage.location import (
    FolderLocation,
    Location,
    MemoryLocation,
    RemoteLocation,
    WarehouseLocation,
)

_LITTLE_BYTES: Final = 1 << 30
_PROBED: Final = DatasetKey("silver.doctor")
"""What errors of a store call the dataset that they are about."""


def store_health(environment: Environment) -> Iterator[Finding]:
    """How each place is: a probe of a few bytes is written there and removed."""
    for number, location in enumerate(environment.places):
        about = "store" if number == 0 else f"store {location.uri}"
        yield _health(location, about)


def _health(location: Location, about: str) -> Finding:
    match location:
        case FolderLocation():
            return _folder_health(location.folder, about)
        case MemoryLocation():
            return Finding(about, "ok", f"{location.uri}, gone when its process ends")
        case RemoteLocation():
            return _remote_health(location, about)
        case WarehouseLocation():
            return Finding(about, "ok", f"{location.uri}, asked when a run begins")
        case _:
            assert_never(location)


def _folder_health(folder: Path, about: str) -> Finding:
    """Whether files can be written where the tables are, or will be, and how much room is left."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".flowforge-probe-") as probe:
            probe.write(b"probe")
            probe.flush()
            os.fsync(probe.fileno())
        free_bytes = shutil.disk_usage(folder).free
    except OSError as error:
        said = (error.strerror or type(error).__name__).lower()
        remedy = "give this user rights to the folder, or set another `store` in flowforge.toml"
        return Finding(about, "problem", f"`{folder}` cannot be written: {said}", remedy)
    free = f"{free_bytes / (1 << 30):.0f} GiB free"
    if free_bytes < _LITTLE_BYTES:
        free = f"{free_bytes / (1 << 20):.0f} MiB free"
        return Finding(about, "warning", f"can be written, {free}", "make room on its disk")
    return Finding(about, "ok", f"can be written, {free}")


def _remote_health(location: RemoteLocation, about: str) -> Finding:
    """Whether the client is installed, the secrets are there, and the store answers and is safe."""
    # fsspec and its clients take half a second to import
    from flowforge_assets.storage.failure import guarded
    from flowforge_assets.storage.failure_remote import shown_text
    from flowforge_assets.storage.folder_remote import RemoteFolder

    try:
        with guarded(_PROBED, location.url):
            folder = RemoteFolder.at(location)
            folder.refuse_unsafe()
    except FlowForgeError as error:
        found = problem(about, error)
        return replace(found, said=found.said.replace(f"`{_PROBED}` at ", ""))
    except Exception as error:  # noqa: BLE001 - a client of strangers may throw anything
        said = f"{location.url} cannot be used: {shown_text(error)}"
        return Finding(about, "problem", said, "see the library that speaks to this protocol")
    mode = location.options.mode
    credentials = "with the credentials given" if mode == "explicit" else f"credentials: {mode}"
    return Finding(about, "ok", f"{location.url} can be written, {credentials}")

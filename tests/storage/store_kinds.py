"""The stores that the conformance tests run on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flowforge_assets.storage.location import Format, RemoteLocation, open_store
from flowforge_assets.storage.store import Store
from flowforge_assets.storage.store_options import read_options
from store_place import StorePlace

if TYPE_CHECKING:
    from _pytest.mark import ParameterSet  # pytest has no public name for it


@dataclass(frozen=True, slots=True)
class StoreKind:
    """A format in a place; `emulator` names the fixture of a place that is not on this machine."""

    name: str
    format: Format
    emulator: str | None = None


KINDS = (
    StoreKind("memory", "delta"),
    StoreKind("delta", "delta"),
    StoreKind("parquet", "parquet"),
    StoreKind("delta-s3", "delta", "moto_s3"),
    StoreKind("parquet-s3", "parquet", "moto_s3"),
    StoreKind("delta-azure", "delta", "azurite"),
    StoreKind("parquet-azure", "parquet", "azurite"),
)
"""What every conformance test runs on."""

MORE_KINDS = (
    StoreKind("delta-gcs", "delta", "gcs"),
    StoreKind("parquet-gcs", "parquet", "gcs"),
    StoreKind("delta-ministack", "delta", "ministack_s3"),
)
"""What the guarantees are held against besides."""

EACH_TIME = frozenset({"delta-s3", "parquet-azure"})
"""The kinds beyond this machine that each run of the tests tries; `make test-stores` tries all."""
SAMPLE = frozenset({"append", "merge"})
"""The ways of writing whose guarantees those are held against each time."""
ROWS_ALONE = frozenset(
    {"test_changed_rows", "test_latest_rows", "test_matching", "test_past", "test_schema_changes"}
)
"""The files that ask which rows a table has, not how a place keeps them: each run of the tests asks
it on this machine, `make test-stores` everywhere."""


def parameters(*kinds: StoreKind) -> list[ParameterSet]:
    """The kinds as parameters of a test or fixture."""
    return [pytest.param(kind, id=kind.name, marks=_marks(kind)) for kind in kinds]


def _marks(kind: StoreKind) -> list[pytest.MarkDecorator]:
    """Tests of one kind belong together, where a run deals them out by group."""
    together = pytest.mark.xdist_group(kind.name)
    return [together, pytest.mark.emulator] if kind.emulator else [together]


CONFORMANCE = parameters(*KINDS)
GUARANTEES = parameters(*KINDS, *MORE_KINDS)
ELSEWHERE = parameters(*(kind for kind in (*KINDS, *MORE_KINDS) if kind.emulator))
ON_DISK = parameters(*KINDS[1:3])
# an artifact is the same, whatever the format of tables
ARTIFACT_KINDS = parameters(*(kind for kind in KINDS if kind.format == "delta"))


def opened(request: pytest.FixtureRequest, folder: Path) -> Store:
    """An empty store of the kind that the test has for its parameter."""
    kind: StoreKind = request.param
    if kind.name == "memory":
        return open_store("memory://")
    if kind.emulator is None:
        return open_store(str(folder / "lake"), format=kind.format)
    place: StorePlace = request.getfixturevalue(kind.emulator)
    return remote_store(place, format=kind.format, copies=folder / "copies")


def remote_store(
    place: StorePlace,
    *,
    format: Format = "delta",  # noqa: A002 - the word that `open_store` has
    copies: Path | None = None,
) -> Store:
    """The store at a place of an emulator."""
    at = RemoteLocation(place.url, read_options(place.url, place.options))
    return open_store(at, format=format, copies=copies)

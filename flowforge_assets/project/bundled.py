"""`[bundle]` of the project file: what a compiled project carries along beside its own files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flowforge_assets.project.table_reader import TableReader

TABLE: Final = "bundle"


@dataclass(frozen=True, slots=True)
class BundleSettings:
    """`include` are patterns of further files, from the project's folder."""

    include: tuple[str, ...] = ()


def read_bundle_settings(raw: Mapping[str, object], reader: TableReader) -> BundleSettings:
    """The settings of the table; what is wrong with it is noted by the reader."""
    reader.refuse_unknown(raw, ("include",), TABLE)
    return BundleSettings(reader.names(raw, "include", TABLE))

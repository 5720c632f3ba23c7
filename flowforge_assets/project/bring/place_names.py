"""Which layer and name a model of another tool gets here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from flowforge_assets.core.key import LAYERS, DatasetKey, Layer
from flowforge_assets.errors.base import did_you_mean
from flowforge_assets.errors.bring import NamesMeetError
from flowforge_assets.errors.project import UsageError
from flowforge_assets.project.bring.found import (
    FoundOutside,
    FoundProject,
    FoundQuery,
    FoundSeed,
)

FOLDERS: Final[dict[Layer, tuple[str, ...]]] = {
    "bronze": ("bronze", "raw", "landing", "sources"),
    "silver": ("silver", "staging", "stage", "stg", "base", "intermediate", "int", "clean", "prep"),
    "gold": (
        *("gold", "marts", "mart", "core", "reporting", "reports", "analytics", "presentation"),
        *("semantic", "metrics", "exports"),
    ),
}
"""A model below a folder (or in a schema) of this name is of the layer; the innermost counts."""

PREFIXES: Final[dict[Layer, tuple[str, ...]]] = {
    "bronze": ("raw_", "src_"),
    "silver": ("stg_", "base_", "int_", "prep_", "snap_"),
    "gold": ("dim_", "fct_", "fact_", "mart_", "agg_", "rpt_", "report_"),
}
"""Where no folder says it, the start of the name does."""

_OTHER: Final = re.compile(r"[^a-z0-9_]+")


@dataclass(frozen=True, slots=True)
class LayerRules:
    """`--layer FOLDER=LAYER`, in the order given: they come before our own."""

    given: tuple[tuple[str, Layer], ...] = ()

    @classmethod
    def parse(cls, texts: Iterable[str]) -> LayerRules:
        """The rules that the texts `FOLDER=LAYER` spell.

        Raises:
            UsageError: one does not (FF-809).
        """
        found: list[tuple[str, Layer]] = []
        for text in texts:
            pattern, equals, name = text.rpartition("=")
            layer: Layer | None = next((each for each in LAYERS if each == name), None)
            if not (pattern and equals) or layer is None:
                near = did_you_mean(name, LAYERS) if equals else None
                hint = near or "write a folder, or a model, and its layer: `--layer finance=gold`"
                raise UsageError(f"`{text}` names no layer of a folder", hint=hint)
            found.append((pattern.strip("/"), layer))
        return cls(tuple(found))

    def layer_of(self, folders: Sequence[str], name: str, *, is_read: bool) -> Layer:
        """The layer of the model `name` below `folders`; `is_read` by another model.

        What nothing tells apart is gold if nobody reads it, else silver.
        """
        path = "/".join(folders)
        above = ["/".join(folders[: count + 1]) for count in range(len(folders))]
        for pattern, layer in self.given:
            if any(fnmatchcase(each, pattern) for each in (name, path, *above, *folders)):
                return layer
        for folder in reversed(folders):
            for layer, names in FOLDERS.items():
                if folder.lower() in names:
                    return layer
        for layer, starts in PREFIXES.items():
            if name.lower().startswith(starts):
                return layer
        return "silver" if is_read else "gold"


def key_for(layer: Layer, *names: str) -> DatasetKey:
    """The key of a name, or of a group and a name, whatever letters they have."""
    parts = [plain_name(name) for name in names]
    if len(parts) > 1 and parts[0] == "main":
        parts[0] = "main_schema"  # DuckDB takes a schema of that name for none
    return DatasetKey.of(layer, ".".join(parts))


def plain_name(name: str) -> str:
    """The name in lower case, with `_` for what a key cannot hold."""
    plain = _OTHER.sub("_", name.lower()).strip("_") or "unnamed"
    return plain if not plain[0].isdigit() else f"_{plain}"


def refuse_meetings(project: FoundProject) -> None:
    """Refuses a project in which two things would become one dataset.

    Raises:
        NamesMeetError: it is one (FF-143).
    """
    seen: dict[DatasetKey, str] = {}
    found: list[FoundQuery | FoundSeed | FoundOutside] = [*project.queries]
    for each in (*found, *project.seeds, *project.outside):
        other = seen.setdefault(each.key, each.name)
        if other != each.name:
            message = f"`{other}` and `{each.name}` would both become `{each.key}`"
            hint = f"put one of them into another layer: `--layer {each.name}=LAYER`"
            raise NamesMeetError(message, place=each.place, hint=hint)

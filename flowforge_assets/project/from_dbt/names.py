"""Which dataset each `ref` and `source` means."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.project.bring.place_names import LayerRules, key_for
from flowforge_assets.project.from_dbt.dbt_project import DbtNode

_REF: Final = re.compile(r"\bref\(\s*(?:['\"]\w+['\"]\s*,\s*)?['\"](\w+)['\"]")
_SPELLED: Final = re.compile(
    r"\s*(ref|source)\(\s*['\"](\w+)['\"]\s*(?:,\s*['\"](\w+)['\"]\s*)?(?:,\s*v(?:ersion)?\s*=\s*(\w+)\s*)?\)"
)


@dataclass(frozen=True, slots=True)
class Relation:
    """A dataset as Jinja has it: printed, it is the key."""

    key: DatasetKey

    def __str__(self) -> str:
        """The key."""
        return str(self.key)

    @property
    def identifier(self) -> str:
        """The table's own name."""
        return self.key.rpartition(".")[2]

    name = table = identifier

    @property
    def schema(self) -> str:
        """What stands before it."""
        return self.key.rpartition(".")[0]

    def include(self, **_: object) -> Relation:
        """Itself: there are no databases here."""
        return self

    quote = include

    def render(self) -> str:
        """The key."""
        return str(self)


@dataclass(frozen=True, slots=True)
class Names:
    """The datasets by the names that dbt gives them."""

    models: Mapping[tuple[str, str], Relation]
    sources: Mapping[tuple[str, str], Relation]

    def find_model(self, name: str, version: str = "") -> Relation | None:
        """The model, seed or snapshot of that name, the latest if no version is said."""
        return self.models.get((name, version))

    def find_source(self, group: str, name: str) -> Relation | None:
        """The table of a source."""
        return self.sources.get((group, name))

    def find_spelled(self, text: str) -> Relation | None:
        """What `ref('orders')` or `source('shop', 'orders')` means."""
        found = _SPELLED.search(text)
        if found is None:
            return None
        if found[1] == "source":
            return self.find_source(found[2], found[3] or "")
        return self.find_model(found[3] or found[2], found[4] or "")


def names_of(nodes: Sequence[DbtNode], rules: LayerRules) -> tuple[Names, Mapping[int, DatasetKey]]:
    """The names, and the key of each node by its place among `nodes`."""
    read = {name for node in nodes if node.kind != "singular" for name in _REF.findall(node.code)}
    models: dict[tuple[str, str], Relation] = {}
    sources: dict[tuple[str, str], Relation] = {}
    keys: dict[int, DatasetKey] = {}
    for number, node in enumerate(nodes):
        keys[number] = key = _key(node, rules, is_read=node.name in read)
        if node.kind == "source":
            sources[node.group, node.name] = Relation(key)
        elif node.kind != "singular":
            relation = Relation(key)
            models[node.name, node.version] = relation
            if node.is_latest:
                models[node.name, ""] = relation
    return Names(models, sources), keys


def _key(node: DbtNode, rules: LayerRules, *, is_read: bool) -> DatasetKey:
    version = f"_v{node.version}" if node.version else ""
    match node.kind:
        case "source":
            return key_for("bronze", node.group, node.name)
        case "seed":
            return key_for("bronze", node.name)
        case "singular":
            return key_for("gold", "checks", node.name)
        case "snapshot" | "model":
            layer = rules.layer_of(
                node.folders, node.name, is_read=is_read or node.kind == "snapshot"
            )
            return key_for(layer, f"{node.name}{version}")

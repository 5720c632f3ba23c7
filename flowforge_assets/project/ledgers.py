"""Reads `ledger` of an environment: where its record is, when that is not a file of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from flowforge_assets.errors.base import Place
from flowforge_assets.errors.project import ConfigValueError
from flowforge_assets.errors.stores import PlainSecretError
from flowforge_assets.project.table_reader import TableReader
from flowforge_assets.storage.secrets import FORMS, Reference, Source

_SOURCES: Final[Mapping[str, Source]] = {
    "env": "env",
    "file": "file",
    "block": "prefect_block",
    "prefect_block": "prefect_block",
}
_LONGEST_NAME: Final = 63  # of a schema (PostgreSQL 17, "Identifiers and Key Words")


@dataclass(frozen=True, slots=True)
class LedgerConfig:
    """A ledger in PostgreSQL: where its URL stands, and the schema that it has there."""

    url: Reference
    schema: str


@dataclass(frozen=True, slots=True)
class LedgerReader:
    """Reads the ledger of the environment `env` of the project `name`, if it has a name."""

    tables: TableReader
    root: Path
    name: str | None
    env: str

    def read(self, value: object) -> LedgerConfig | None:
        """What stands under `ledger`; None where nothing does, or nothing that can be used."""
        if value is None:
            return None
        if not isinstance(value, dict):
            message = f"`ledger` in `[env.{self.env}]` is no reference"
            hint = f"a URL may hold a password, so say where it is kept: {FORMS}"
            kind = PlainSecretError if isinstance(value, str) else ConfigValueError
            self.tables.problems.append(kind(message, place=self._place(), hint=hint))
            return None
        raw = cast("dict[str, object]", value)
        where = f"env.{self.env}.ledger"
        self.tables.refuse_unknown(raw, (*_SOURCES, "field", "schema"), where)
        sources = [each for each in _SOURCES if each in raw]
        target = raw.get(sources[0]) if len(sources) == 1 else None
        inner, schema = raw.get("field"), raw.get("schema", self._schema())
        if not isinstance(target, str) or not target or not isinstance(inner, str | None):
            self._wrong("is not a whole reference", f"write it as {FORMS}")
            return None
        if not isinstance(schema, str) or not re.fullmatch(r"[a-z_][a-z0-9_]*", schema):
            hint = 'name it: `ledger = { env = "LEDGER_URL", schema = "shop_prod" }`'
            self._wrong("needs a `schema` of small letters, digits and `_`", hint)
            return None
        source = _SOURCES[sources[0]]
        if source == "file":
            target = str(self.root / Path(target).expanduser())
        return LedgerConfig(Reference(source, target, inner), schema)

    def _schema(self) -> str | None:
        """By the project's name: without one, two projects would share what they must not."""
        if not self.name:
            return None
        word = re.sub(r"[^a-z0-9_]+", "_", f"flowforge_{self.name}_{self.env}".lower())
        return word[:_LONGEST_NAME]

    def _wrong(self, what: str, hint: str) -> None:
        message = f"`ledger` in `[env.{self.env}]` {what}"
        self.tables.problems.append(ConfigValueError(message, place=self._place(), hint=hint))

    def _place(self) -> Place:
        """The line without its text, which may hold a secret."""
        at = self.tables.find(f"env.{self.env}", "ledger")
        return Place(at.file, at.line)

"""Reads `[env.NAME.warehouse]`: each option by name, type and mode, secrets by reference alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from flowforge_assets.errors.base import FlowForgeError, Place, Problems, did_you_mean
from flowforge_assets.errors.project import ConfigValueError, UnknownConfigKeyError
from flowforge_assets.errors.stores import PlainSecretError
from flowforge_assets.errors.warehouse import NoConnectorError, WarehouseOptionError
from flowforge_assets.sdk.connectors import warehouse_connector
from flowforge_assets.sdk.warehouse import Option, OptionValue
from flowforge_assets.storage.location import RemoteLocation
from flowforge_assets.storage.remote_url import parse_remote_url
from flowforge_assets.storage.secrets import FORMS, Reference, Source
from flowforge_assets.storage.store_options import read_options
from flowforge_assets.warehouse.connection import WarehouseConfig

_SOURCES: Final[Mapping[str, Source]] = {
    "env": "env",
    "file": "file",
    "block": "prefect_block",
    "prefect_block": "prefect_block",
}
_OURS: Final = ("kind", "prefix", "stage")


@dataclass(frozen=True, slots=True)
class WarehouseReader:
    """Reads the warehouse of one environment, whose table is `where`; collects what is wrong."""

    where: str
    root: Path
    find: Callable[[str, str], Place]
    problems: list[FlowForgeError]

    def read(self, value: object) -> WarehouseConfig | None:
        """What stands under `warehouse`; None where nothing does, or nothing that can be used."""
        if value is None:
            return None
        if not isinstance(value, dict):
            hint = f'write `[{self.where}]`, and below it `kind = "snowflake"`'
            self._wrong("", f"`{self.where}` is not a table", hint)
            return None
        raw = cast("dict[str, object]", value)
        kind, prefix = raw.get("kind"), raw.get("prefix", "")
        if not isinstance(kind, str):
            self._wrong("kind", f"`kind` in `[{self.where}]` is not a text", 'write `kind = "..."`')
            return None
        if not isinstance(prefix, str) or not (prefix + "a").isidentifier():
            hint = 'write `prefix = "dev_"`'
            self._wrong("prefix", f"`prefix` in `[{self.where}]` is no beginning of a name", hint)
            return None
        try:
            connector = warehouse_connector(kind)
        except NoConnectorError as error:
            error.place = self._place("kind")
            self.problems.append(error)
            return None
        options = self._options(raw, {each.name: each for each in connector.options})
        for said in connector.misfits(dict(options)):
            self._misfit("kind", said)
        stage = self._stage(raw.get("stage"), connector.stages, kind)
        return WarehouseConfig(kind, options, prefix, stage)

    def _stage(self, value: object, schemes: Sequence[str], kind: str) -> RemoteLocation | None:
        """The bucket through which rows are loaded: a URL, or a table as that of a store."""
        if value is None:
            return None
        is_table = isinstance(value, dict)
        raw = cast("dict[str, object]", value if is_table else {"url": value})
        url = raw.get("url")
        if not schemes:
            self._wrong("stage", f"{kind} loads no files from a bucket", "take `stage` away")
            return None
        if not isinstance(url, str) or url.partition("://")[0] not in schemes:
            known = " or ".join(f"`{scheme}://`" for scheme in schemes)
            hint = f'write `stage = "{schemes[0]}://..."`'
            self._wrong("stage", f"`stage` in `[{self.where}]` is no URL of {known}", hint)
            return None
        where = f"{self.where}.stage"
        options = {name: each for name, each in raw.items() if name != "url"}
        try:
            read = read_options(url, options or {"ambient": True}, where=where, root=self.root)
            return RemoteLocation(str(parse_remote_url(url)), read)
        except FlowForgeError as error:
            found = error.errors if isinstance(error, Problems) else [error]
            for each in found:
                each.place = self._place("stage")
            self.problems.extend(found)
            return None

    def _options(
        self, raw: Mapping[str, object], known: Mapping[str, Option]
    ) -> tuple[tuple[str, OptionValue | Reference], ...]:
        found: dict[str, OptionValue | Reference] = {}
        for name in sorted(set(raw) - set(_OURS)):
            option = known.get(name)
            if option is None:
                names = [*_OURS, *known]
                hint = (
                    did_you_mean(name, names) or f"known are {', '.join(f'`{n}`' for n in names)}"
                )
                message = f"unknown key `{name}` in `[{self.where}]`"
                place = self._place(name)
                self.problems.append(UnknownConfigKeyError(message, place=place, hint=hint))
            elif (value := self._value(option, raw[name])) is not None:
                found[name] = value
        for option in known.values():
            if option.needed and option.name not in raw:
                example = option.example if option.kind == "whole" else f'"{option.example}"'
                self._misfit(
                    "kind", f"`{option.name}` is missing: write `{option.name} = {example}`"
                )
        return tuple(found.items())

    def _value(self, option: Option, value: object) -> OptionValue | Reference | None:
        if isinstance(value, dict) and option.kind in {"secret", "text"}:
            return self._reference(option.name, cast("dict[str, object]", value))
        if option.kind == "secret":
            message = f"`{option.name}` in `[{self.where}]` holds a secret in plain text"
            hint = f"say where it is kept: {FORMS}"
            place = self._place(option.name)
            self.problems.append(PlainSecretError(message, place=place, hint=hint))
            return None
        if option.kind == "flag" and isinstance(value, bool):
            return value
        if option.kind == "whole" and isinstance(value, int) and not isinstance(value, bool):
            return value
        if option.kind == "text" and isinstance(value, str) and value:
            return value
        called = {"text": "a text", "whole": "a whole number", "flag": "true or false"}[option.kind]
        hint = f"write for example `{option.name} = {option.example}`"
        self._wrong(option.name, f"`{option.name}` in `[{self.where}]` is not {called}", hint)
        return None

    def _reference(self, name: str, raw: Mapping[str, object]) -> Reference | None:
        source = next((each for each in _SOURCES if each in raw), None)
        target, inner = raw.get(source or ""), raw.get("field")
        is_whole = isinstance(target, str) and target and isinstance(inner, str | None)
        if source is None or not is_whole or set(raw) - {source, "field"}:
            hint = f"write it as {FORMS}"
            self._wrong(name, f"`{name}` in `[{self.where}]` is not a whole reference", hint)
            return None
        text = str(target)
        if source == "file":
            text = str(self.root / Path(text).expanduser())
        return Reference(_SOURCES[source], text, inner if isinstance(inner, str) else None)

    def _place(self, name: str) -> Place:
        """The line without its text, which may hold a secret."""
        at = self.find(self.where, name)
        at = at if at.line else self.find(self.where, "kind")
        return Place(at.file, at.line)

    def _wrong(self, name: str, message: str, hint: str) -> None:
        self.problems.append(ConfigValueError(message, place=self._place(name), hint=hint))

    def _misfit(self, name: str, message: str) -> None:
        place = self._place(name)
        hint = "docs/guide/warehouses.md lists the options of each warehouse"
        self.problems.append(
            WarehouseOptionError(f"`[{self.where}]`: {message}", place=place, hint=hint)
        )

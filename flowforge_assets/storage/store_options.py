"""The options of a remote store: read from the project file, each by name, type and mode.

Engines ignore a misspelt option, and go looking for credentials where they get none. So nothing
is handed on that is not known here, and no store is opened without a mode: whole credentials,
`ambient` or `anonymous`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, TypeAlias, cast

from flowforge_assets.errors.base import FlowForgeError, Place, did_you_mean, raise_all
from flowforge_assets.errors.stores import (
    PlainSecretError,
    StoreOptionValueError,
    UnknownStoreOptionError,
)
from flowforge_assets.storage.option_names import BESIDE, Option, is_secret_name, known_options
from flowforge_assets.storage.remote_url import RemoteUrl, StoreKind, parse_remote_url
from flowforge_assets.storage.secrets import FORMS, Reference, Source
from flowforge_assets.storage.store_modes import CALLED, WholeOptions, listed

Mode: TypeAlias = Literal["explicit", "ambient", "anonymous"]
FindPlace: TypeAlias = Callable[[str], Place | None]
"""The line on which an option stands; of the whole table for an empty name."""

_SOURCES: Final[tuple[Source, ...]] = ("env", "file", "prefect_block")


def _no_values() -> Mapping[str, object]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """The checked options of one remote store: plain values and references, never a secret."""

    kind: StoreKind
    values: Mapping[str, object] = field(default_factory=_no_values)

    @property
    def mode(self) -> Mode:
        """Where credentials come from."""
        if self.values.get("ambient"):
            return "ambient"
        return "anonymous" if self.values.get("anonymous") else "explicit"

    def __hash__(self) -> int:
        return hash((self.kind, repr(sorted(self.values.items(), key=lambda item: item[0]))))


def read_options(
    url: str,
    raw: Mapping[str, object],
    *,
    where: str = "",
    place: FindPlace = lambda _: None,
    root: Path | None = None,
) -> StoreOptions:
    """The options that a store's table `where` has beside its `url` and `format`.

    Files are named from `root`. No secret is looked up and no client is made.

    Raises:
        BadLocationError: the URL is none of a store (FF-601).
        Problems: or one of its errors alone: an unknown option (FF-860), a value that does not
            fit (FF-861), a secret in plain text (FF-862), credentials of two kinds or a part of
            one (FF-863), or none at all (FF-864).
    """
    reader = _Reader(parse_remote_url(url), where, place, root)
    values = reader.values({name: raw[name] for name in raw if name not in BESIDE})
    raise_all(reader.problems)
    raise_all(WholeOptions(reader.url, values, where, place).misfits())
    return StoreOptions(reader.url.kind, MappingProxyType(values))


@dataclass(slots=True)
class _Reader:
    """Reads one table, collecting what is wrong."""

    url: RemoteUrl
    where: str
    place: FindPlace
    root: Path | None
    problems: list[FlowForgeError] = field(default_factory=list[FlowForgeError])

    def values(self, raw: Mapping[str, object]) -> dict[str, object]:
        known = known_options(self.url)
        found: dict[str, object] = {}
        for name in sorted(raw):
            option = known.get(name)
            if option is None:
                self.unknown(name, [*BESIDE, *known])
                continue
            value = self.value(name, option, raw[name])
            if value is not None:
                found[name] = value
        return found

    def value(self, name: str, option: Option, value: object) -> object | None:
        """The value as it is kept, or None where it does not fit."""
        table = _table(value)
        if option.is_text and set(_SOURCES) & set(table):
            return self.reference(name, table)
        if option.is_secret or any(map(is_secret_name, table)):
            self.plain_secret(name)
        elif not option.fits(value):
            self.wrong(name, option.wanted, f"write `{name} = {option.example}`")
        else:
            return value
        return None

    def reference(self, name: str, raw: Mapping[str, object]) -> Reference | None:
        source: Source = next(each for each in _SOURCES if each in raw)
        allowed = {source, "field"} if source == "prefect_block" else {source}
        target, inner = raw[source], raw.get("field")
        is_whole = isinstance(target, str) and target and isinstance(inner, str | None)
        if source == "prefect_block":
            is_whole = is_whole and str(target).count("/") == 1
        if not (isinstance(target, str) and is_whole and set(raw) <= allowed):
            self.wrong(name, "a whole reference", f"write it as {FORMS}")
            return None
        if source == "file" and self.root is not None:
            target = str(self.root / Path(target).expanduser())
        return Reference(source, target, inner if isinstance(inner, str) else None)

    def unknown(self, name: str, known: list[str]) -> None:
        hint = did_you_mean(name, known) or f"known are {listed(known)}"
        message = (
            f"unknown option `{name}`{self.inside}: {CALLED[self.url.kind]} has none so called"
        )
        # what stands there may be a secret under a misspelt name
        place = self.bare_place(name)
        self.problems.append(UnknownStoreOptionError(message, place=place, hint=hint))

    def plain_secret(self, name: str) -> None:
        message = f"`{name}`{self.inside} holds a secret in plain text"
        hint = f"say where it is kept: {FORMS}"
        self.problems.append(PlainSecretError(message, place=self.bare_place(name), hint=hint))

    def wrong(self, name: str, wanted: str, hint: str) -> None:
        message = f"`{name}`{self.inside} is not {wanted}"
        place = self.bare_place(name)
        self.problems.append(StoreOptionValueError(message, place=place, hint=hint))

    def bare_place(self, name: str) -> Place | None:
        """The line without its text."""
        at = self.place(name)
        return at and Place(at.file, at.line)

    @property
    def inside(self) -> str:
        return f" in `[{self.where}]`" if self.where else ""


def _table(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}

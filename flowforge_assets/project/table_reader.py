"""Reads values of the project file's tables by name and form, and collects what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TypeAlias, cast

from flowforge_assets.errors.base import FlowForgeError, Place, did_you_mean
from flowforge_assets.errors.project import ConfigValueError, UnknownConfigKeyError

FindKey: TypeAlias = Callable[[str, str], Place]
"""The line of a key by its table and name."""


class TableReader:
    """Gives a value in the form that is asked for; of another form, a default and a problem.

    `where` is the table that a key stands in, `env.prod`; the top has none.
    """

    def __init__(self, find: FindKey, problems: list[FlowForgeError]) -> None:
        self.find = find
        self.problems = problems

    def table(self, raw: Mapping[str, object], name: str, where: str) -> Mapping[str, object]:
        """A table; empty where there is none."""
        value = raw.get(name, {})
        if isinstance(value, dict):
            return cast("dict[str, object]", value)
        path = f"{where}.{name}".strip(".")
        self.wrong(name, "a table", where, f"write it as `[{path}]`, with its keys below")
        return {}

    def text(self, raw: Mapping[str, object], name: str, where: str) -> str | None:
        """A text, or None."""
        value = raw.get(name)
        if value is None or isinstance(value, str):
            return value
        self.wrong(name, "a string", where, f'write `{name} = "..."`')
        return None

    def names(self, raw: Mapping[str, object], name: str, where: str) -> tuple[str, ...]:
        """A list of texts."""
        value = raw.get(name, [])
        items = cast("list[object]", value) if isinstance(value, list) else [None]
        found = tuple(item for item in items if isinstance(item, str))
        if len(found) == len(items):
            return found
        self.wrong(name, "a list of names", where, f'write `{name} = ["name", ...]`')
        return ()

    def count(
        self, raw: Mapping[str, object], name: str, default: int, where: str, *, least: int
    ) -> int:
        """A whole number from `least`."""
        value = raw.get(name, default)
        if isinstance(value, int) and not isinstance(value, bool) and value >= least:
            return value
        self.wrong(name, f"a whole number from {least}", where, f"write `{name} = {default}`")
        return default

    def flag(self, raw: Mapping[str, object], name: str, where: str) -> bool:
        """`true` or `false`, which is the default."""
        value = raw.get(name, False)
        if isinstance(value, bool):
            return value
        self.wrong(name, "true or false", where, f"write `{name} = true`")
        return False

    def wrong(self, name: str, wanted: str, where: str, hint: str) -> None:
        """Notes that the value is not what is `wanted` (FF-805)."""
        inside = f" in `[{where}]`" if where else ""
        message = f"`{name}`{inside} is not {wanted}"
        place = self.find(where, name)
        self.problems.append(ConfigValueError(message, place=place, hint=hint))

    def refuse_unknown(self, raw: Mapping[str, object], known: Collection[str], where: str) -> None:
        """Notes each key that is not `known` (FF-803)."""
        for name in raw:
            if name not in known:
                inside = f" in `[{where}]`" if where else ""
                shown = ", ".join(f"`{each}`" for each in known)
                hint = did_you_mean(name, known) or f"known are {shown}"
                place = self.find(where, name)
                message = f"unknown key `{name}`{inside}"
                self.problems.append(UnknownConfigKeyError(message, place=place, hint=hint))

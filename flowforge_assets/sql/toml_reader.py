"""Reads the values of a TOML table by name and form, and collects what is wrong with them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, TypeAlias, TypeVar

from flowforge_assets.core.rule import Scalar
from flowforge_assets.errors.base import FlowForgeError, Place, did_you_mean
from flowforge_assets.sql.toml_text import KeyPath, TomlText

T = TypeVar("T")
# What `tomllib` gives; it has no name for it.
Toml: TypeAlias = "str | int | float | bool | date | datetime | list[Toml] | dict[str, Toml]"

_AT_LINE: Final = re.compile(r"\(at (?:line (\d+), column (\d+)|end of document)\)")


@dataclass(frozen=True, slots=True)
class TomlErrors:
    """The errors of one kind of file, and what a key is called there, e.g. `header key`."""

    noun: str
    syntax: type[FlowForgeError]
    key: type[FlowForgeError]
    value: type[FlowForgeError]


def parse_toml(text: TomlText, errors: TomlErrors, *, what: str, hint: str) -> dict[str, Toml]:
    """The tables that `text` spells; `what` names it in the error.

    Raises:
        FlowForgeError: it is not TOML: `errors.syntax`, with line and column.
    """
    try:
        return tomllib.loads(text.toml)
    except tomllib.TOMLDecodeError as error:
        said, toml, first_line = str(error), text.toml, text.first_line
        found = _AT_LINE.search(said)
        line, column = first_line + toml.rstrip().count("\n"), 0
        if found and found[1]:
            line, column = first_line + int(found[1]) - 1, int(found[2])
            if column == 1 and line > first_line and not _line_of(toml, int(found[1])).strip():
                line, column = line - 1, 0  # the reader noticed only at the next, empty line
        reason = _AT_LINE.sub("", said).strip()
        raise errors.syntax(
            f"{what} is not TOML: {reason[:1].lower()}{reason[1:]}",
            place=Place(text.shown_as, line, column, _line_of(toml, line - first_line + 1).strip()),
            hint=hint,
        ) from error


def _line_of(text: str, number: int) -> str:
    lines = text.split("\n")
    return lines[number - 1] if number <= len(lines) else ""


@dataclass(slots=True)
class TomlReader:
    """Gives the value of a key in the form that is asked for, or a default and an entry in `found`.

    A `path` leads from the top to the key; its last name is the one looked up in the table given.
    """

    source: TomlText
    errors: TomlErrors
    found: list[FlowForgeError] = field(default_factory=list[FlowForgeError])

    def text(self, values: Mapping[str, Toml], path: KeyPath) -> str:
        """A text; empty where there is none."""
        value = values.get(path[-1], "")
        if isinstance(value, str):
            return value
        self.wrong(path, "text in quotes")
        return ""

    def texts(self, values: Mapping[str, Toml], path: KeyPath) -> tuple[str, ...]:
        """A list of texts."""
        value = values.get(path[-1], [])
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(str(item) for item in value)
        self.wrong(path, f'a list of texts, e.g. `{path[-1]} = ["a", "b"]`')
        return ()

    def choice(self, values: Mapping[str, Toml], path: KeyPath, allowed: Iterable[T]) -> T | None:
        """One of the texts `allowed`."""
        value = values.get(path[-1])
        choices = {str(choice): choice for choice in allowed}
        if isinstance(value, str) and value in choices:
            return choices[value]
        if value is not None:
            self.wrong(path, " or ".join(f'`"{choice}"`' for choice in choices))
        return None

    def flag(self, values: Mapping[str, Toml], path: KeyPath) -> bool:
        """`true` or `false`, which is the default."""
        value = values.get(path[-1], False)
        if isinstance(value, bool):
            return value
        self.wrong(path, "`true` or `false`")
        return False

    def whole(self, values: Mapping[str, Toml], path: KeyPath) -> int | None:
        """A whole number from 0."""
        value = values.get(path[-1])
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
            return value
        self.wrong(path, "a whole number, 0 or more")
        return None

    def number(
        self, values: Mapping[str, Toml], path: KeyPath, *, least: float, most: float | None = None
    ) -> float | None:
        """A number from `least` to `most`."""
        value = values.get(path[-1])
        if value is None:
            return None
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            number = float(value)
            if number >= least and (most is None or number <= most):
                return number
        self.wrong(path, f"a number from {least}" + ("" if most is None else f" to {most}"))
        return None

    def scalar(self, values: Mapping[str, Toml], path: KeyPath) -> Scalar | None:
        """A value that a column can be compared with."""
        value = values.get(path[-1])
        if value is None or isinstance(value, (str, int, float, bool, date, datetime)):
            return value
        self.wrong(path, "a number, a text or a date")
        return None

    def scalars(self, values: Mapping[str, Toml], path: KeyPath) -> tuple[Scalar, ...]:
        """A list of such values, at least one."""
        value = values.get(path[-1])
        items = value if isinstance(value, list) else []
        found = tuple(
            item for item in items if isinstance(item, (str, int, float, bool, date, datetime))
        )
        if not found or len(found) != len(items):
            self.wrong(path, f'a list of values, e.g. `{path[-1]} = ["a", "b"]`')
        return found

    def table(self, values: Mapping[str, Toml], path: KeyPath, form: str) -> dict[str, Toml]:
        """A table; `form` shows how it is written."""
        value = values.get(path[-1], {})
        if isinstance(value, dict):
            return value
        self.wrong(path, form)
        return {}

    def known(self, values: Iterable[str], path: KeyPath, allowed: Iterable[str]) -> None:
        """Notes each key of the table at `path` that is not `allowed`."""
        names = tuple(allowed)
        for name in values:
            if name not in names:
                listed = ", ".join(f"`{each}`" for each in names)
                hint = did_you_mean(name, names) or f"use one of {listed}"
                message = f"no {self.errors.noun} `{'.'.join((*path, name))}`"
                place = self.source.place((*path, name))
                self.found.append(self.errors.key(message, place=place, hint=hint))

    def wrong(self, path: KeyPath, expected: str) -> None:
        """Notes that the value at `path` is not what is `expected`."""
        message = f"{self.errors.noun} `{'.'.join(path)}` has the wrong form"
        place = self.source.place(path)
        self.found.append(self.errors.value(message, place=place, hint=f"write {expected}"))

"""Values of YAML and JSON in the form that is asked for; what has another form is nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias, cast

Words: TypeAlias = Mapping[str, object]
"""A table as YAML or JSON has it: what its values are is asked where they are used."""


def table(value: object) -> Words:
    """The value if it is a table, else an empty one."""
    return cast("Words", value) if isinstance(value, Mapping) else {}


def items(value: object) -> list[object]:
    """The value if it is a list, else a list of it; nothing of None."""
    if value is None:
        return []
    return list(cast("list[object]", value)) if isinstance(value, list | tuple) else [value]


def tables(value: object) -> Iterator[Words]:
    """The tables in a list."""
    return (cast("Words", each) for each in items(value) if isinstance(each, Mapping))


def text(value: object) -> str:
    """The value as text; empty for None."""
    return "" if value is None else str(value)


def texts(value: object) -> tuple[str, ...]:
    """A text, or a list of texts."""
    return tuple(text(each) for each in items(value) if not isinstance(each, Mapping))


def without(words: Words, *names: str) -> dict[str, object]:
    """The table without some of its keys."""
    return {name: value for name, value in words.items() if name not in names}

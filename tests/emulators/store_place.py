"""An empty place in a store that a test has for itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count
from types import MappingProxyType

OptionValue = str | bool | int | Mapping[str, str]

_places = count(1)


@dataclass(frozen=True, slots=True)
class StorePlace:
    """A URL, the options it needs as a project file has them, and the server behind it.

    A secret stands in an environment variable, which the fixture has set for the test.
    """

    url: str
    options: Mapping[str, OptionValue]
    endpoint: str

    def through(self, endpoint: str) -> StorePlace:
        """The same place by way of another address, such as a proxy's."""
        changed = {
            name: value.replace(self.endpoint, endpoint) if isinstance(value, str) else value
            for name, value in self.options.items()
        }
        return replace(self, options=MappingProxyType(changed), endpoint=endpoint)

    def with_options(self, **options: OptionValue) -> StorePlace:
        """The same place with other options."""
        return replace(self, options=MappingProxyType({**self.options, **options}))

    def toml(self) -> str:
        """The lines of a store's table in a project file."""
        values: Mapping[str, OptionValue] = {"url": self.url, **self.options}
        return "".join(f"{name} = {_toml(value)}\n" for name, value in values.items())


def empty_place(root: str, options: Mapping[str, OptionValue], endpoint: str) -> StorePlace:
    """A place below `root` that no other test of this process has."""
    return StorePlace(f"{root}/test-{next(_places)}", MappingProxyType({**options}), endpoint)


def _toml(value: OptionValue) -> str:
    if isinstance(value, Mapping):
        inner = ", ".join(f"{name} = {json.dumps(text)}" for name, text in value.items())
        return f"{{ {inner} }}"
    return json.dumps(value)

"""The name of a dataset: `[project/]layer.[group.]name`."""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias, get_args

Layer: TypeAlias = Literal["bronze", "silver", "gold"]
LAYERS: Final[tuple[Layer, ...]] = get_args(Layer)

_PART = r"[a-z_][a-z0-9_]*"
_KEY = re.compile(rf"(?:{_PART}/)?(?:{'|'.join(LAYERS)})(?:\.{_PART})+")
_WORD_EDGE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class DatasetKey(str):
    """A dataset's key, e.g. `silver.flights`, `bronze.crm.customers`, `sales/gold.orders`.

    Lower-case words of letters, digits and underscores. Make one with `DatasetKey.of` or
    `DatasetKey.parse`; the bare constructor trusts its argument.
    """

    __slots__ = ()

    @classmethod
    def of(cls, layer: Layer, name: str) -> DatasetKey:
        """The key of `name` (which may hold a group: `crm.customers`) in `layer`.

        Raises:
            ValueError: a part of the name is no lower-case identifier.
        """
        return cls.parse(f"{layer}.{name}")

    @classmethod
    def parse(cls, text: str) -> DatasetKey:
        """The key that `text` spells.

        Raises:
            ValueError: `text` is not `[project/]layer.[group.]name`.
        """
        if not _KEY.fullmatch(text):
            msg = f"`{text}` is not `[project/]layer.[group.]name` in lower case"
            raise ValueError(msg)
        return cls(text)

    @property
    def project(self) -> str | None:
        """The foreign project, or None for this one."""
        head, slash, _ = self.partition("/")
        return head if slash else None

    @property
    def layer(self) -> Layer:
        """`bronze`, `silver` or `gold`."""
        head = self.rpartition("/")[2].partition(".")[0]
        return next(layer for layer in LAYERS if layer == head)

    @property
    def name(self) -> str:
        """What follows the layer, with its group: `crm.customers`."""
        return self.rpartition("/")[2].partition(".")[2]

    @property
    def group(self) -> str | None:
        """The group, e.g. `crm` of `bronze.crm.customers`; None without one."""
        return self.name.rpartition(".")[0] or None


def snake_case(class_name: str) -> str:
    """The dataset name of a class: `RawFlights` -> `raw_flights`."""
    return _WORD_EDGE.sub("_", class_name).lower()

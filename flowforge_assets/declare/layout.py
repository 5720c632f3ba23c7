"""How the rows of a dataset's table lie in a warehouse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flowforge_assets.declare.texts import texts


@dataclass(frozen=True, slots=True)
class TableLayout:
    """What is said of a table's layout; each engine takes what it has words for.

    Near values of the columns `cluster_by` lie together, the date or time in `partition_by` cuts
    the table, and the hash of the column `distribute` spreads its rows over machines.
    """

    cluster_by: tuple[str, ...] = ()
    partition_by: str = ""
    distribute: str = ""

    @classmethod
    def of(cls, cluster_by: str | Sequence[str], partition_by: str, distribute: str) -> TableLayout:
        """As a decorator is told it."""
        return cls(texts(cluster_by), partition_by, distribute)

    @property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """The columns that each option names."""
        named = {"partition_by": self.partition_by, "distribute": self.distribute}
        found = {option: (column,) for option, column in named.items() if column}
        return {"cluster_by": self.cluster_by, **found}


NOT_SAID: Final = TableLayout()

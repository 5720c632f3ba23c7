"""What a commit says of itself: the record that lake and ledger share.

The lake is the source: every commit carries one `Made` in its metadata, and the ledger holds the
same values again so that a plan need not open a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import PartitionSet


@dataclass(frozen=True, slots=True, order=True)
class TableVersion:
    """A version of one incarnation of a table.

    `table_id` changes when a table is deleted and created again, so that versions of the two
    are never compared.
    """

    table_id: str
    version: int


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What decided the rows of a commit, apart from its inputs; each part is a short hex digest.

    `algorithm` counts the ways of hashing: digests of two algorithms are not compared.
    """

    algorithm: int
    code: str
    schema: str
    config: str
    engine: str


@dataclass(frozen=True, slots=True)
class Made:
    """One commit to one dataset: which partitions it made, from what, and how.

    `partitions` are those of the asset's steps. `touched` are the partitions of the dataset whose
    rows are others since; None: the same. `restart` says that nothing older counts any more.
    `source` is the version of the outside source that was read, where the asset tells one.
    `bytes_written` is the size of the data files that it added, also those of rows that were there
    before; None where it added none, or where nobody told. `meta` is what a job elsewhere said of
    its work, as JSON values; only the table's own log keeps it.
    """

    dataset: DatasetKey
    partitions: PartitionSet
    asset: str
    run_id: str
    step_id: str
    fingerprint: Fingerprint
    inputs: Mapping[DatasetKey, TableVersion]
    at: datetime
    rows: int
    table: TableVersion
    touched: PartitionSet | None = None
    restart: bool = False
    source: str = ""
    bytes_written: int | None = None
    meta: Mapping[str, object] = field(default_factory=dict[str, object])

    @property
    def changed(self) -> PartitionSet:
        """The partitions of the dataset whose rows are others since."""
        return self.partitions if self.touched is None else self.touched


def bytes_of(commits: Iterable[Made]) -> int | None:
    """What the commits have written together; None where none of them tells it."""
    told = [made.bytes_written for made in commits if made.bytes_written is not None]
    return sum(told) if told else None

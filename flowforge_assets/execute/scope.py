"""What the steps of one run share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Event, Lock, RLock
from typing import TYPE_CHECKING, Final, TypeAlias

from flowforge_assets.core.clock import Clock
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint, Made, TableVersion
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.polars_types import polars_schema
from flowforge_assets.core.schema import Schema
from flowforge_assets.declare.definition import DatasetDefinition
from flowforge_assets.errors.storage import TableOlderError
from flowforge_assets.execute.handover import Handover
from flowforge_assets.execute.jobs import JobPlaces
from flowforge_assets.execute.lending import Loans
from flowforge_assets.execute.resources import Resources
from flowforge_assets.execute.sample import Sample
from flowforge_assets.execute.spec import spec_of, table_of, with_extra
from flowforge_assets.execute.sql_step import SqlRunner
from flowforge_assets.execute.state import OpenStore
from flowforge_assets.graph.build import Graph
from flowforge_assets.plan.rows import rows_of, there
from flowforge_assets.plan.table_change import TableChange
from flowforge_assets.record.history import History
from flowforge_assets.storage.failure import reading
from flowforge_assets.storage.store import Artifacts, Known, ReadFiles, Store, Table

if TYPE_CHECKING:
    from polars import LazyFrame

    from flowforge_assets.storage.external import ReadTable


class MadeSets:
    """Which partitions of each dataset are there, as the run goes on; safe between threads."""

    def __init__(
        self,
        graph: Graph,
        history: History,
        now: datetime,
        *,
        rebuilding: Iterable[DatasetKey] = (),
    ) -> None:
        """Starts from what the ledger says; of what is emptied to be made anew nothing is there."""
        self._graph = graph
        self._history = history
        self._now = now
        self._sets: dict[DatasetKey, PartitionSet] = {}
        self._rows: dict[DatasetKey, int] = {}
        self._touched: dict[DatasetKey, PartitionSet] = {}
        self._rebuilding = set(rebuilding)
        self._lock = Lock()

    def is_rebuilding(self, key: DatasetKey) -> bool:
        """Whether the next commit to the dataset empties it."""
        with self._lock:
            return key in self._rebuilding

    def of(self, dataset: DatasetDefinition) -> PartitionSet:
        """The partitions of `dataset` that were ever made."""
        with self._lock:
            return self._of(dataset)

    def _of(self, dataset: DatasetDefinition) -> PartitionSet:
        found = self._sets.get(dataset.key)
        if found is None:
            found = PartitionSet.none(dataset.partitioning.dimensions)
            self._rows[dataset.key] = 0
            if dataset.key not in self._rebuilding:
                found = there(self._graph, self._history, dataset.key, self._now)
                lent_or_own = self._history.lookup(dataset.key) or self._history.changes(
                    dataset.key
                )
                self._rows[dataset.key] = sum(piece.rows for piece in lent_or_own)
            self._sets[dataset.key] = found
        return found

    def touched(self, key: DatasetKey) -> PartitionSet | None:
        """The partitions of a dataset whose rows this run has changed; None: it made nothing."""
        with self._lock:
            return self._touched.get(key)

    def newest(self, key: DatasetKey) -> TableVersion | None:
        """The newest version that the ledger knew when the run began."""
        return self._history.newest(key)

    def last(self, key: DatasetKey) -> Made | None:
        """The newest commit that made steps of it when the run began."""
        return next(iter(self._history.lookup(key)), None)

    def versions(self, key: DatasetKey, steps: PartitionSet) -> list[TableVersion]:
        """The versions that had made these steps when the run began, in order."""
        pieces = self._history.lookup(key)
        return sorted({piece.table for piece in pieces if piece.partitions & steps})

    def known(self, key: DatasetKey, steps: PartitionSet) -> Known:
        """Which of these steps had been made when the run began, and by which versions."""
        pieces = self._history.lookup(key)
        return Known(tuple((p.partitions, p.table) for p in pieces if p.partitions & steps))

    def note_touched(self, key: DatasetKey, changed: PartitionSet) -> None:
        """Notes what the run had changed before, in another process; the history has it."""
        with self._lock:
            self._rebuilding.discard(key)
            before = self._touched.get(key)
            self._touched[key] = changed if before is None else before | changed

    def rows(self, dataset: DatasetDefinition) -> int:
        """About how many rows it has; remade partitions may count twice."""
        with self._lock:
            self._of(dataset)
            return self._rows[dataset.key]

    def add(self, dataset: DatasetDefinition, made: Made) -> None:
        """Notes a commit."""
        with self._lock:
            known = self._of(dataset)
            self._rebuilding.discard(dataset.key)
            covered = rows_of(dataset, made.partitions, self._now)
            changed = made.touched if made.touched is not None else covered
            before = self._touched.get(dataset.key)
            self._touched[dataset.key] = changed if before is None else before | changed
            self._sets[dataset.key] = known | changed | covered
            self._rows[dataset.key] += made.rows


_MOST_ROWS_HELD: Final = 1_000_000
Columns: TypeAlias = tuple[DatasetKey, tuple[str, ...]]


ReadView: TypeAlias = Callable[["RunScope", DatasetDefinition, "PartitionSet | None"], "LazyFrame"]


def _no_view(scope: RunScope, dataset: DatasetDefinition, _: PartitionSet | None) -> LazyFrame:
    """The rows of its table, which are none."""
    return scope.table(dataset).scan()


def _unknown_run(_: str) -> bool:
    """No run is known."""
    return False


def _held_alone() -> None:
    """Passes: nobody else makes the same."""


@dataclass(frozen=True, slots=True)
class RunScope:
    """The graph, the store and all else that a step needs and that outlives it.

    `readers` counts the assets of this run that read a dataset. `loans` are read from elsewhere,
    `samples` in part; `observed` are the versions of sources; `changes` tells of tables whose
    columns are declared anew. `view` works out the rows of a view.
    `jobs` has those that run elsewhere. `stop` is set when the run is to end after the steps that
    are going on. `is_over` says of another run's id that this environment knows it, and that it
    has ended. `still_mine` raises before a commit when another run has taken over.
    """

    env: str
    run_id: str
    graph: Graph
    open_store: OpenStore
    fingerprints: Mapping[DatasetKey, Fingerprint]
    made: MadeSets
    handover: Handover
    resources: Resources
    sql: SqlRunner
    now: datetime
    clock: Clock
    readers: Mapping[DatasetKey, int]
    jobs: JobPlaces
    stop: Event = field(default_factory=Event)
    loans: Loans = field(default_factory=Loans)
    samples: Mapping[DatasetKey, Sample] = field(default_factory=dict[DatasetKey, Sample])
    observed: Mapping[DatasetKey, str] = field(default_factory=dict[DatasetKey, str])
    changes: Mapping[DatasetKey, TableChange] = field(default_factory=dict[DatasetKey, TableChange])
    tables: dict[DatasetKey, Table] = field(default_factory=dict[DatasetKey, Table])
    widening: RLock = field(default_factory=RLock)
    view: ReadView = _no_view
    is_over: Callable[[str], bool] = _unknown_run
    still_mine: Callable[[], None] = _held_alone
    lookups: dict[tuple[DatasetKey, tuple[str, ...]], tuple[TableVersion, LazyFrame]] = field(
        default_factory=dict["tuple[DatasetKey, tuple[str, ...]]", "tuple[TableVersion, LazyFrame]"]
    )

    @property
    def store(self) -> Store:
        """The place of the tables, opened when it is first needed."""
        return self.open_store()

    def table(self, dataset: DatasetDefinition) -> Table:
        """The dataset's table, opened once a run."""
        table = self.tables.get(dataset.key)
        if table is None:
            table = table_of(self.store, dataset, self.changes.get(dataset.key))
            self.refuse_older(table)
            self.tables[dataset.key] = table
        return table

    def reader(self, dataset: DatasetDefinition) -> ReadTable:
        """The table that the dataset is read from: its own, or that of who lends it."""
        return self.loans.table(dataset.key) or self.table(dataset)

    def artifacts(self, dataset: DatasetDefinition) -> Artifacts:
        """The artifact's own files."""
        found = self.store.artifact(spec_of(dataset))
        self.refuse_older(found)
        return found

    def files(self, dataset: DatasetDefinition) -> ReadFiles:
        """The artifact's files: its own, or those of who lends it."""
        return self.loans.files(dataset.key) or self.artifacts(dataset)

    def refuse_older(self, table: Table | Artifacts) -> None:
        """Passes a table that has all that the ledger says was made of it.

        Raises:
            TableOlderError: it lacks commits (FF-618).
        """
        known, found = self.made.newest(table.spec.key), table.version()
        if known is None or found is None or known.table_id != found.table_id:
            return
        if found.version < known.version:
            message = (
                f"the table of `{table.spec.key}` is at version {found.version}, but version "
                f"{known.version} was made"
            )
            hint = f"restore `{table.uri}`, or take it as it is: `flowforge ledger rebuild`"
            raise TableOlderError(message, hint=hint)

    def widened(self, dataset: DatasetDefinition, schema: Schema) -> Table:
        """The table with the columns of `schema` too, which `extra="keep"` has brought.

        Where a column is known already, its type stays.
        """
        table = self.table(dataset)
        if table.spec.schema == schema:
            return table
        with self.widening:
            table = self.table(dataset)
            both = with_extra(table.spec.schema, polars_schema(schema))
            if table.spec.schema != both:
                table = self.store.table(replace(table.spec, schema=both))
                self.tables[dataset.key] = table
            return table

    def scan(self, dataset: DatasetDefinition, partitions: PartitionSet | None = None) -> LazyFrame:
        """The declared columns of the dataset's rows, of all partitions or some.

        Raises:
            StorageError: it was never made, or cannot be read (FF-6xx).
        """
        table = self.reader(dataset)
        maker = self.graph.maker.get(dataset.key)
        if maker is not None and self.graph.assets[maker].write == "view":
            return self.view(self, dataset, partitions)
        rows = table.scan(partitions if partitions is not None and partitions.dimensions else None)
        is_declared = table.spec.schema is dataset.schema
        return rows if is_declared else rows.select(dataset.schema.names)

    def lookup(self, dataset: DatasetDefinition, columns: tuple[str, ...]) -> LazyFrame:
        """Those columns, held in memory for as long as the table stays as it is if it is small.

        Raises:
            StorageError: it was never made, or cannot be read (FF-6xx).
        """
        version = self.reader(dataset).version()
        known = self.lookups.get((dataset.key, columns))
        if known is not None and known[0] == version:
            return known[1]
        rows = self.scan(dataset).select(columns)
        if version is not None and self.made.rows(dataset) <= _MOST_ROWS_HELD:
            with reading(self.reader(dataset)):
                rows = rows.collect().lazy()
            self.lookups[dataset.key, columns] = (version, rows)
        return rows

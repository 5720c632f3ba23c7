"""Datasets as they were: each is read from its table as from a lender, who lends a version."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, cast

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import TableVersion
from flowforge_assets.declare.definition import DatasetDefinition
from flowforge_assets.errors.past import NoPastError
from flowforge_assets.execute.lending import Loan, Loans
from flowforge_assets.execute.renames import made_of
from flowforge_assets.execute.spec import spec_of, table_of
from flowforge_assets.graph.build import Graph
from flowforge_assets.plan.as_of import AsOf, read_as_of, read_as_they_were, to_make
from flowforge_assets.plan.stale import Asked
from flowforge_assets.record.history import History
from flowforge_assets.storage.past import (
    KeepsPast,
    TellsVersions,
    Version,
    newest_at,
    version_of,
)
from flowforge_assets.storage.pinned import PinnedFiles, PinnedTable
from flowforge_assets.storage.store import Artifacts, Table

if TYPE_CHECKING:
    from datetime import datetime

    from flowforge_assets.execute.state import OpenStore
    from flowforge_assets.storage.external import ReadTable
    from flowforge_assets.storage.store import ReadFiles


_NO_PAST_HINT: Final = (
    "files of others and views are only as they are; with `--as-of` name the versions of what has "
    "some, as `bronze.orders@3`"
)


@dataclass(frozen=True, slots=True)
class Past:
    """How the assets `ids` read what they do not make themselves."""

    as_of: AsOf
    ids: frozenset[DatasetKey]
    graph: Graph
    store: OpenStore

    def lent(self, loans: Loans) -> Loans:
        """`loans` with all that is read as it was in the place of what it is now.

        Raises:
            NoVersionError: one had no version then, or it is no longer kept (FF-603).
            NoPastError: one has no versions (FF-670).
        """
        found = dict(loans.by_dataset)
        for key in sorted(read_as_they_were(self.ids, self.graph, self.as_of)):
            loan = found.get(key)
            if loan is None or loan.gone is None:
                found[key] = self.of(self.graph.datasets[key], loan)
        return Loans(found)

    def of(self, dataset: DatasetDefinition, loan: Loan | None) -> Loan:
        """The dataset as it was; `loan` is who lends it now, None where it is made here.

        Raises:
            NoVersionError: it had no version then, or it is no longer kept (FF-603).
            NoPastError: it has no versions (FF-670).
        """
        wanted = self.as_of.versions.get(dataset.key, self.as_of.at)
        assert wanted is not None  # noqa: S101 - else it is read as it is
        if loan is None:
            log = own_log(self.store, dataset)
            found = version_wanted(log, wanted, dataset.key)
            return loan_of(self.graph, dataset, log, found)
        lent: object = loan.files or loan.table
        if isinstance(lent, KeepsPast):
            found = version_wanted(lent, wanted, dataset.key)
            return replace(loan_of(self.graph, dataset, lent, found), steps=None)
        return _of_others(dataset.key, loan, wanted)


def asked_as_of(
    asked: Asked, graph: Graph, texts: Iterable[str], store: OpenStore
) -> tuple[Asked, Past | None]:
    """What is made of `asked` where inputs are read as `texts` say, and how those are read then.

    Raises:
        UsageError: the texts say nothing that can be done (FF-809).
        SelectionError: one names a dataset that is none (FF-807).
    """
    as_of = read_as_of(texts, graph)
    if not as_of:
        return asked, None
    chosen = to_make(asked, graph, as_of)
    return chosen, Past(as_of, chosen.assets, graph, store)


def table_at(graph: Graph, table: ReadTable, when: datetime | int) -> PinnedTable:
    """The table as it was.

    Raises:
        NoVersionError: it had no such version, or none by then, or it is not kept (FF-603).
        NoPastError: it has no versions (FF-670).
    """
    key = table.spec.key
    if isinstance(table, TellsVersions):
        return PinnedTable(table, table.version_at(when))
    if graph.is_view(key) or not isinstance(table, KeepsPast):
        raise NoPastError(f"`{key}` has no versions that could be read", hint=_NO_PAST_HINT)
    return PinnedTable(table, _pinned(table, version_wanted(table, when, key)))


def files_at(files: Artifacts, when: datetime | int) -> PinnedFiles:
    """The files of an artifact as they were.

    Raises:
        NoVersionError: it had no such version, or none by then, or it is not kept (FF-603).
    """
    return PinnedFiles(files, _pinned(files, version_wanted(files, when, files.spec.key)))


def _pinned(log: KeepsPast, version: Version) -> TableVersion:
    known = log.version()
    assert known is not None  # noqa: S101 - it has a version
    return TableVersion(known.table_id, version.version)


def history_at(graph: Graph, dataset: DatasetDefinition, table: ReadTable, now: History) -> History:
    """What was made, of the dataset by the version that `table` is of; else as it is `now`."""
    if not isinstance(table, PinnedTable) or not isinstance(table.table, KeepsPast):
        return now
    version = version_wanted(table.table, table.pinned.version, dataset.key)
    loan = loan_of(graph, dataset, table.table, version)
    return Loans({dataset.key: loan}).added_to(now)


def own_log(store: OpenStore, dataset: DatasetDefinition) -> Table | Artifacts:
    """The dataset's table, or its files, with the columns that `extra="keep"` has brought."""
    is_file = dataset.kind == "artifact"
    return store().artifact(spec_of(dataset)) if is_file else table_of(store(), dataset)


def version_wanted(log: KeepsPast, wanted: datetime | int, key: DatasetKey) -> Version:
    """The version of that number, or the newest that had come by a time.

    Raises:
        NoVersionError: there is none, or it is no longer kept (FF-603).
    """
    if isinstance(wanted, int):
        return version_of(log.versions(), wanted, key)
    return newest_at(log.versions(), wanted, key)


def loan_of(graph: Graph, dataset: DatasetDefinition, log: KeepsPast, version: Version) -> Loan:
    """The dataset as one version of its table has it."""
    made = made_of(graph, (replace(m, dataset=dataset.key) for m in log.made_by(version.version)))
    then = History.of_tables([(dataset.key, made)])
    pinned = _pinned(log, version)
    said = f"version {version.version} of {version.at:%Y-%m-%d %H:%M:%S}"
    is_file = dataset.kind == "artifact"
    return Loan(
        lender=said,
        table=None if is_file else PinnedTable(cast("ReadTable", log), pinned),
        pieces=tuple(then.changes(dataset.key)),
        files=PinnedFiles(cast("ReadFiles", log), pinned) if is_file else None,
        steps=tuple(then.lookup(dataset.key)),
    )


def _of_others(key: DatasetKey, loan: Loan, wanted: datetime | int) -> Loan:
    """What someone else makes, as it was, where its place keeps that."""
    table = loan.table
    if table is None or not isinstance(table, TellsVersions):
        raise NoPastError(f"`{key}` has no versions that could be read", hint=_NO_PAST_HINT)
    version = table.version_at(wanted)
    pieces = tuple(replace(piece, table=version) for piece in loan.pieces)
    said = f"its version {version.version}"
    return replace(loan, lender=said, table=PinnedTable(table, version), pieces=pieces)

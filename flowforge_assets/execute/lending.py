"""Datasets that are read here and made elsewhere, by other projects, environments or people.

A dataset that is lent comes with the commits that its table knows, so that its readers are stale
when it changes, as with any other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint, Made
from flowforge_assets.core.rule import References
from flowforge_assets.declare.definition import DatasetDefinition, External
from flowforge_assets.declare.renamed import first_key
from flowforge_assets.errors.storage import ExternalMissingError
from flowforge_assets.execute.spec import spec_of, table_of
from flowforge_assets.graph.build import Graph
from flowforge_assets.project.config import ProjectConfig, read_config
from flowforge_assets.project.environment import Environment
from flowforge_assets.project.uses import folder_of
from flowforge_assets.record.history import History
from flowforge_assets.storage.location import (
    folder_at,
    table_names,
    tables_in,
)
from flowforge_assets.storage.store import ReadFiles

if TYPE_CHECKING:
    from flowforge_assets.storage.external import ReadTable
    from flowforge_assets.storage.external_files import ExternalFiles

_NOT_OURS: Final = Fingerprint(0, "", "", "", "")
_MOST_NAMED: Final = 6


@dataclass(frozen=True, slots=True)
class Loan:
    """A dataset that is lent: by whom, its table, and the commits that it holds, newest first.

    An artifact has `files` and no table. `gone` is the error to raise where nothing is there.
    What is made here and read as it was has `steps` too: the commits that its steps were of then.
    """

    lender: str
    table: ReadTable | None
    pieces: tuple[Made, ...]
    files: ReadFiles | None = None
    gone: ExternalMissingError | None = None
    steps: tuple[Made, ...] | None = None


@dataclass(frozen=True, slots=True)
class Loans:
    """The datasets that are lent, by the key that they have here."""

    by_dataset: Mapping[DatasetKey, Loan] = field(default_factory=dict[DatasetKey, Loan])

    def added_to(self, history: History) -> History:
        """`history` with the commits of what is lent, as changes that readers see."""
        if not self.by_dataset:
            return history
        lent = {key: loan.pieces for key, loan in self.by_dataset.items()}
        steps = {k: loan.steps for k, loan in self.by_dataset.items() if loan.steps is not None}
        return History({**history.pieces, **steps}, {**history.rows, **lent}, history.recut)

    @property
    def elsewhere(self) -> frozenset[DatasetKey]:
        """The datasets that others make."""
        return frozenset(key for key, loan in self.by_dataset.items() if loan.steps is None)

    @property
    def gone(self) -> Mapping[DatasetKey, ExternalMissingError]:
        """The external datasets of which nothing is there, with what to say of each."""
        return {key: loan.gone for key, loan in self.by_dataset.items() if loan.gone is not None}

    def table(self, dataset: DatasetKey) -> ReadTable | None:
        """The table of a dataset that is lent, else None."""
        loan = self.by_dataset.get(dataset)
        return None if loan is None else loan.table

    def files(self, dataset: DatasetKey) -> ReadFiles | None:
        """The files of an artifact that is lent, else None."""
        loan = self.by_dataset.get(dataset)
        return None if loan is None else loan.files

    def notes(self) -> Iterator[str]:
        """What is read from elsewhere, a sentence a lender, sorted."""
        lenders: dict[str, list[DatasetKey]] = {}
        for key, loan in self.by_dataset.items():
            if loan.pieces:
                lenders.setdefault(loan.lender, []).append(key)
        for lender, keys in sorted(lenders.items()):
            shown = ", ".join(f"`{key}`" for key in sorted(keys)[:_MOST_NAMED])
            more = f" and {len(keys) - _MOST_NAMED} more" if len(keys) > _MOST_NAMED else ""
            yield f"{shown}{more} from {lender}"


def through_views(graph: Graph, ids: Iterable[DatasetKey]) -> set[DatasetKey]:
    """The assets `ids` with the views that they read, near and far."""
    found, rim = set(ids), set(ids)
    while rim:
        read = {key for key in datasets_read(graph, rim) if graph.is_view(key)}
        rim = {graph.maker[key] for key in read} - found
        found |= rim
    return found


def reads_external(graph: Graph) -> bool:
    """Whether someone else makes a dataset of the graph."""
    return any(dataset.external is not None for dataset in graph.datasets.values())


def datasets_read(graph: Graph, ids: Iterable[DatasetKey]) -> Iterator[DatasetKey]:
    """What the assets `ids` read, with what their checks and foreign keys look at."""
    for id_ in ids:
        asset = graph.assets[id_]
        for read in asset.inputs:
            yield read.dataset
        for output in asset.makes:
            for check in graph.checks.get(output.dataset, ()):
                yield from (read.dataset for read in check.inputs[1:])
            for rule in graph.datasets[output.dataset].rules:
                if isinstance(rule, References):
                    yield rule.target


class Lenders:
    """The places from which an environment of a project reads what it does not make."""

    def __init__(
        self,
        config: ProjectConfig,
        environment: Environment,
        *,
        graph: Graph,
        now: datetime,
    ) -> None:
        """Opens nothing yet."""
        self._config = config
        self._environment = environment
        self._graph = graph
        self._now = now
        self._lending = environment.lenders(config)

    @property
    def are_there(self) -> bool:
        """Whether other environments lend to this one."""
        return bool(self._lending)

    def loans(
        self,
        ids: Collection[DatasetKey],
        own: History,
        versions: Mapping[DatasetKey, str],
        *,
        makes: bool = True,
    ) -> Loans:
        """What the assets `ids` read that neither they nor `own` made.

        They are going to make what they can, unless not `makes`. What a view reads is read by
        its readers. `versions` are those that functions tell of external datasets.

        Raises:
            StorageError: a table that is there cannot be read (FF-6xx).
            ProjectError: another project, or one of its environments, is not there (FF-8xx).
        """
        if not self._lending and not reads_external(self._graph):
            return Loans()
        assets = self._graph.assets
        makers = ids if self._lending and makes else ()
        made_here = {output.dataset for id_ in makers for output in assets[id_].makes}
        missing: list[DatasetDefinition] = []
        found: dict[DatasetKey, Loan] = {}
        theirs: dict[str, list[DatasetDefinition]] = {}
        for key in dict.fromkeys(datasets_read(self._graph, through_views(self._graph, ids))):
            dataset = self._graph.datasets[key]
            external = dataset.external
            if external is not None and external.project is not None:
                theirs.setdefault(external.project, []).append(dataset)
            elif external is not None:
                found[key] = self._external(dataset, external, versions.get(key))
            elif self._lending and self._is_missing(key, made_here, own):
                missing.append(dataset)
        for project, datasets in theirs.items():
            found |= self._of_project(project, datasets)
        for environment in self._lending:
            left = [dataset for dataset in missing if dataset.key not in found]
            if left:
                found |= _lent(environment, left, f"`{environment.shown}`")
        return Loans(found)

    def find(self, dataset: DatasetDefinition, own: History) -> Loan | None:
        """The loan of one dataset, for who wants to see it; None where it is made here or nowhere.

        Raises:
            StorageError, ProjectError: as `loans`.
        """
        external = dataset.external
        if external is not None and external.project is not None:
            return self._of_project(external.project, [dataset]).get(dataset.key)
        if external is not None:
            return self._external(dataset, replace(external, version=None), None)
        if not self._is_missing(dataset.key, (), own):
            return None
        for environment in self._lending:
            found = _lent(environment, [dataset], f"`{environment.shown}`")
            if found:
                return found[dataset.key]
        return None

    def _is_missing(self, key: DatasetKey, made_here: Collection[DatasetKey], own: History) -> bool:
        """Whether the environment neither has the dataset nor makes it; views it works out."""
        return key not in made_here and not own.changes(key) and not self._graph.is_view(key)

    def _external(self, dataset: DatasetDefinition, external: External, told: str | None) -> Loan:
        from flowforge_assets.storage.external import external_table  # engines, on use

        place = self._place_of(dataset.key, external.at)
        table = external_table(spec_of(dataset), place, at=external.at or place.shown, told=told)
        lender = f"outside (`{external.at or 'the store'}`)"
        version = table.version()
        if version is None:
            return Loan(lender, table, (), gone=table.missing())
        if external.version is not None and told is None:
            return Loan(lender, table, ())  # its version is not known today: nothing is said of it
        made = Made(
            dataset=dataset.key,
            partitions=dataset.partitioning.all(self._now),
            asset=external.at or table.uri,
            run_id="",
            step_id="",
            fingerprint=_NOT_OURS,
            inputs={},
            at=self._now,
            rows=table.size_bytes(),  # a row takes a byte or more
            table=version,
        )
        return Loan(lender, table, (made,))

    def _place_of(self, key: DatasetKey, at: str | None) -> ExternalFiles:
        """Where an external dataset is: `at`, or where the environment's store has it."""
        from flowforge_assets.storage.external_files import (  # as above
            ExternalFiles,
            external_files,
        )

        location = self._environment.place(key)
        folder = folder_at(location) if at is None else None
        if folder is not None:
            *above, name = table_names(key)
            return ExternalFiles(folder.below(*above), name)
        where = at or location.uri  # nobody else writes in memory, which is told
        options = self._environment.options_for(where, key)
        return external_files(where, root=self._environment.root, options=options)

    def _of_project(
        self, name: str, datasets: list[DatasetDefinition]
    ) -> Mapping[DatasetKey, Loan]:
        """What the environment of another project, and those behind it, have of the datasets."""
        use = next(use for use in self._config.uses if use.name == name)
        config = read_config(folder_of(use, self._config.root))
        first = Environment.of(config, use.env)
        found: dict[DatasetKey, Loan] = {}
        for environment in [first, *first.lenders(config)]:
            left = [dataset for dataset in datasets if dataset.key not in found]
            if left:
                found |= _lent(environment, left, f"`{name}` ({environment.shown})")
        return found


def _lent(
    environment: Environment, datasets: list[DatasetDefinition], lender: str
) -> dict[DatasetKey, Loan]:
    """The loans of those datasets that the environment has made."""
    store = environment.open_store()
    keys = {_plain(first_key(dataset)) for dataset in datasets}
    there: set[DatasetKey] = set()
    for location, stored in environment.by_place(keys).items():
        folder = folder_at(location)
        there |= set(stored) if folder is None else tables_in(folder, stored)
    found: dict[DatasetKey, Loan] = {}
    for dataset in datasets:
        key = _plain(first_key(dataset))
        if key not in there:
            continue
        theirs = replace(dataset, key=key, aliases=())
        is_file = dataset.kind == "artifact"
        files = store.artifact(spec_of(theirs)) if is_file else None
        table = None if is_file else table_of(store, theirs)
        log = files or table
        made = log.made() if log is not None and log.version() is not None else ()
        commits = History.of_tables([(key, made)]).changes(key)
        if commits:
            pieces = tuple(replace(each, dataset=dataset.key) for each in commits)
            found[dataset.key] = Loan(lender, table, pieces, files)
    return found


def _plain(key: DatasetKey) -> DatasetKey:
    """The key that the dataset has in its own project."""
    return DatasetKey(key.rpartition("/")[2])

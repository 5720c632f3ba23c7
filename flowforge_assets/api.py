"""`Project`: what the command line, notebooks and tests hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from threading import Event as StopSignal
from typing import TYPE_CHECKING, overload

from flowforge_assets.core.clock import Clock, utc_now
from flowforge_assets.core.event import Event, OnEvent
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.uncollected import uncollected
from flowforge_assets.declare.caller import calling_frame
from flowforge_assets.declare.definition import DatasetDefinition, Definitions
from flowforge_assets.declare.resource import Resource
from flowforge_assets.execute.artifacts import stored_file
from flowforge_assets.execute.as_of import Past, asked_as_of, files_at, table_at
from flowforge_assets.execute.engine import Engine, run_session
from flowforge_assets.execute.outside import Outside
from flowforge_assets.execute.planned import Planner
from flowforge_assets.execute.spec import spec_of, table_of
from flowforge_assets.execute.state import history_of_tables, read_history
from flowforge_assets.graph.build import Graph
from flowforge_assets.graph.find import find_dataset
from flowforge_assets.graph.select import select
from flowforge_assets.plan.asked import asked_for
from flowforge_assets.plan.load import in_warehouse, load_graph
from flowforge_assets.plan.plan import Plan
from flowforge_assets.plan.stale import Asked
from flowforge_assets.project.config import ProjectConfig, read_config
from flowforge_assets.project.declared import refuse_nothing
from flowforge_assets.project.environment import Environment
from flowforge_assets.project.foreign import import_foreign
from flowforge_assets.project.modules import import_modules
from flowforge_assets.project.seen import seen_from
from flowforge_assets.project.sync import stale_module
from flowforge_assets.record.history import History
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.sql.analysis import SqlAnalysis

if TYPE_CHECKING:
    import polars as pl

    from flowforge_assets.core.made import Fingerprint
    from flowforge_assets.declare.artifact import Artifact
    from flowforge_assets.declare.dataset import Dataset
    from flowforge_assets.execute.run import RunResult
    from flowforge_assets.execute.session import Session
    from flowforge_assets.graph.typecheck import CheckReport
    from flowforge_assets.record.rebuild import Rebuilt
    from flowforge_assets.storage.external import ReadTable
    from flowforge_assets.storage.store import Store, Table


def _quiet(_: Event | str) -> None:
    """Says nothing."""


class Project:
    """A project in one environment: check it, plan it, run it, read what it made."""

    def __init__(
        self,
        config: ProjectConfig,
        environment: Environment,
        graph: Graph,
        modules: Iterable[str],
        *,
        clock: Clock = utc_now,
    ) -> None:
        """Of a collected graph; `Project.load` is the usual way."""
        self.config = config
        self.graph = graph
        self.environment = in_warehouse(environment, graph)
        self.modules = frozenset(modules)
        self.clock = clock

    @classmethod
    def load(
        cls,
        root: str | Path = ".",
        *,
        env: str = "dev",
        clock: Clock = utc_now,
        store: str | None = None,
        folder: str | Path | None = None,
        home: str | Path | None = None,
    ) -> Project:
        """The project in the folder `root`: its modules imported, its declarations collected.

        `store` takes the place of the environment's (`memory://` for a test), `folder` that of
        the project's `.flowforge`, where the ledger and, without a store, the tables are. For a
        copy of a project, `home` is the folder that it takes relative places and `.flowforge` from.

        Raises:
            FlowForgeError: the project file, a module, a declaration or the graph is wrong; all
                errors of a stage at once (`Problems`).
        """
        config = read_config(Path(root), home=Path(home or root))
        refuse_nothing(config)
        kept = None if folder is None else Path(folder)
        environment = Environment.of(config, env, store=store, kept=kept)
        foreign = import_foreign(config, environment.cache_folder)
        modules = import_modules(config.root, config.modules)
        graph = load_graph(config, environment, modules, foreign)
        return cls(config, environment, graph, modules, clock=clock)

    @classmethod
    def here(
        cls, *, env: str = "dev", clock: Clock = utc_now, folder: str | Path | None = None
    ) -> Project:
        """What the notebook or script that calls declares, or imports: no project file is needed.

        Tables and ledger are in `.flowforge` of the working folder, or in `folder`. Where the
        working folder holds a project, its environments and modules count too. Call it again
        after a cell has changed.

        Raises:
            FlowForgeError: a declaration or the graph is wrong; all errors at once (`Problems`).
        """
        config, modules, foreign = seen_from(calling_frame().f_globals, Path.cwd())
        kept = None if folder is None else Path(folder)
        environment = Environment.of(config, env, kept=kept)
        graph = load_graph(config, environment, modules, foreign)
        return cls(config, environment, graph, modules, clock=clock)

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self.config.root

    @cached_property
    def store(self) -> Store:
        """The place of this environment's tables."""
        return self.environment.open_store()

    def select(self, text: str | None) -> list[DatasetKey]:
        """The ids of the selected assets in graph order; all without a selection.

        Raises:
            SelectionError: it cannot be read, or names nothing (FF-807).
        """
        if not text:
            return list(self.graph.assets)
        chosen = select(self.graph, text)
        return [id_ for id_ in self.graph.assets if id_ in chosen]

    def check(self, select: str | None = None) -> CheckReport:
        """Type-checks the selected assets without data; errors are in the report, not raised."""
        from flowforge_assets.execute.check import check_project  # engines, on use

        ids = self.select(select)
        with SqlAnalysis(self.environment.cache_folder / "sql.json") as sql:
            report = check_project(
                self.graph,
                ids,
                root=self.root,
                sql=sql,
                fingerprint=lambda: self.fingerprints(ids),
            )
        declared = Definitions(self.graph.datasets, tuple(self.graph.assets.values()))
        stale = stale_module(self.config, declared)
        return report if stale is None else replace(report, errors=(*report.errors, stale))

    @uncollected()
    def plan(
        self,
        select: str | None = None,
        *,
        partitions: str | None = None,
        force: bool = False,
        rebuild: bool = False,
        allow_breaking: bool = False,
    ) -> Plan:
        """What is out of date, and why; nothing is changed.

        `partitions` limits partitioned assets to keys such as `2013-01-01..2013-01-31`. `rebuild`
        and `allow_breaking` are as for `run`.

        Raises:
            ProjectError: the selection or the partitions cannot be read (FF-807, FF-83x).
            RecordError: the ledger cannot be read (FF-5xx).
        """
        asked = self._asked(
            select, partitions, force=force, rebuild=rebuild, allow_breaking=allow_breaking
        )
        outside, own = self.outside(asked.assets), self.history()
        return self._planner(outside).plan(asked, outside.loans(own).added_to(own))

    def run(  # noqa: PLR0913 - what a run may be asked for
        self,
        select: str | None = None,
        *,
        partitions: str | None = None,
        force: bool = False,
        rebuild: bool = False,
        allow_breaking: bool = False,
        as_of: Iterable[str] = (),
        resume: str | None = None,
        engine: Engine = "local",
        resources: Iterable[Resource] = (),
        on_event: OnEvent = _quiet,
        stop: StopSignal | None = None,
    ) -> RunResult:
        """Makes what is out of date; waits while another run makes the same.

        `rebuild` empties the selected tables that keep their history and makes them anew, unasked.
        `allow_breaking` lets those be emptied whose rows do not survive their new columns.
        `as_of` says how inputs are read: as they were at a time (`2026-01-31T12:00`), or some at a
        version (`bronze.orders@3`); what is selected and reads them is made, stale or not.
        A failed step stops only what depends on it: look at the result's `status` and `errors`.
        `resume` takes up what the run of that id had planned and not made. `resources` stand in
        for those of the environment. Setting `stop` ends the run after the steps going on.

        Raises:
            FlowForgeError: the run could not begin.
            KeyboardInterrupt: it was interrupted; steps going on had ended.
        """
        session = self.session(
            select,
            partitions=partitions,
            force=force,
            rebuild=rebuild,
            allow_breaking=allow_breaking,
            as_of=as_of,
            resume=resume,
            resources=resources,
        )
        return run_session(session, engine=engine, on_event=on_event, stop=stop or StopSignal())

    def session(
        self,
        select: str | None = None,
        *,
        partitions: str | None = None,
        force: bool = False,
        rebuild: bool = False,
        allow_breaking: bool = False,
        as_of: Iterable[str] = (),
        resume: str | None = None,
        resources: Iterable[Resource] = (),
    ) -> Session:
        """One run as `run` begins it, for an engine to run: it plans when its turn has come.

        Raises:
            ProjectError: the selection or the partitions cannot be read (FF-807, FF-83x).
        """
        from flowforge_assets.execute.session import Session  # engines, on use

        asked = self._asked(
            select, partitions, force=force, rebuild=rebuild, allow_breaking=allow_breaking
        )
        asked, past = asked_as_of(asked, self.graph, as_of, lambda: self.store)
        outside = self.outside(asked.assets, resources, past)

        def planned(history: History) -> Plan:
            planner = self._planner(outside)
            return planner.plan(asked, history) if resume is None else planner.rest(resume, history)

        return Session(
            graph=self.graph,
            environment=self.environment,
            store=lambda: self.store,
            clock=self.clock,
            plan=planned,
            check=self._refuse_broken,
            selection=" ".join([select or "", *(f"as of {text}" for text in as_of)]).strip(),
            given=tuple(resources),
            name=self.config.name,
            prefect=self.config.prefect,
            root=self.root.resolve(),
            outside=outside,
        )

    @overload
    def read(
        self, dataset: type[Artifact], partition: str | None = None, *,
        version: int | None = None, at: datetime | None = None,
    ) -> Path: ...  # fmt: skip
    @overload
    def read(
        self, dataset: type[Dataset] | str, partition: str | None = None, *,
        version: int | None = None, at: datetime | None = None,
    ) -> pl.DataFrame: ...  # fmt: skip
    def read(
        self, dataset: type | str, partition: str | None = None, *,
        version: int | None = None, at: datetime | None = None,
    ) -> pl.DataFrame | Path:  # fmt: skip
        """The rows of a dataset (a class or a key), of all partitions or some.

        As they are, or as they were at a `version` or a time. Of an artifact, which is named by
        its class, it is the path of its one file.

        Raises:
            SelectionError: there is no such dataset (FF-807).
            StorageError: it was never made, has no such version, or cannot be read (FF-6xx).
        """
        found = self.dataset(dataset)
        wanted = None if partition is None else found.partitioning.parse(partition, self.clock())
        when = version if at is None else at
        if found.kind == "artifact":
            files = self.store.artifact(spec_of(found))
            return stored_file(files if when is None else files_at(files, when), wanted)
        if self.graph.is_view(found.key) and when is None:
            return self.view(found, wanted)
        from flowforge_assets.storage.failure import reading  # engines, on use

        table = self.reader(found, when)
        with reading(table):
            return table.scan(wanted).collect()

    def dataset(self, dataset: type | str) -> DatasetDefinition:
        """A dataset by its class, its key, or its name where that is unique.

        Raises:
            SelectionError: there is none, or several (FF-807).
        """
        return find_dataset(self.graph, dataset)

    def view(self, dataset: DatasetDefinition, partitions: PartitionSet | None) -> pl.DataFrame:
        """The rows of a view as its inputs are now, of all partitions or some."""
        from flowforge_assets.execute.session import looked_at  # engines, on use
        from flowforge_assets.execute.views import view_rows

        with looked_at(self.session(), self.history()) as scope:
            return view_rows(scope, dataset, partitions).collect()

    def table(self, dataset: DatasetDefinition) -> Table:
        """The dataset's table in this environment."""
        return table_of(self.store, dataset)

    def reader(self, dataset: DatasetDefinition, when: int | datetime | None = None) -> ReadTable:
        """The table that the dataset is read from: its own, or that of who lends it.

        As it is, or as it was at a version or a time.
        """
        table = self.outside(()).reader(dataset, self.history) or self.table(dataset)
        return table if when is None else table_at(self.graph, table, when)

    def history(self) -> History:
        """What was made, by dataset; where there is no ledger, as the tables say."""
        if not self.environment.has_ledger:
            return history_of_tables(self.graph, self.environment, lambda: self.store)
        with Ledger.open(self.environment.ledger) as ledger:
            if ledger.is_unlearnt:
                return history_of_tables(self.graph, self.environment, lambda: self.store)
            return read_history(ledger, self.graph, self.environment, lambda: self.store)

    def rebuild_ledger(self) -> Rebuilt:
        """Makes the ledger again from what the tables say of themselves.

        Raises:
            RecordError: it cannot be written (FF-5xx).
            StorageError: a table cannot be read (FF-6xx).
        """
        from flowforge_assets.execute.relearn import relearn  # the lock, on use

        return relearn(self.graph, self.environment, lambda: self.store, self.clock)

    def outside(
        self,
        ids: Collection[DatasetKey],
        given: Iterable[Resource] = (),
        past: Past | None = None,
    ) -> Outside:
        """What the assets `ids` read that this environment does not make, if it makes them."""
        return Outside(
            self.config, self.environment,
            graph=self.graph, ids=ids, given=given, now=self.clock(), past=past,
        )  # fmt: skip

    def fingerprints(self, ids: Iterable[DatasetKey]) -> dict[DatasetKey, Fingerprint]:
        """What decides the rows of the assets `ids`, apart from their inputs."""
        return self.outside(()).fingerprints(ids, self.modules)

    def _asked(
        self, text: str | None, partitions: str | None, *,
        force: bool, rebuild: bool, allow_breaking: bool,
    ) -> Asked:  # fmt: skip
        return asked_for(
            self.graph, self.select(text), partitions,
            force=force, rebuild=rebuild, allow_breaking=allow_breaking, now=self.clock(),
        )  # fmt: skip

    def _planner(self, outside: Outside) -> Planner:
        return Planner(
            self.graph, self.environment, lambda: self.store, outside, self.modules, self.clock()
        )

    def _refuse_broken(self, plan: Plan) -> None:
        if plan.steps:
            from flowforge_assets.execute.check import refuse_broken_steps  # engines, on use

            refuse_broken_steps(self.graph, plan, self.root, self.environment.cache_folder)

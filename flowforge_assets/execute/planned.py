"""Plans: what is out of date, held against what tables have and what is read from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.schema_change import SchemaChange
from flowforge_assets.execute.outside import Outside
from flowforge_assets.execute.state import OpenStore, schemas_of_tables
from flowforge_assets.graph.build import Graph
from flowforge_assets.plan.columns import NewestColumns, column_diffs, with_changes, with_emptied
from flowforge_assets.plan.plan import Plan, make_plan
from flowforge_assets.plan.runs_in import runs_in, told_acceptances, told_engines
from flowforge_assets.plan.stale import Asked
from flowforge_assets.project.environment import Environment
from flowforge_assets.record.history import History
from flowforge_assets.record.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Planner:
    """All that a plan is made of, save what is asked for and what was made."""

    graph: Graph
    environment: Environment
    store: OpenStore
    outside: Outside
    modules: Iterable[str]
    now: datetime

    def plan(self, asked: Asked, history: History) -> Plan:
        """What is out of date of what is asked for.

        Where that is allowed, tables are emptied whose rows do not survive their new columns.

        Raises:
            RebuildPartitionsError: of such a one some partitions are asked for alone (FF-837).
        """
        used = self.outside.fingerprints(asked.assets, self.modules)
        diffs = column_diffs(self.graph, history, asked.assets, self._newest_columns())
        asked = with_emptied(asked, self.graph, diffs)
        plan = make_plan(
            self.graph, history, used, asked,
            env=self.environment.name, now=self.now,
            observed=self.outside.observed.versions, gone=self.outside.gone,
        )  # fmt: skip
        plan = with_changes(plan, self.graph, history, fingerprints=used, asked=asked, diffs=diffs)
        return self._told(plan)

    def rest(self, run_id: str, history: History) -> Plan:
        """What that run had planned and not made; what it was to empty it may empty still.

        Raises:
            UnknownRunError: there is no such run, or nothing is left of it (FF-705).
        """
        from flowforge_assets.execute.resume import plan_of_rest  # on use: few runs are resumed

        with Ledger.open(self.environment.ledger) as ledger:
            run, steps = ledger.find_run(run_id), ledger.steps_of(run_id)
        used = self.outside.fingerprints(self.graph.assets, self.modules)
        plan = plan_of_rest(self.graph, history, run_id, run, steps, fingerprints=used)
        ids = frozenset(step.asset_id for step in plan.steps)
        emptied = frozenset(step.asset_id for step in plan.steps if step.reason == "rebuild")
        diffs = column_diffs(self.graph, history, ids, self._newest_columns())
        asked = Asked(ids, emptied=emptied)
        plan = with_changes(plan, self.graph, history, fingerprints=used, asked=asked, diffs=diffs)
        return self._told(plan)

    def _told(self, plan: Plan) -> Plan:
        """The plan with what was learnt on the way to it, and where its SQL runs."""
        warehouse = self.environment.warehouse
        kind = None if warehouse is None else warehouse.kind
        ids = [step.asset_id for step in plan.steps]
        engines = runs_in(self.graph, ids, kind)
        notes = [*told_engines(engines, self.environment.name)]
        if kind is not None:
            notes += told_acceptances(self.graph, ids)
        return self.outside.told(replace(plan, runs_in=engines, notes=(*plan.notes, *notes)))

    def _newest_columns(self) -> NewestColumns:
        """What tells the columns that a table has: the ledger, or the table where it does not."""
        known: Mapping[DatasetKey, SchemaChange] = {}
        if self.environment.has_ledger:
            with Ledger.open(self.environment.ledger) as ledger:
                known = ledger.newest_schemas()
        of_table = schemas_of_tables(self.graph, self.store)

        def newest(key: DatasetKey) -> SchemaChange | None:
            found = known.get(key)
            return found if found is not None else next(reversed(of_table(key)), None)

        return newest

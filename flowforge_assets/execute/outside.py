"""What a plan and a run must know of the world beyond an environment's own tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint
from flowforge_assets.declare.definition import DatasetDefinition
from flowforge_assets.declare.resource import Resource
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.execute.as_of import Past
from flowforge_assets.execute.lending import Lenders, Loans
from flowforge_assets.execute.observe import Observed, observe
from flowforge_assets.execute.resources import Resources
from flowforge_assets.execute.sample import Sample, sample_notes, samples
from flowforge_assets.graph.build import Graph
from flowforge_assets.graph.today import fingerprints_today
from flowforge_assets.plan.plan import Plan
from flowforge_assets.project.config import ProjectConfig
from flowforge_assets.project.environment import Environment
from flowforge_assets.record.history import History

if TYPE_CHECKING:
    from flowforge_assets.storage.external import ReadTable


class Outside:
    """The versions of sources, what others lend, and what is read in part, for some assets.

    Each is looked up once, when it is first asked for.
    """

    def __init__(
        self,
        config: ProjectConfig,
        environment: Environment,
        *,
        graph: Graph,
        ids: Collection[DatasetKey],
        given: Iterable[Resource] = (),
        now: datetime,
        past: Past | None = None,
        observed: Observed | None = None,
    ) -> None:
        """For the assets `ids`, which may all be made; `given` stand in for resources.

        With `past` they read what they do not make as it was. Who has asked the sources already
        gives what they said as `observed`.
        """
        self._environment = environment
        self._graph = graph
        self._ids = ids
        self._given = tuple(given)
        self._lenders = Lenders(config, environment, graph=graph, now=now)
        self._past = past
        self._loans: Loans | None = None
        if observed is not None:
            self.observed = observed

    @property
    def reads_past(self) -> bool:
        """Whether something is read as it was."""
        return self._past is not None

    @cached_property
    def observed(self) -> Observed:
        """What the sources' `version` functions say."""
        resources = Resources(self._environment.config.resources, given=self._given)
        try:
            return observe(self._graph, self._ids, resources)
        finally:
            resources.close()

    def loans(self, own: History) -> Loans:
        """What is read from elsewhere, since neither `own` nor these assets made it.

        Raises:
            FlowForgeError: another project or environment cannot be read.
        """
        if self._loans is None:
            loans = self._lenders.loans(self._ids, own, self.observed.versions)
            self._loans = loans if self._past is None else self._past.lent(loans)
        return self._loans

    def loans_to_read(self, own: History) -> Loans:
        """The same where nothing is going to be made: what `own` lacks is read from elsewhere.

        Raises:
            FlowForgeError: another project or environment cannot be read.
        """
        versions = self.observed.versions
        self._loans = self._lenders.loans(self._ids, own, versions, makes=False)
        return self._loans

    def reader(self, dataset: DatasetDefinition, own: Callable[[], History]) -> ReadTable | None:
        """The table of who lends the dataset; None where its own is read."""
        if dataset.external is None and not self._lenders.are_there:
            return None
        loan = self._lenders.find(dataset, own())
        return None if loan is None else loan.table

    def samples(self) -> dict[DatasetKey, Sample]:
        """What is read in part, by anyone; what is lent must be known already."""
        loans = self._loans or Loans()
        sampling = self._environment.config.sample
        return samples(self._graph, sampling, self._graph.assets, loans.elsewhere)

    def share(self, dataset: DatasetKey, own: History) -> float:
        """The share of the dataset's rows that assets read."""
        if not self._environment.config.sample.is_on:
            return 1.0
        self.loans(own)
        sample = self.samples().get(dataset)
        return 1.0 if sample is None else sample.share

    def fingerprints(
        self, ids: Iterable[DatasetKey], modules: Iterable[str]
    ) -> dict[DatasetKey, Fingerprint]:
        """What decides the rows of the assets `ids`, apart from their inputs."""
        return fingerprints_today(
            self._graph,
            ids,
            modules=modules,
            caches=self._environment.cache_folder,
            shares={key: sample.share for key, sample in self.samples().items()},
        )

    @property
    def gone(self) -> Mapping[DatasetKey, FlowForgeError]:
        """The external datasets that are not there; what is lent must be known already."""
        return self._loans.gone if self._loans is not None else {}

    def told(self, plan: Plan) -> Plan:
        """The plan with what was learnt on the way to it."""
        held_up = {each.missing for each in plan.waiting}
        lacking = {key: error for key, error in self.gone.items() if key in held_up}
        return replace(
            plan,
            observed=self.observed.versions,
            unobserved={**self.observed.failed, **lacking},
            notes=(*plan.notes, *self.notes()),
            gone=tuple(self.gone),
        )

    def notes(self) -> Iterator[str]:
        """What is to be said with each plan and run."""
        if self._environment.namespace:
            yield f"tables are those of the namespace `{self._environment.namespace}`"
        if self._loans is not None:
            yield from self._loans.notes()
        if in_part := self.samples():
            mine = {read.dataset for id_ in self._ids for read in self._graph.assets[id_].inputs}
            yield from sample_notes({key: in_part[key] for key in in_part if key in mine})
        errors = {**self.observed.failed, **self.gone}
        yield from sorted(error.message for error in errors.values())

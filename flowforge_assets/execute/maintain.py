"""The upkeep of a project's tables and artifacts, while no run makes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from typing import Final

from flowforge_assets.core.clock import Clock
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.definition import AssetDefinition
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.execute.as_of import own_log
from flowforge_assets.execute.bad_rows import bad_spec
from flowforge_assets.execute.jobs import JobPlaces
from flowforge_assets.execute.state import OpenStore, present
from flowforge_assets.execute.turn import Ready, Turn
from flowforge_assets.execute.wanted import held
from flowforge_assets.graph.build import Graph
from flowforge_assets.project.environment import Environment
from flowforge_assets.project.keeping import Keeping
from flowforge_assets.record.history import History
from flowforge_assets.record.jobs import JobLog
from flowforge_assets.record.lease import is_gone
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.record.run import new_run_id
from flowforge_assets.storage.past import KeepsPast
from flowforge_assets.storage.upkeep import Upkeep, Upkept

_LONGEST_STEP: Final = timedelta(days=1)
"""A file that no version names may be of a step that goes on elsewhere; none takes longer."""


def upkeep(
    keeping: Keeping, now: datetime, *, runs_since: datetime | None, is_dry: bool = False
) -> Upkeep:
    """What is to stay of each table; what runs that did not end may have read stays too."""
    keep_since = now - keeping.older_than
    if runs_since is not None:
        keep_since = min(keep_since, runs_since)
    return Upkeep(
        keep_since=keep_since,
        log_since=min(keep_since, now - keeping.log_older_than),
        swept_before=now - max(keeping.older_than, _LONGEST_STEP),
        target_bytes=keeping.target_mb * 1_000_000,
        is_dry=is_dry,
    )


@dataclass(frozen=True, slots=True)
class Maintained:
    """What became of one table or artifact: what was done, or the error that stopped it.

    `key` is that of a dataset, or of the table of the rows that were set aside from it.
    """

    key: DatasetKey
    done: Upkept = field(default_factory=Upkept)
    error: FlowForgeError | None = None


@dataclass(frozen=True, slots=True)
class Maintenance:
    """The upkeep of what the assets `ids` make; `history` says what was made."""

    graph: Graph
    environment: Environment
    store: OpenStore
    clock: Clock
    history: History

    def run(
        self,
        ids: Iterable[DatasetKey],
        keeping: Keeping,
        *,
        on_wait: Callable[[str], None],
        is_dry: bool = False,
    ) -> Iterator[Maintained]:
        """Does it, one table after the other; what fails is told, and stops no other.

        With `is_dry` it is told what would be done, and nothing is.

        Raises:
            RecordError: the ledger cannot be read (FF-5xx).
        """
        chosen = [self.graph.assets[id_] for id_ in ids]
        wanted = {held(self.graph, asset.id): None for asset in chosen}
        turn = Turn(new_run_id(self.clock), self.environment.folder, on_wait)
        with (
            Ledger.open(self.environment.ledger) as ledger,
            turn.of(ledger, lambda: Ready(None, wanted)) as (_, lease),
        ):
            runs_since = min((run.started_at for run in ledger.unfinished_runs()), default=None)
            asked = upkeep(keeping, self.clock(), runs_since=runs_since, is_dry=is_dry)
            asked = replace(asked, is_over=partial(_is_over, ledger))
            for key, log in self._logs(chosen):
                lease.check()
                try:
                    yield Maintained(key, log().maintain(replace(asked, needed=self._needed(key))))
                except FlowForgeError as error:
                    yield Maintained(key, error=error)
            if not is_dry:
                self._sweep_places(max(keeping.older_than, _LONGEST_STEP))

    def _logs(
        self, assets: Iterable[AssetDefinition]
    ) -> Iterator[tuple[DatasetKey, Callable[[], KeepsPast]]]:
        """The tables and artifacts that the assets have made, with those of rows set aside."""
        made = {
            output.dataset: asset.bad_rows == "quarantine"
            for asset in assets
            for output in asset.makes
        }
        there = present(made, self.graph, self.environment, self.store)
        for key, sets_aside in made.items():
            if key not in there:
                continue
            dataset = self.graph.datasets[key]
            yield key, lambda dataset=dataset: own_log(self.store, dataset)  # type: ignore[misc]  # mypy cannot infer defaults
            if sets_aside and dataset.kind == "table":
                spec = bad_spec(dataset)
                yield spec.key, lambda spec=spec: self.store().table(spec)  # type: ignore[misc]  # mypy cannot infer defaults

    def _needed(self, key: DatasetKey) -> int | None:
        """The oldest version that a reader of changes may have to compare with."""
        seen: list[int] = []
        for asset in self.graph.assets.values():
            if any(read.dataset == key and read.form == "changes" for read in asset.inputs):
                pieces = [p for o in asset.makes for p in self.history.lookup(o.dataset)]
                versions = (piece.inputs.get(key) for piece in pieces)
                seen += [version.version for version in versions if version is not None]
        return min(seen, default=None)

    def _sweep_places(self, older_than: timedelta) -> None:
        """Removes folders in which no job writes any more."""
        log = JobLog(self.environment.ledger)
        try:
            places = JobPlaces(log, self.environment.folder, self.clock, Event())
            places.sweep(self.store().uri, older_than)
        finally:
            log.close()


def _is_over(ledger: Ledger, run_id: str) -> bool:
    """Whether the ledger knows the run, and it has ended or is dead."""
    is_known = ledger.find_run(run_id) is not None
    return is_known and not ledger.leases.is_live(run_id, is_gone=is_gone)

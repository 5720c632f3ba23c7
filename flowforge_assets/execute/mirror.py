"""Shows a run to a Prefect server: events of assets, a table of the steps, how far it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from threading import Lock
from typing import TYPE_CHECKING, Final, cast

from flowforge_assets.compile.asset_events import (
    AssetStatus,
    EventJson,
    Origin,
    asset_events,
    mark_event,
    reference_event,
)
from flowforge_assets.compile.prefect_flow import asset_key, describe_task, metadata
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.execute.event_sender import Ask, EventSender, answering
from flowforge_assets.execute.run import LocalRun
from flowforge_assets.execute.told import ToldRun, ToldStep

if TYPE_CHECKING:
    from uuid import UUID

STEPS_KEY: Final = "flowforge-steps"
_PROGRESS_KEY: Final = "flowforge-progress"
# A server takes events of at most 1.5 MB, of an artifact too: a row has a few hundred bytes.
_ROWS_IN_A_TABLE: Final = 5_000


class Mirror:
    """What a Prefect server is told of the steps of one run that are no tasks of their own.

    Nothing waits for it and nothing is decided by it: the ledger is the record.
    """

    def __init__(self, run: LocalRun, told: ToldRun, origin: Origin) -> None:
        """Of a run all of whose steps are still to be made."""
        self._run = run
        self._told = told
        self._origin = origin
        self.sender = EventSender(self.mark)
        self._lock = Lock()
        self._assets_ended = 0
        self._progress: tuple[UUID, float] | None = None
        made = {dataset for step in run.plan.steps for dataset in step.makes}
        self._known = {asset_key(run.scope.env, dataset) for dataset in made}
        self._steps: dict[DatasetKey, list[ToldStep]] = {}
        for each in told.steps.values():
            self._steps.setdefault(each.step.asset_id, []).append(each)

    def mark(self) -> EventJson:
        """An event to see how far the server is with what it was sent."""
        return mark_event(self._origin, occurred=self._run.scope.clock())

    def asset_ended(self, id_: DatasetKey) -> None:
        """Takes the events of an asset all of whose steps have ended."""
        found = list(self.events_of(id_))
        with self._lock:
            self._assets_ended += 1
            for event in found:
                self.sender.add(event)

    def events(self) -> Iterator[EventJson]:
        """All events of the run's assets so far."""
        for id_ in self._steps:
            yield from self.events_of(id_)

    def events_of(self, id_: DatasetKey) -> Iterator[EventJson]:
        """An event for each dataset that a step has made or failed to make."""
        scope = self._run.scope
        for told in self._steps[id_]:
            if told.status != "failed" and not told.commits:
                continue
            status: AssetStatus = "failed" if told.status == "failed" else "succeeded"
            task = describe_task(scope.graph, told.step, env=scope.env)
            said: dict[str, Mapping[str, object]] = {}
            for dataset in told.step.makes:
                commits = [made for made in told.commits if made.dataset == dataset]
                if commits:
                    said[asset_key(scope.env, dataset)] = metadata(commits)
            yield from asset_events(
                task,
                status=status,
                metadata=said,
                origin=self._origin,
                occurred=scope.clock(),
            )
            for asset in task.reads:
                if asset.key not in self._known:
                    self._known.add(asset.key)
                    yield reference_event(asset, origin=self._origin, occurred=scope.clock())

    def send(self, ask: Ask, *, even_few: bool = False) -> None:
        """Sends what waits, and how far the run is. One thread at a time may call it.

        Raises:
            Unanswered: the server does not take it; nothing is lost then.
        """
        self.sender.send(ask, even_few=even_few)
        self._tell_progress()

    def _tell_progress(self) -> None:
        from prefect.artifacts import (
            create_progress_artifact,
            update_progress_artifact,
        )  # runs in a flow

        share = round(100 * self._assets_ended / max(1, len(self._steps)), 1)
        with answering():
            if self._progress is None:
                # They give a coroutine where an event loop runs: none does in our thread.
                found = create_progress_artifact(share, key=_PROGRESS_KEY)
                self._progress = (cast("UUID", found), share)
            elif share != self._progress[1]:
                update_progress_artifact(self._progress[0], share)
                self._progress = (self._progress[0], share)

    def tell_steps(self) -> None:
        """Gives the server a table with a row a step, in tables of at most 5,000 rows.

        Raises:
            Unanswered: the server does not take it.
        """
        from prefect.artifacts import create_table_artifact  # runs in a flow

        rows = [dict(told.row()) for told in self._told.steps.values()]
        counts = self._told.counted(told.step for told in self._told.steps.values())
        said = f"The steps of run {self._run.scope.run_id}: {counts}."
        with answering():
            for start in range(0, len(rows), _ROWS_IN_A_TABLE):
                part = rows[start : start + _ROWS_IN_A_TABLE]
                create_table_artifact(part, key=STEPS_KEY, description=said)

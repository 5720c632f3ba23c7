"""What a run remembers of the jobs elsewhere that its steps submit, and where they write.

A try of a step writes in folders of its own, beside the tables. Jobs that a killed run has left
are taken up, folders and all, when the step is the same: same code, same inputs, not made since.
"""

from __future__ import annotations

import json
import shutil
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from hashlib import blake2b
from pathlib import Path
from threading import Event, Lock
from typing import Final

from flowforge_assets.core.clock import Clock
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.declare.definition import AssetDefinition
from flowforge_assets.errors.job import JobCancelledError, JobLostError
from flowforge_assets.errors.run import StepTimeoutError
from flowforge_assets.record.jobs import JobLog, JobRecord
from flowforge_assets.sdk.job import JobRef, JobRequest, JobState
from flowforge_assets.storage.location import FolderLocation, parse_location, table_names

_FOLDER: Final = "_staging"
_GOODBYE_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class JobPlaces:
    """The jobs of one environment and the folders in which they write, for one run.

    `kept` is where the folders are when the store has none of its own.
    """

    log: JobLog
    kept: Path
    clock: Clock
    stop: Event
    _copies: dict[str, Path] = field(default_factory=dict[str, Path])
    _copying: Lock = field(default_factory=Lock)
    _locks: dict[tuple[DatasetKey, str], Lock] = field(
        default_factory=dict["tuple[DatasetKey, str]", Lock]
    )

    def alone(self, asset: DatasetKey, unit: str) -> Lock:
        """Held by the one try of a step that is going on: one that timed out may take a while."""
        return self._locks.setdefault((asset, unit), Lock())

    def root(self, store_uri: str) -> Path:
        """The folder that no reader of the store looks into."""
        if not store_uri.startswith("file://"):
            return self.kept / _FOLDER
        location = parse_location(store_uri)
        return (location.folder if isinstance(location, FolderLocation) else self.kept) / _FOLDER

    def copy(self, store_uri: str, name: str, write: Callable[[Path], object]) -> Path:
        """A Delta table that `write` makes, for jobs to read; of a name it is made once.

        It stays until no job is left that may read it.
        """
        path = self.root(store_uri) / "read" / name
        with self._copying:
            if not path.exists():
                half = path.with_name(uuid.uuid4().hex)
                half.parent.mkdir(parents=True, exist_ok=True)
                write(half)
                half.rename(path)
            self._copies[name] = path
        return path

    def sweep(self, store_uri: str, older_than: timedelta) -> list[Path]:
        """Removes folders that are old and in which no known job writes; gives them.

        They are what killed runs left before they submitted anything.
        """
        youngest = (self.clock().astimezone(UTC) - older_than).timestamp()
        known = self.log.places()
        swept = [
            path
            for path in sorted(self.root(store_uri).glob("*/**/"))
            if _is_place(path) and path.name not in known and path.stat().st_mtime < youngest
        ]
        for path in swept:
            shutil.rmtree(path, ignore_errors=True)
        return swept

    def close(self) -> None:
        """Lets tries whose time was over cancel their jobs, a while at most; closes the ledger."""
        deadline = time.monotonic() + _GOODBYE_SECONDS
        for lock in list(self._locks.values()):
            if lock.acquire(timeout=max(0.0, deadline - time.monotonic())):
                lock.release()
        if self._copies and not self.log.places():
            for path in self._copies.values():
                shutil.rmtree(path, ignore_errors=True)
        self.log.close()


class JobStep:
    """One try of a step whose datasets are written elsewhere; the seam `StepJobs` to its runners.

    `made_from` tells steps apart that would not give the same: a job is taken up only where it
    is equal.
    """

    def __init__(
        self,
        places: JobPlaces,
        asset: AssetDefinition,
        unit: PartitionSet,
        *,
        store_uri: str,
        made_from: str,
        anew: bool = False,
    ) -> None:
        """Takes up what is there for it, unless it is to begin `anew`; removes what is spent."""
        self._places = places
        self._asset = asset
        self._unit = unit.render(None)
        self._root = places.root(store_uri)
        self._made_from = made_from
        self._ends_at = None if asset.timeout is None else (
            time.monotonic() + asset.timeout.total_seconds()
        )  # fmt: skip
        self._asked: Counter[str] = Counter()
        self._seen: set[str] = set()
        known = self._known()
        last = "" if anew or not known else known[-1].place
        self.is_taken_up = bool(last) and self._can_be_taken_up(known, last)
        self.place = last if self.is_taken_up else uuid.uuid4().hex
        self._throw_away(job for job in known if job.place != self.place)

    def folder(self, dataset: DatasetKey) -> Path:
        """Where the dataset is written; it is there."""
        folder = self._folder(dataset, self.place)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def spend(self) -> None:
        """Removes folders and memory of this try, but for jobs that may still write."""
        known = [job for job in self._known() if job.place == self.place]
        self._throw_away(known)
        if not known:
            self._remove(self.place)

    # The seam to runners, `sdk.attach.StepJobs`

    def token(self, request: JobRequest) -> str:
        """A name for this submission alone."""
        return _digest(self.place, _digest_of(request), self._asked[_digest_of(request)])

    def find(self, runner: str, request: JobRequest) -> JobRef | None:
        """The job of this try that was asked the same, the second one for a second asking."""
        digest = _digest_of(request)
        self._asked[digest] += 1
        wanted = self._request(request)
        for job in self._known():
            if (job.place, job.runner, job.request) == (self.place, runner, wanted):
                self._seen.add(job.ref)
                return JobRef.from_json(job.ref)
        return None

    def former(self, runner: str) -> Sequence[JobRef]:
        """Jobs of other tries that may go on.

        Raises:
            JobLostError: jobs were taken up, and are not those that are asked for now (FF-731).
        """
        others = [job for job in self._known() if job.ref not in self._seen]
        if any(job.place == self.place for job in others):
            message = f"`{self._asset.name}` asks for other jobs than those that a killed run left"
            raise JobLostError(message, hint="run again: they are submitted anew")
        return [JobRef.from_json(job.ref) for job in others if job.runner == runner]

    def submitted(self, request: JobRequest, ref: JobRef) -> None:
        """Writes it to the ledger."""
        text = ref.to_json()
        self._seen.add(text)
        self._places.log.add(
            JobRecord(
                asset=self._asset.id,
                unit=self._unit,
                made_from=self._made_from,
                request=self._request(request),
                runner=ref.runner,
                ref=text,
                place=self.place,
                state="running",
                at=self._places.clock(),
            )
        )

    def ended(self, ref: JobRef, state: JobState) -> None:
        """Writes how it ended; one of another try is forgotten."""
        text = ref.to_json()
        self._places.log.set_state(text, state.status)
        if text not in self._seen:
            self._throw_away(job for job in self._known() if job.ref == text)

    def cancelled(self, ref: JobRef) -> None:
        """Writes that it was asked to end."""
        self._places.log.set_state(ref.to_json(), "cancelled")

    def pause(self, seconds: float) -> None:
        """Waits.

        Raises:
            JobCancelledError: the run is stopped (FF-735).
            StepTimeoutError: the asset's `timeout` is over (FF-702).
        """
        left = seconds if self._ends_at is None else self._ends_at - time.monotonic()
        if self._places.stop.wait(max(0.0, min(seconds, left))):
            message = f"a job of `{self._asset.name}` was cancelled: the run was stopped"
            raise JobCancelledError(message, place=self._asset.place, hint="run again")
        if self._ends_at is not None and time.monotonic() >= self._ends_at:
            message = f"`{self._asset.name}` took longer than {self._asset.timeout}"
            raise StepTimeoutError(message, place=self._asset.place, hint="raise its `timeout`")

    # What is kept

    def _known(self) -> Sequence[JobRecord]:
        return self._places.log.of(self._asset.id, self._unit)

    def _can_be_taken_up(self, known: Sequence[JobRecord], place: str) -> bool:
        return all(
            job.made_from == self._made_from and job.state in {"running", "succeeded"}
            for job in known
            if job.place == place
        )

    def _throw_away(self, jobs: Iterable[JobRecord]) -> None:
        """Forgets jobs that have ended, and removes the folders in which none writes any more."""
        gone = [job for job in jobs if job.state not in {"running", "cancelled"}]
        if not gone:
            return
        self._places.log.forget([job.ref for job in gone])
        left = {job.place for job in self._known()}
        for place in {job.place for job in gone} - left:
            self._remove(place)

    def _remove(self, place: str) -> None:
        for output in self._asset.makes:
            shutil.rmtree(self._folder(output.dataset, place), ignore_errors=True)

    def _folder(self, dataset: DatasetKey, place: str) -> Path:
        return self._root.joinpath(*table_names(dataset)) / place

    def _request(self, request: JobRequest) -> str:
        """What is asked, and for which time in this try."""
        digest = _digest_of(request)
        return f"{digest}-{self._asked[digest]}"


def made_from_digest(*parts: object) -> str:
    """A short digest of what decides the outcome of a step."""
    return _digest(*parts)


def _digest_of(request: JobRequest) -> str:
    return _digest(json.dumps(replace(request, token="").arguments, sort_keys=True), request.name)


def _digest(*parts: object) -> str:
    digest = blake2b(digest_size=16)
    for part in parts:
        text = str(part).encode()
        digest.update(f"{len(text)}:".encode() + text)
    return digest.hexdigest()


def _is_place(path: Path) -> bool:
    try:
        return uuid.UUID(path.name).hex == path.name
    except ValueError:
        return False

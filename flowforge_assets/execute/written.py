"""Steps whose datasets a job elsewhere writes: the places they are given, and what is there then.

What was written beside the table is read lazily and goes the way of every other frame. A table
that was written in place is only looked at and recorded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import polars as pl

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.polars_types import polars_schema
from flowforge_assets.core.result import Examination
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition
from flowforge_assets.declare.job import Out, Written
from flowforge_assets.errors.base import FlowForgeError, Problems, raise_all
from flowforge_assets.errors.check import ReturnValueError
from flowforge_assets.errors.job import (
    InPlaceError,
    InPlaceStoreError,
    JobLostError,
    WrittenElsewhereError,
    WrittenMissingError,
)
from flowforge_assets.errors.run import StepFailedError
from flowforge_assets.execute.inputs import Inputs
from flowforge_assets.execute.jobs import JobStep, made_from_digest
from flowforge_assets.execute.judge import Judge
from flowforge_assets.execute.scope import RunScope
from flowforge_assets.graph.promise import promise_errors
from flowforge_assets.sdk.attach import attached
from flowforge_assets.storage.failure import reading

_WRITES: Final = "the job writes a Delta table or `.parquet` files to `out.url`"

T = TypeVar("T")


@dataclass(slots=True)
class WrittenStep:
    """One try of such a step: what it hands to the asset, and what it finds afterwards."""

    scope: RunScope
    asset: AssetDefinition
    unit: PartitionSet
    jobs: JobStep
    has_been_read: bool = False

    def arguments(self) -> dict[str, object]:
        """The places by parameter.

        Raises:
            InPlaceStoreError: the table cannot be written in place (FF-733).
        """
        partitions = self.unit.render(None)
        return {
            parameter: Out(self.url(dataset), partitions)
            for parameter, dataset in self.asset.outs.items()
        }

    def url(self, dataset: DatasetKey) -> str:
        """Where the dataset is to be written."""
        if not self.asset.in_place:
            return self.jobs.folder(dataset).as_uri()
        from flowforge_assets.storage.delta import DeltaTable  # deltalake: other stores need none

        table = self.scope.table(self.scope.graph.datasets[dataset])
        if not isinstance(table, DeltaTable):
            message = (
                f"`{dataset}` cannot be written in place in the store `{self.scope.store.uri}`"
            )
            hint = "use a store of Delta tables in a folder, or leave out `in_place=True`"
            raise InPlaceStoreError(message, place=self.asset.place, hint=hint)
        return table.uri

    def found(self, returned: Sequence[object]) -> list[object]:
        """What the asset returned, with lazy frames in the place of what says `written`.

        Raises:
            ReturnValueError: it does not say so (FF-305).
            WrittenElsewhereError: it is not the place that the asset was given (FF-734).
            WrittenMissingError: nothing that can be read is there (FF-718).
        """
        found: list[object] = []
        for output, value in zip(self.asset.makes, returned, strict=True):
            if output.form == "written":
                self.refuse_elsewhere(output.dataset, value)
                is_staged = not self.asset.in_place
                found.append(self.read(output.dataset) if is_staged else value)
            else:
                found.append(value)
        self.has_been_read = not self.asset.in_place
        return found

    def meta_of(self, returned: object) -> Mapping[str, object]:
        """What the asset said of a dataset that is written, as JSON values."""
        if not isinstance(returned, Written):
            return {}
        said: dict[str, object] = json.loads(json.dumps(dict(returned.meta), default=str))
        return said

    def refuse_elsewhere(self, key: DatasetKey, returned: object) -> None:
        """Passes the place that the asset was given for the dataset."""
        parameter = next(name for name, dataset in self.asset.outs.items() if dataset == key)
        if not isinstance(returned, Written):
            kind = "None" if returned is None else f"`{type(returned).__name__}`"
            message = f"`{self.asset.name}` returned {kind}, not that `{key}` is written"
            hint = f"return `{parameter}.written()`"
            raise ReturnValueError(message, place=self.asset.place, hint=hint)
        if returned.url != self.url(key):
            message = f"`{self.asset.name}` says that `{key}` is written to another place"
            hint = f"return `{parameter}.written()`, in the order of the return annotation"
            raise WrittenElsewhereError(message, place=self.asset.place, hint=hint)

    def read(self, key: DatasetKey) -> pl.LazyFrame:
        """What lies in the dataset's folder.

        Raises:
            WrittenMissingError: nothing, or nothing that can be read (FF-718).
        """
        folder = self.jobs.folder(key)
        with self.readable(key):
            found = scan_written(folder, self.scope.graph.datasets[key])
            if found is not None:
                found.collect_schema()
        if found is None:
            message = f"`{self.asset.name}` has nothing written of `{key}` in `{folder}`"
            raise WrittenMissingError(message, place=self.asset.place, hint=_WRITES)
        return found

    def refuse_unreadable(self) -> None:
        """Reads all that was written, to learn whether that is why a step has failed.

        Raises:
            WrittenMissingError: it is (FF-718).
        """
        for output in self.asset.makes:
            if output.form == "written":
                rows = self.read(output.dataset)
                with self.readable(output.dataset):
                    for _ in rows.collect_batches():
                        pass

    @contextmanager
    def readable(self, key: DatasetKey) -> Generator[None]:
        """Lets what cannot be read be the fault of the job."""
        try:
            yield
        except BaseException as error:
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            said = str(error).strip().partition("\n")[0][:200]
            message = f"what `{self.asset.name}` has written of `{key}` cannot be read: {said}"
            raise WrittenMissingError(message, place=self.asset.place, hint=_WRITES) from error


def with_jobs(
    scope: RunScope,
    asset: AssetDefinition,
    inputs: Inputs,
    unit: PartitionSet,
    make: Callable[[WrittenStep], T],
) -> tuple[T, Callable[[], None]]:
    """What `make` gives for a try of the step, and what to call when that is committed.

    A former try that timed out is waited for. Jobs that a killed run left are taken up; where
    they are lost or others are asked for now, the step is begun anew.

    Raises:
        FlowForgeError: the step failed; what it has written is gone, unless its job goes on.
    """
    made_from = made_from_digest(
        scope.fingerprints[asset.id],
        sorted(inputs.versions.items()),
        [scope.made.versions(key, unit) for key in (output.dataset for output in asset.makes)],
    )

    def step(*, anew: bool = False) -> WrittenStep:
        jobs = JobStep(
            scope.jobs,
            asset,
            unit,
            store_uri=scope.store.uri,
            made_from=made_from,
            anew=anew,
        )
        return WrittenStep(scope, asset, unit, jobs)

    with scope.jobs.alone(asset.id, unit.render(None)):
        current = step()
        try:
            return _tried(current, make), current.jobs.spend
        except JobLostError:
            if not current.jobs.is_taken_up:
                raise
        current = step(anew=True)
        return _tried(current, make), current.jobs.spend


def _tried(step: WrittenStep, make: Callable[[WrittenStep], T]) -> T:
    try:
        with attached(step.jobs):
            return make(step)
    except BaseException as error:
        try:
            # A lazy frame meets a damaged file when it is collected, as the asset's own failure.
            if isinstance(error, StepFailedError) and step.has_been_read:
                step.refuse_unreadable()
        finally:
            step.jobs.spend()
        raise


def examined_in_place(judge: Judge) -> Examination:
    """What the step's rows of a table break that was written in place.

    Raises:
        InPlaceError: the table is not there, has other columns, or breaks rules (FF-719).
    """
    asset, dataset = judge.asset, judge.dataset
    table = judge.scope.table(dataset)
    try:
        columns = table.columns()
        if columns is None:
            message = f"no table of `{dataset.key}` is at `{table.uri}`"
            raise WrittenMissingError(message, place=asset.place, hint=_WRITES)
        raise_all(promise_errors(columns, dataset, asset))
        rows = table.scan(judge.replaced if judge.replaced.dimensions else None)
        with reading(table):
            examination = judge.examine(rows)
        if examination.failed:
            judge.refuse(examination)
    except FlowForgeError as error:
        first = error.errors[0] if isinstance(error, Problems) else error
        message = f"`{asset.name}` has written `{dataset.key}` in place, and {first.message}"
        hint = f"it stays out of date: mend the job and run again ({first.code})"
        raise InPlaceError(message, place=asset.place, hint=hint) from error
    return examination


def scan_written(folder: Path, dataset: DatasetDefinition) -> pl.LazyFrame | None:
    """The rows of the Delta table or Parquet files in `folder`; None where neither is.

    Folders such as `day=2026-01-01/` give columns, read as the dataset declares them. What begins
    with `_` or `.` is no data, as Spark has it.
    """
    if (folder / "_delta_log").is_dir():
        return pl.scan_delta(folder)
    files = [
        path
        for path in sorted(folder.rglob("*.parquet"))
        if not any(part.startswith(("_", ".")) for part in path.relative_to(folder).parts)
    ]
    if not files:
        return None
    named = {
        part.partition("=")[0]
        for path in files
        for part in path.relative_to(folder).parts[:-1]
        if "=" in part
    }
    declared = polars_schema(dataset.schema)
    hive = {name: dtype for name, dtype in declared.items() if name in named}
    return pl.scan_parquet(files, hive_partitioning=bool(named), hive_schema=hive or None)

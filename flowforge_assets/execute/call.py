"""Calls the code of an asset or check, and tells its failures from ours."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, Final, TypeVar

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.declare.definition import AssetDefinition, CheckDefinition, DatasetDefinition
from flowforge_assets.declare.resource import Context
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.run import StepFailedError, StepTimeoutError
from flowforge_assets.execute.inputs import Loaded, in_form, key_arguments
from flowforge_assets.execute.resources import Resources
from flowforge_assets.execute.scope import RunScope
from flowforge_assets.execute.sql_step import SqlRunner
from flowforge_assets.execute.step_log import logged_as

T = TypeVar("T")
OUR_FOLDER: Final = str(Path(__file__).parents[1])


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a call needs beside its inputs."""

    env: str
    run_id: str
    datasets: Mapping[DatasetKey, DatasetDefinition]
    resources: Resources
    sql: SqlRunner
    now: datetime

    @classmethod
    def of(cls, scope: RunScope) -> Surroundings:
        """Those of a run."""
        datasets = scope.graph.datasets
        return cls(scope.env, scope.run_id, datasets, scope.resources, scope.sql, scope.now)


def call_asset(
    scope: Surroundings,
    asset: AssetDefinition,
    unit: PartitionSet,
    loaded: Loaded,
    *,
    given: Mapping[str, object] | None = None,
    step_id: str,
    attempt: int,
) -> object:
    """What the asset gives for its inputs; `given` are the parameters that are no rows.

    Raises:
        StepFailedError: its code fails (FF-701).
        SqlError: its query fails (FF-4xx).
    """
    if asset.sql_path is not None:
        return _query(scope, asset, unit, loaded)
    arguments = users_code(asset, lambda: _arguments(scope, asset, unit, loaded))
    arguments.update(given or {})
    if asset.context is not None:
        arguments[asset.context] = Context(
            env=scope.env,
            run_id=scope.run_id,
            step_id=step_id,
            asset=asset.name,
            partitions=unit,
            now=scope.now,
            attempt=attempt,
            log=logging.getLogger(f"flowforge.{asset.name}"),
        )
    function = asset.function
    assert function is not None  # noqa: S101 - it is no SQL asset
    with logged_as(scope.run_id, step_id, unit):
        return users_code(asset, lambda: function(**arguments))


def _arguments(
    scope: Surroundings, asset: AssetDefinition, unit: PartitionSet, loaded: Loaded
) -> dict[str, Any]:
    arguments: dict[str, Any] = key_arguments(asset, scope.datasets[asset.id], unit)
    for read in asset.inputs:
        if read.parameter in loaded:
            dataset = scope.datasets[read.dataset]
            arguments[read.parameter] = in_form(loaded[read.parameter], read.form, dataset)
    for parameter, kind in asset.resources.items():
        arguments[parameter] = scope.resources.get(kind)
    return arguments


def _query(
    scope: Surroundings, asset: AssetDefinition, unit: PartitionSet, loaded: Loaded
) -> object:
    frames = {
        read.dataset: frame
        for read in asset.inputs
        if (frame := loaded[read.parameter]) is not None
    }
    return scope.sql.run(asset, frames, unit, scope.datasets)


def users_code(owner: AssetDefinition | CheckDefinition, call: Callable[[], T]) -> T:
    """What `call` gives; a failure of the project's code as our error, with its own traceback.

    Raises:
        StepFailedError: it fails (FF-701).
    """
    try:
        return call()
    except FlowForgeError:
        raise
    except BaseException as error:
        if isinstance(error, (KeyboardInterrupt, GeneratorExit)):
            raise  # ours to end the run by; `sys.exit()` and a native crash are the code's own
        said = "".join(traceback.format_exception_only(error)).strip()
        own = [
            frame
            for frame in traceback.extract_tb(error.__traceback__)
            if not frame.filename.startswith(OUR_FOLDER)
        ]
        text = "".join(traceback.format_list(own)) + said if own else said
        message = f"`{owner.name}` failed: {said.splitlines()[0]}"
        raise StepFailedError(message, place=owner.place, traceback_text=text) from error


def within_timeout(asset: AssetDefinition, call: Callable[[], T]) -> T:
    """What `call` gives, if it does so within the asset's timeout.

    A call that takes longer goes on in its thread, and what it gives is not used.

    Raises:
        StepTimeoutError: it takes longer (FF-702).
    """
    if asset.timeout is None:
        return call()
    answers: SimpleQueue[tuple[bool, Any]] = SimpleQueue()

    def work() -> None:
        try:
            answers.put((True, call()))
        except BaseException as error:  # noqa: BLE001 - it is raised again by who waits
            answers.put((False, error))

    thread = Thread(target=work, name=f"flowforge {asset.name}", daemon=True)
    thread.start()
    thread.join(asset.timeout.total_seconds())
    if answers.empty():
        message = f"`{asset.name}` took longer than {asset.timeout}"
        raise StepTimeoutError(message, place=asset.place, hint="raise its `timeout`")
    is_good, answer = answers.get()
    if not is_good:
        raise answer
    return answer  # type: ignore[no-any-return]  # what `call` gave


def bound_arguments(check: CheckDefinition, loaded: Mapping[str, object]) -> dict[str, object]:
    """The check's arguments but the first, by parameter."""
    return {read.parameter: loaded[read.parameter] for read in check.inputs[1:]}

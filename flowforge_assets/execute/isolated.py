"""Calls an asset in a process of its own, so that a crash of native code fails that step alone.

The child loads the inputs, calls the asset and writes what it gives into Arrow files; the run
judges those and commits. A child whose run is gone sees its standard input close, and ends.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any, Final

import polars as pl

from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.declare.asset import DECLARED
from flowforge_assets.declare.definition import AssetDefinition
from flowforge_assets.declare.job import Ref
from flowforge_assets.errors.base import raise_all
from flowforge_assets.errors.isolated import NotIsolableError, ProcessDiedError
from flowforge_assets.errors.job import JobCancelledError
from flowforge_assets.errors.run import StepTimeoutError
from flowforge_assets.execute.inputs import Loaded
from flowforge_assets.execute.isolated_answer import Answer, Question, read_error
from flowforge_assets.execute.scope import RunScope
from flowforge_assets.sql.step_parameters import written_variables

_FOLDER: Final = "isolated"
_LOOK_SECONDS: Final = 0.1
_LAST_LINES: Final = 200
_TELLING: Final = re.compile(r"memory allocation of|panicked at|Fatal Python error|Error: ")
_SMALL_BYTES: Final = 16_000_000
_ATOP: Final = "declare it at the top of a module, where the process can import it"


@contextmanager
def room_for(scope: RunScope, asset: AssetDefinition) -> Generator[Path | None]:
    """The folder into which the child writes, removed at the end; None without a child."""
    if not asset.isolated:
        yield None
        return
    parent = scope.jobs.kept / _FOLDER
    _sweep(parent)
    folder = parent / f"{os.getpid()}-{uuid.uuid4().hex}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(parent: Path) -> None:
    """Removes what runs have left here that were killed."""
    for folder in parent.glob("*-*"):
        owner = folder.name.partition("-")[0]
        if owner.isdecimal() and not _is_running(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def call_isolated(
    scope: RunScope,
    asset: AssetDefinition,
    unit: PartitionSet,
    loaded: Loaded,
    folder: Path,
    *,
    given: Mapping[str, object],
    step_id: str,
    attempt: int,
) -> tuple[object, ...]:
    """What the asset gives, one value an output: frames that lie in files in `folder`, or paths.

    Raises:
        ProcessDiedError: the child ended by a signal, or without an answer (FF-760).
        NotIsolableError: the child could not find the asset, or what it needs (FF-761).
        StepTimeoutError: it took longer than the asset's timeout, and was killed (FF-702).
        JobCancelledError: the run was stopped, and it was killed (FF-735).
        FlowForgeError: what it ended with itself.
    """
    head: dict[str, Any] = {
        **_where(scope, asset),
        "path": sys.path,
        "folder": str(folder),
        "unit": unit.to_json(),
        "given": {name: _plain(value) for name, value in given.items()},
        "absent": [name for name, frame in loaded.items() if frame is None],
        "env": scope.env,
        "run_id": scope.run_id,
        "step_id": step_id,
        "attempt": attempt,
        "now": scope.now.isoformat(),
        "resources": scope.resources.settings_of(asset.resources.values()),
        "memory_bytes": scope.sql.memory_bytes,
    }
    frames = {name: frame.serialize() for name, frame in loaded.items() if frame is not None}
    last_words = _run(Question(head, frames), scope, asset)
    answer = Answer.found(folder)
    if answer is None:
        raise _died(asset, *last_words)
    raise_all(read_error(each) for each in answer.errors)
    return tuple(
        _read(Path(file)) if output.form != "file" else Path(file)
        for file, output in zip(answer.files, asset.makes, strict=True)
    )


def _read(file: Path) -> pl.DataFrame | pl.LazyFrame:
    """The rows, in memory when they are few."""
    return pl.read_ipc(file) if file.stat().st_size <= _SMALL_BYTES else pl.scan_ipc(file)


def _where(scope: RunScope, asset: AssetDefinition) -> dict[str, Any]:
    """How the child finds the asset."""
    if asset.sql_path is not None:
        dimensions = [
            (each.column, each.kind, each.tz) for each in scope.graph.steps(asset).dimensions
        ]
        return {
            "sql": str(asset.sql_path),
            "dialect": asset.dialect,
            "query": _given_query(asset),
            "id": asset.id,
            "name": asset.name,
            "place": [asset.place.file, asset.place.line],
            "dimensions": dimensions,
            "inputs": {read.parameter: read.dataset for read in asset.inputs},
            "variables": list(written_variables(asset.variables)),
        }
    for (module, identity), declared in DECLARED.items():
        if declared.function is asset.function:
            if module == "__main__":
                message = f"`{asset.name}` is isolated, and `__main__` is no module to import"
                raise NotIsolableError(message, place=asset.place, hint=_ATOP)
            return {"module": module, "identity": identity, "name": asset.name}
    message = f"`{asset.name}` is isolated, and nothing that can be imported declares it"
    raise NotIsolableError(message, place=asset.place, hint=_ATOP)


def _given_query(asset: AssetDefinition) -> list[object] | None:
    """The text that a function gave, and where it stands."""
    query = asset.query
    return None if query is None else [query.text, query.line, query.column, query.by_line]


def _plain(value: object) -> object:
    """A parameter that is no rows, as JSON values."""
    match value:
        case Path():
            return {"path": str(value)}
        case Ref():
            return {"ref": [value.url, value.version, value.partitions]}
        case _:
            return None


def _run(question: Question, scope: RunScope, asset: AssetDefinition) -> tuple[int, list[str]]:
    """Waits for the child that answers; gives its exit code and the last lines that it said."""
    child = subprocess.Popen(
        [sys.executable, "-m", "flowforge_assets.execute.isolated_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C is for the run, which ends it
    )
    said: deque[str] = deque(maxlen=_LAST_LINES)
    assert child.stdin is not None  # noqa: S101 - it is a pipe
    listener = Thread(target=_listen, args=(child, said), daemon=True)
    listener.start()
    try:
        with suppress(BrokenPipeError):  # it died before it heard all: its exit code says how
            question.write(child.stdin)
        _wait(child, scope, asset)
        listener.join(_LOOK_SECONDS)
        return child.wait(), list(said)
    finally:
        _kill(child)
        with suppress(BrokenPipeError):
            child.stdin.close()
        listener.join(_LOOK_SECONDS)


def _listen(child: subprocess.Popen[bytes], said: deque[str]) -> None:
    """Passes on what the child says, and keeps the last of it."""
    assert child.stdout is not None  # noqa: S101 - it is a pipe
    with child.stdout as lines:
        for line in lines:
            text = line.decode(errors="replace")
            said.append(text.rstrip())
            sys.stderr.write(text)


def _wait(child: subprocess.Popen[bytes], scope: RunScope, asset: AssetDefinition) -> None:
    until = None if asset.timeout is None else time.monotonic() + asset.timeout.total_seconds()
    while True:
        with suppress(subprocess.TimeoutExpired):
            child.wait(_LOOK_SECONDS)
            return
        if scope.stop.is_set():
            message = f"the run was stopped while `{asset.name}` was made in a process of its own"
            raise JobCancelledError(message, place=asset.place, hint="run again")
        if until is not None and time.monotonic() > until:
            message = f"`{asset.name}` took longer than {asset.timeout}"
            raise StepTimeoutError(message, place=asset.place, hint="raise its `timeout`")


def _kill(child: subprocess.Popen[bytes]) -> None:
    """Ends the child and what it has started."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _died(asset: AssetDefinition, code: int, said: Sequence[str]) -> ProcessDiedError:
    if code < 0:
        name = signal.Signals(-code).name
        why = f"was killed by {name}" if -code == signal.SIGKILL else f"died of {name}"
    else:
        why = f"ended with {code} and gave no answer"
    lines = [line for line in said if line.strip()]
    words = next(filter(_TELLING.search, lines), lines[-1] if lines else "")
    message = f"the process of `{asset.name}` {why}" + (f": {words[:200]}" if words else "")
    hint = "take less at once (finer partitions, lazy frames), or give it more memory"
    if code >= 0 or -code not in {signal.SIGKILL, signal.SIGABRT}:
        hint = "what it said last is above; call the function alone to see where it ends"
    return ProcessDiedError(message, place=asset.place, hint=hint)

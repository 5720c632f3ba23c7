"""The process of an isolated asset: hears the question, calls the asset, writes the answer."""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import Any, Final, TypeAlias

import polars as pl

from flowforge_assets.core.dimension import Dimension
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.declare.asset import DECLARED
from flowforge_assets.declare.definition import (
    AssetDefinition,
    DatasetDefinition,
    Input,
    Output,
    QueryText,
)
from flowforge_assets.declare.describe import describe
from flowforge_assets.declare.job import Ref
from flowforge_assets.declare.keys import with_key_columns
from flowforge_assets.declare.mapping import Same
from flowforge_assets.declare.signature import read_asset
from flowforge_assets.errors.base import FlowForgeError, Place
from flowforge_assets.errors.isolated import NotIsolableError
from flowforge_assets.errors.run import ReturnedFileError
from flowforge_assets.execute.call import Surroundings, call_asset, users_code
from flowforge_assets.execute.contract import as_frame, returned_values
from flowforge_assets.execute.isolated_answer import Answer, Question, written_errors
from flowforge_assets.execute.resources import Resources
from flowforge_assets.execute.sql_step import SqlRunner
from flowforge_assets.sql.step_parameters import read_variables

_STOPPED: Final = 1
Datasets: TypeAlias = Mapping[DatasetKey, DatasetDefinition]


def main() -> None:
    """Answers one question."""
    sys.stdout = sys.stderr  # what the asset prints is for people
    source = sys.stdin.buffer
    question = Question.read(source)
    Thread(target=_end_with_run, args=(source.fileno(),), daemon=True).start()
    folder = Path(question.head["folder"])
    try:
        answer = Answer(files=_files(question, folder))
    except FlowForgeError as error:
        answer = Answer(errors=list(written_errors(error)))
    answer.write(folder)


def _end_with_run(source: int) -> None:
    """Ends this process when the run that has asked is gone, which closes the pipe `source`."""
    os.read(source, 1)
    os._exit(_STOPPED)


def _files(question: Question, folder: Path) -> list[str]:
    """What the call gives, each output in a file."""
    head = question.head
    sys.path[:] = head["path"]
    asset, datasets, unit = _found(head)
    loaded: dict[str, pl.LazyFrame | None] = dict.fromkeys(head["absent"])
    for name, frame in question.frames.items():
        loaded[name] = pl.LazyFrame.deserialize(io.BytesIO(frame))
    resources = Resources(head["resources"])
    memory_bytes = head["memory_bytes"]
    sql = SqlRunner(workers=1, memory_bytes=memory_bytes, spill=folder / "spill")
    around = Surroundings(
        env=head["env"],
        run_id=head["run_id"],
        datasets=datasets,
        resources=resources,
        sql=sql,
        now=datetime.fromisoformat(head["now"]),
    )
    try:
        returned = call_asset(
            around,
            asset,
            unit,
            loaded,
            given={name: _given(value) for name, value in head["given"].items()},
            step_id=head["step_id"],
            attempt=head["attempt"],
        )
        values = users_code(asset, lambda: returned_values(returned, asset, datasets))
        return [
            _written(value, output, folder / f"{at}.arrow", asset, datasets)
            for at, (value, output) in enumerate(zip(values, asset.makes, strict=True))
        ]
    finally:
        sql.close()
        resources.close()


def _found(head: Mapping[str, Any]) -> tuple[AssetDefinition, Datasets, PartitionSet]:
    """The asset that is meant, the datasets that it names, and the partitions to make.

    Raises:
        NotIsolableError: it is not where it was declared (FF-761).
    """
    if "sql" in head:
        asset = _query(head)
        dimensions = tuple(Dimension(*each) for each in head["dimensions"])
        return asset, {}, PartitionSet.from_json(dimensions, head["unit"])
    try:
        importlib.import_module(head["module"])
    except Exception as error:
        message = f"`{head['name']}` is isolated, and its module `{head['module']}` fails: {error}"
        hint = "a process of its own imports it: keep what it does there to declarations"
        raise NotIsolableError(message, hint=hint) from error
    declared = DECLARED.get((head["module"], head["identity"]))
    if declared is None:
        message = f"`{head['name']}` is isolated, and importing `{head['module']}` declares none"
        hint = "declare it at the top of a module, where another process finds it"
        raise NotIsolableError(message, hint=hint)
    classes: dict[DatasetKey, type] = {}
    asset = read_asset(declared, classes)
    datasets = {key: describe(cls) for key, cls in classes.items()}
    steps = asset.per or datasets[asset.id].partitioning
    unit = PartitionSet.from_json(steps.dimensions, head["unit"])
    return with_key_columns(asset, steps.dimensions), datasets, unit


def _query(head: Mapping[str, Any]) -> AssetDefinition:
    """What must be known of a SQL asset to run it."""
    inputs = head["inputs"].items()
    return AssetDefinition(
        name=head["name"],
        makes=(Output(DatasetKey(head["id"]), "frame"),),
        place=Place(*head["place"]),
        inputs=tuple(Input(name, DatasetKey(key), "frame", Same()) for name, key in inputs),
        sql_path=Path(head["sql"]),
        query=None if head["query"] is None else QueryText(*head["query"]),
        dialect=head["dialect"],
        variables=read_variables(head["variables"]),
    )


def _given(value: Mapping[str, Any] | None) -> object:
    """A parameter that is no rows."""
    if value is None:
        return None
    if "path" in value:
        return Path(value["path"])
    return Ref[Any](*value["ref"])


def _written(
    value: object, output: Output, file: Path, asset: AssetDefinition, datasets: Datasets
) -> str:
    """Writes the rows of one output into `file`, as a stream where they are lazy; gives its path.

    What is a file already stays where it is.
    """
    if output.form == "file":
        if isinstance(value, Path):
            return str(value.absolute())
        kind = type(value).__name__
        message = f"`{asset.name}` returned `{kind}`, not the path of `{output.dataset}`"
        raise ReturnedFileError(message, place=asset.place, hint="return a `pathlib.Path`")
    if asset.sql_path is not None:
        frame = value
    else:
        dataset = datasets[output.dataset]
        frame = users_code(asset, lambda: as_frame(value, output.form, dataset, asset))
    if isinstance(frame, pl.LazyFrame):
        lazy = frame
        users_code(asset, lambda: lazy.sink_ipc(file))
    elif isinstance(frame, pl.DataFrame):
        frame.write_ipc(file)
    return str(file)


if __name__ == "__main__":
    main()

"""The type check: every asset called on empty inputs, every promise compared, without data."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import TimeExtent
from flowforge_assets.core.schema import Plain, Schema
from flowforge_assets.declare.definition import (
    AssetDefinition,
    CheckDefinition,
    DatasetDefinition,
    Input,
)
from flowforge_assets.declare.partitions import Partitions
from flowforge_assets.errors.base import FlowForgeError, Place, Problems, did_you_mean
from flowforge_assets.errors.check import BodyError, ReturnValueError
from flowforge_assets.graph.build import Graph
from flowforge_assets.graph.promise import promise_errors

if TYPE_CHECKING:
    import polars as pl

    from flowforge_assets.sql.analysis import SqlAnalysis

_OURS: Final = str(Path(__file__).parents[1])
_QUOTED: Final = re.compile(r'"([^"]*)"')  # what polars could not find comes first


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What the check found. `not_checked` says of an asset why its body was not looked into."""

    assets: int
    errors: tuple[FlowForgeError, ...] = ()
    not_checked: Mapping[str, str] = field(default_factory=dict)


def check_assets(
    graph: Graph, ids: Iterable[DatasetKey], *, root: Path, sql: SqlAnalysis
) -> CheckReport:
    """Checks the assets `ids`, the rules of what they make and the checks that guard it.

    A lazy asset whose parameters are all lazy frames is called on empty frames and the schema of
    what it returns is compared with its promise: about 0.3 ms an asset. SQL is bound over empty
    tables. Every other asset is checked when it runs, at its edges.
    """
    checker = _Checker(graph, root.resolve(), sql)
    count = 0
    for id_ in ids:
        count += 1
        checker.check(graph.assets[id_])
    return CheckReport(count, tuple(checker.errors), checker.not_checked)


class _Checker:
    def __init__(self, graph: Graph, root: Path, sql: SqlAnalysis) -> None:
        self.graph = graph
        self.root = root
        self.sql = sql
        self.errors: list[FlowForgeError] = []
        self.not_checked: dict[str, str] = {}
        self.frames: dict[DatasetKey, pl.LazyFrame] = {}

    def check(self, asset: AssetDefinition) -> None:
        """One asset, and what guards its outputs."""
        for output in asset.makes:
            dataset = self.graph.datasets[output.dataset]
            self.check_rules(dataset)
            for check in self.graph.checks.get(output.dataset, ()):
                self.check_check(check)
        if asset.sql_path is not None:
            self.check_sql(asset)
            return
        reason = _why_not(asset)
        if reason is not None:
            self.not_checked[asset.name] = reason
            return
        keys = example_keys(asset, self.graph.datasets[asset.id])
        returned = self.called(asset, asset.inputs, keys)
        if returned is not None:
            self.compare(asset, returned)

    def called(
        self,
        owner: AssetDefinition | CheckDefinition,
        inputs: Iterable[Input],
        keys: Mapping[str, object],
    ) -> tuple[Any, pl.Schema] | None:
        """What the body gives for empty frames, with its schema; None when it fails or collects."""
        import polars as pl  # heavy: a warm check of SQL needs none

        arguments = {read.parameter: self.empty(read.dataset) for read in inputs}
        function = owner.function
        assert function is not None  # noqa: S101 - the caller asked
        try:
            returned = function(**arguments, **keys)
            if isinstance(returned, pl.LazyFrame):
                return returned, returned.collect_schema()
        except FlowForgeError as error:
            self.add(error, owner.place)
            return None
        except Exception as error:  # noqa: BLE001 - the project's code may raise anything
            self.errors.append(self.body_error(owner, error, inputs))
            return None
        if isinstance(returned, pl.DataFrame):
            return returned, returned.schema
        kind = "None" if returned is None else f"`{type(returned).__name__}`"
        message = f"`{owner.name}` returns {kind}, not a frame"
        hint = "does a `return` lack?" if returned is None else "return a polars frame"
        self.errors.append(ReturnValueError(message, place=owner.place, hint=hint))
        return None

    def compare(self, asset: AssetDefinition, returned: tuple[Any, pl.Schema]) -> None:
        """The schema of what the asset returns, with what it promises."""
        dataset = self.graph.datasets[asset.makes[0].dataset]
        self.errors += promise_errors(returned[1], dataset, asset)

    def check_check(self, check: CheckDefinition) -> None:
        """A check is called like an asset; any frame will do."""
        if all(read.form == "frame" for read in check.inputs):
            self.called(check, check.inputs, {})
        else:
            self.not_checked[check.name] = "it reads its rows eagerly"

    def check_rules(self, dataset: DatasetDefinition) -> None:
        """Rules that cannot be evaluated, such as a regular expression that does not parse."""
        from flowforge_assets.core.rule import Holds, Matches

        doubtful = [rule for rule in dataset.rules if isinstance(rule, (Matches, Holds))]
        if doubtful:
            from flowforge_assets.quality.usable import refuse_unusable  # needs polars

            self.errors += refuse_unusable(
                doubtful, dataset.schema, dataset=dataset.key, place=dataset.place
            )

    def check_sql(self, asset: AssetDefinition) -> None:
        """The query's exact columns, with what its dataset promises."""
        from flowforge_assets.core.polars_types import polars_schema
        from flowforge_assets.sql.file import read_sql_file

        dataset = self.graph.datasets[asset.id]
        try:
            file = read_sql_file(asset.sql_path or Path(), shown_as=asset.place.file)
            schemas = {r.dataset: self.graph.datasets[r.dataset].schema for r in asset.inputs}
            found = self.sql.result_schema(file, schemas, parameters=key_types(dataset))
        except FlowForgeError as error:
            self.add(error, asset.place)
            return
        if not _same(found, dataset.schema):
            self.errors += promise_errors(polars_schema(found), dataset, asset)

    def empty(self, key: DatasetKey) -> pl.LazyFrame:
        """An empty frame of the dataset's declared columns."""
        import polars as pl  # heavy: as in `called`

        from flowforge_assets.core.polars_types import polars_schema

        frame = self.frames.get(key)
        if frame is None:
            frame = pl.LazyFrame(schema=polars_schema(self.graph.datasets[key].schema))
            self.frames[key] = frame
        return frame

    def body_error(
        self,
        owner: AssetDefinition | CheckDefinition,
        error: Exception,
        inputs: Iterable[Input],
    ) -> FlowForgeError:
        """The failure of a body, at the project's own line."""
        place = self.own_line(error) or owner.place
        said = str(error).strip().split("\n\n", maxsplit=1)[0].splitlines()[0] if str(error) else ""
        names = {n for read in inputs for n in self.graph.datasets[read.dataset].schema.names}
        if type(error).__name__ == "ColumnNotFoundError":
            quoted = _QUOTED.search(said)
            wrong = quoted[1] if quoted else said
            message = f"`{owner.name}` uses the column `{wrong}`, which its inputs do not have"
            hint = did_you_mean(wrong, names) or f"they have {', '.join(sorted(names))}"
            return BodyError(message, place=place, hint=hint)
        message = f"`{owner.name}` fails on empty inputs: {type(error).__name__}: {said}"
        missing = getattr(error, "name", None) if isinstance(error, AttributeError) else None
        hint = did_you_mean(missing, names) if isinstance(missing, str) else None
        return BodyError(message, place=place, hint=hint)

    def own_line(self, error: Exception) -> Place | None:
        """The innermost line of the project's code in the error's traceback."""
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            path = Path(frame.filename)
            if not frame.filename.startswith(_OURS) and path.is_relative_to(self.root):
                file = path.relative_to(self.root).as_posix()
                return Place(file, frame.lineno or 0, text=(frame.line or "").strip())
        return None

    def add(self, error: FlowForgeError, place: Place) -> None:
        """An error of ours; one without a place gets that of what was checked."""
        for each in error.errors if isinstance(error, Problems) else [error]:
            each.place = each.place or place
            self.errors.append(each)


def _why_not(asset: AssetDefinition) -> str | None:
    """Why the body cannot be called without data; None when it can."""
    if not asset.lazy:
        return "it says `lazy=False`"
    if asset.resources or asset.context:
        return "it has parameters beside frames and keys"
    if not asset.inputs:
        return "it is a source"
    if any(read.form != "frame" for read in asset.inputs):
        return "it reads its rows eagerly"
    if asset.makes[0].form != "frame":
        return "it gives its rows eagerly"
    return None


def example_keys(asset: AssetDefinition, dataset: DatasetDefinition) -> dict[str, object]:
    """The first declared key of each dimension, for the parameters that ask for keys."""
    examples: dict[str, object] = {}
    partitioning = dataset.partitioning
    for dimension, extent in zip(partitioning.dimensions, partitioning.extents, strict=True):
        first = extent.start if isinstance(extent, TimeExtent) else extent.values[0]
        value = dimension.value(dimension.ordinal(first))
        for key in asset.keys:
            if key.column == dimension.column:
                examples[key.parameter] = Partitions([value]) if key.is_set else value
    return examples


def key_types(dataset: DatasetDefinition) -> dict[str, Any]:
    """The types of the partition keys that a query may use as `$day`."""
    types = {}
    for dimension in dataset.partitioning.dimensions:
        kind = {"hour": "timestamp", "static": "string"}.get(dimension.kind, "date")
        types[dimension.column] = Plain(kind)  # type: ignore[arg-type]  # one of the three names
    return types


def _same(found: Schema, promised: Schema) -> bool:
    """Whether names and types are equal; a query's result does not say what may be null."""
    return [(f.name, f.type) for f in found] == [(f.name, f.type) for f in promised]

"""The type check: every asset called on empty inputs, every promise compared, without data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import Partitioning, TimeExtent
from flowforge_assets.core.polars_types import polars_schema
from flowforge_assets.core.rule import Bound, Holds, Length, Matches, OneOf
from flowforge_assets.core.schema import DataType, Schema
from flowforge_assets.declare.definition import (
    AssetDefinition,
    CheckDefinition,
    DatasetDefinition,
)
from flowforge_assets.declare.partitions import Partitions
from flowforge_assets.errors.base import FlowForgeError, Place, Problems, raise_all
from flowforge_assets.errors.check import BodyFailedError, ReturnValueError
from flowforge_assets.errors.sql_function import SqlFunctionSignatureError
from flowforge_assets.graph.body import body_error, is_certain
from flowforge_assets.graph.build import Graph
from flowforge_assets.graph.drawing import check_drawing
from flowforge_assets.graph.empty import EmptyFrames
from flowforge_assets.graph.layout import layout_errors
from flowforge_assets.graph.promise import promise_errors
from flowforge_assets.project.header_dataset import is_of_file
from flowforge_assets.sql.file import query_file
from flowforge_assets.sql.step_parameters import parameter_types, wrong_types

if TYPE_CHECKING:
    import polars as pl

    from flowforge_assets.sql.analysis import SqlAnalysis

_NOTHING: Final = object()


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What the check found. `not_checked` says of an asset why its body was not looked into."""

    assets: int
    errors: tuple[FlowForgeError, ...] = ()
    not_checked: Mapping[str, str] = field(default_factory=dict[str, str])

    def __repr__(self) -> str:
        """How many assets are well, then each error."""
        return check_drawing(self).text()

    def _repr_html_(self) -> str:
        """The same, for a notebook."""
        return check_drawing(self).html()


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


def refuse_broken(graph: Graph, ids: Iterable[DatasetKey], *, root: Path, sql: SqlAnalysis) -> None:
    """Lets assets pass that keep their promises, as far as can be told without data.

    A body that raises an error of its own without rows may not do so with them: it is left to
    fail at its step.

    Raises:
        Problems: all else that is wrong with them (FF-3xx, FF-4xx).
    """
    errors = check_assets(graph, ids, root=root, sql=sql).errors
    raise_all(error for error in errors if not isinstance(error, BodyFailedError))


class _Checker:
    def __init__(self, graph: Graph, root: Path, sql: SqlAnalysis) -> None:
        self.graph = graph
        self.root = root
        self.sql = sql
        self.errors: list[FlowForgeError] = []
        self.not_checked: dict[str, str] = {}
        self.frames = EmptyFrames(graph.datasets)

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
        if asset.seed_path is not None:
            return  # its values were held against their types as it was loaded
        reason = _why_not(asset)
        if reason is not None:
            self.not_checked[asset.name] = reason
            return
        keys = example_keys(asset, self.graph.steps(asset))
        returned = self.called(asset, keys)
        if returned is _NOTHING:
            return
        many = len(asset.makes) > 1
        values = cast("tuple[object, ...]", returned if many else (returned,))
        if many and not (isinstance(returned, tuple) and len(values) == len(asset.makes)):
            message = f"`{asset.name}` returns no tuple of the {len(asset.makes)} that it makes"
            hint = "return one frame for each, in the order of `makes=`"
            self.errors.append(ReturnValueError(message, place=asset.place, hint=hint))
            return
        for output, value in zip(asset.makes, values, strict=True):
            found = self.schema_of(asset, value)
            if found is not None:
                dataset = self.graph.datasets[output.dataset]
                self.errors += promise_errors(found, dataset, asset)

    def called(
        self, owner: AssetDefinition | CheckDefinition, keys: Mapping[str, object]
    ) -> object:
        """What the body gives for empty frames; `_NOTHING` when it fails or collects."""
        frames = {
            read.parameter: self.frames.of(read.dataset, deletes=read.deletes)
            for read in owner.inputs
        }
        function = owner.function
        assert function is not None  # noqa: S101 - the caller asked
        self.frames.was_collected = False
        return self.attempt(owner, lambda: function(**frames, **keys))

    def schema_of(
        self, owner: AssetDefinition | CheckDefinition, returned: object
    ) -> pl.Schema | None:
        """The columns of what the body gave; None when polars cannot say, or it is no frame."""
        import polars as pl  # heavy: a warm check of SQL needs none

        if isinstance(returned, (pl.LazyFrame, pl.DataFrame)):
            found = self.attempt(owner, returned.collect_schema)
            return found if isinstance(found, pl.Schema) else None
        if returned is not _NOTHING:
            kind = "None" if returned is None else f"`{type(returned).__name__}`"
            message = f"`{owner.name}` returns {kind}, not a frame"
            hint = "does a `return` lack?" if returned is None else "return a polars frame"
            self.errors.append(ReturnValueError(message, place=owner.place, hint=hint))
        return None

    def attempt(
        self, owner: AssetDefinition | CheckDefinition, act: Callable[[], object]
    ) -> object:
        """What `act` gives; `_NOTHING` when it fails, or has looked at rows that are not there."""
        try:
            given = act()
        except BaseException as error:
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            if not self.frames.was_collected or is_certain(error):
                self.add(self.failure(owner, error), owner.place)
                return _NOTHING
        else:
            if not self.frames.was_collected:
                return given
        self.not_checked[owner.name] = (
            "its body collects a frame, and what it does may depend on it"
        )
        return _NOTHING

    def failure(
        self, owner: AssetDefinition | CheckDefinition, error: BaseException
    ) -> FlowForgeError:
        if isinstance(error, FlowForgeError):
            return error
        names = {n for read in owner.inputs for n in self.graph.datasets[read.dataset].schema.names}
        return body_error(owner, error, names, root=self.root)

    def check_check(self, check: CheckDefinition) -> None:
        """A check is called like an asset; any frame will do."""
        if all(read.form == "frame" for read in check.inputs):
            self.schema_of(check, self.called(check, {}))
        else:
            self.not_checked[check.name] = "it reads its rows eagerly"

    def check_rules(self, dataset: DatasetDefinition) -> None:
        """Rules that cannot be evaluated, such as a regular expression that does not parse."""
        kinds: tuple[type, ...] = (Matches, Holds)
        if is_of_file(dataset):  # a class is held against its types as it is described
            kinds += (Bound, OneOf, Length)
        doubtful = [rule for rule in dataset.rules if isinstance(rule, kinds)]
        if doubtful:
            from flowforge_assets.quality.usable import refuse_unusable  # needs polars

            self.errors += refuse_unusable(
                doubtful, dataset.schema, dataset=dataset.key, place=dataset.place
            )

    def check_sql(self, asset: AssetDefinition) -> None:
        """The query's exact columns, with what its dataset promises."""
        dataset = self.graph.datasets[asset.id]
        self.errors += layout_errors(asset, dataset)
        if dataset.is_inferred:
            return
        try:
            file = query_file(asset)
            schemas = {r.dataset: self.graph.datasets[r.dataset].schema for r in asset.inputs}
            types = query_types(asset, self.graph.steps(asset))
            self.errors += _wrong_values(asset, types)
            found = self.sql.result_schema(file, schemas, parameters=types)
        except FlowForgeError as error:
            self.add(error, asset.place)
            return
        if not _same(found, asset.returns(dataset)):
            self.errors += promise_errors(polars_schema(found), dataset, asset)

    def add(self, error: FlowForgeError, place: Place) -> None:
        """An error of ours; one without a place gets that of what was checked."""
        for each in error.errors if isinstance(error, Problems) else [error]:
            each.place = each.place or place
            self.errors.append(each)


def _why_not(asset: AssetDefinition) -> str | None:
    """Why the body cannot be called without data; None when it can."""
    if not asset.lazy:
        return "it says `lazy=False`"
    if asset.isolated:
        return "it may end the process that calls it"
    if asset.outs:
        return "a job elsewhere writes it"
    if asset.resources or asset.context:
        return "it has parameters beside frames and keys"
    if not asset.inputs:
        return "it is a source"
    if "file" in {*(read.form for read in asset.inputs), *(made.form for made in asset.makes)}:
        return "it reads or writes files"
    if any(read.form == "ref" for read in asset.inputs):
        return "it reads data by its place"
    if any(read.form not in {"frame", "before", "changes"} for read in asset.inputs):
        return "it reads its rows eagerly"
    if any(output.form != "frame" for output in asset.makes):
        return "it gives its rows eagerly"
    return None


def example_keys(asset: AssetDefinition, partitioning: Partitioning) -> dict[str, object]:
    """The first declared key of each dimension, for the parameters that ask for keys."""
    examples: dict[str, object] = {}
    for dimension, extent in zip(partitioning.dimensions, partitioning.extents, strict=True):
        first = extent.start if isinstance(extent, TimeExtent) else extent.values[0]
        value = dimension.value(dimension.ordinal(first))
        for key in asset.keys:
            if key.column == dimension.column:
                examples[key.parameter] = Partitions([value]) if key.is_set else value
    return examples


def query_types(asset: AssetDefinition, partitioning: Partitioning) -> dict[str, DataType]:
    """The types of what the asset's query may ask for as `$day`."""
    cut = partitioning.dimensions
    return parameter_types(((each.column, each.kind) for each in cut), asset.variables)


def _wrong_values(
    asset: AssetDefinition, types: Mapping[str, DataType]
) -> Iterator[SqlFunctionSignatureError]:
    """An error for each parameter that a function says has another type than it has."""
    if asset.query is None:
        return
    said = asset.query.values
    for name, known in wrong_types(said, types):
        kind = said[name].__name__
        message = f"`{name}` of `{asset.name}` is said to be a {kind}, and is {known}"
        yield SqlFunctionSignatureError(message, place=asset.place, hint="mend its `Param[...]`")


def _same(found: Schema, promised: Schema) -> bool:
    """Whether names and types are equal; a query's result does not say what may be null."""
    return [(f.name, f.type) for f in found] == [(f.name, f.type) for f in promised]

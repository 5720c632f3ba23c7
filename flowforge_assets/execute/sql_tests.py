"""Runs the unit tests of SQL assets: the query over given rows, its result beside the expected."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.polars_types import polars_schema
from flowforge_assets.core.schema import Schema
from flowforge_assets.declare.definition import AssetDefinition
from flowforge_assets.errors.base import FlowForgeError, Place, Problems, did_you_mean, raise_all
from flowforge_assets.errors.sql import (
    SqlError,
    SqlTestFileError,
    SqlTestKeyError,
    SqlTestValueError,
)
from flowforge_assets.execute.row_difference import row_difference
from flowforge_assets.graph.build import Graph
from flowforge_assets.project.sql_files import FOLDER
from flowforge_assets.sql.cases import SUFFIX, GivenRow, SqlCase, find_cases_path, read_cases
from flowforge_assets.sql.file import query_file
from flowforge_assets.sql.given_values import stored_value
from flowforge_assets.sql.step_parameters import parameter_values

if TYPE_CHECKING:
    import polars as pl

    from flowforge_assets.sql.engine import SqlEngine
    from flowforge_assets.sql.parse import ParsedSql
    from flowforge_assets.sql.result import ParameterValue


_LATE: Final = datetime(9000, 1, 1, tzinfo=UTC)  # a test does not depend on the day it is run


@dataclass(frozen=True, slots=True)
class SqlTestResult:
    """How a test of a query ended; `difference` says what was not as expected, in lines."""

    file: str
    line: int
    name: str
    asset: DatasetKey
    passed: bool
    difference: str = ""


@dataclass(frozen=True, slots=True)
class SqlTest:
    """A test and the asset whose query it tries; values are those that the columns store."""

    asset: AssetDefinition
    case: SqlCase
    inputs: Mapping[DatasetKey, pl.DataFrame]
    columns: tuple[str, ...]
    expected: tuple[tuple[object, ...], ...]
    parameters: Mapping[str, ParameterValue]


def run_sql_tests(graph: Graph, root: Path, ids: Collection[DatasetKey]) -> list[SqlTestResult]:
    """The tests that stand beside the `.sql` files of the assets `ids`, each run once.

    A query that fails is a test that does not pass. `root` is the project's folder.

    Raises:
        Problems: test files that cannot be read, or name what is not there (FF-441 to FF-443).
    """
    tests = find_sql_tests(graph, root, ids)
    if not tests:
        return []
    from flowforge_assets.sql.engine import SqlEngine  # a project without tests needs no DuckDB

    with SqlEngine() as engine:
        return [run_sql_test(test, engine) for test in tests]


def find_sql_tests(graph: Graph, root: Path, ids: Collection[DatasetKey]) -> list[SqlTest]:
    """The same tests, read and held against what the queries read and give; none is run.

    Raises:
        Problems: as `run_sql_tests`.
    """
    found: list[SqlTest] = []
    problems: list[FlowForgeError] = list(_lonely_files(graph, root))
    for id_, asset in graph.assets.items():
        path = find_cases_path(asset)
        if path is None or id_ not in ids or not path.exists():
            continue
        try:
            for case in read_cases(path, shown_as=_shown(path, root)):
                found += [_resolved(case, asset, graph, problems)]
        except FlowForgeError as error:
            problems += error.errors if isinstance(error, Problems) else [error]
    raise_all(problems)
    return found


def run_sql_test(test: SqlTest, engine: SqlEngine) -> SqlTestResult:
    """How `test` ends."""
    place = test.case.place
    try:
        rows = _run(test, engine)
    except SqlError as error:
        difference = error.render()
    else:
        difference = row_difference(
            test.columns, test.expected, rows, is_ordered=test.case.is_ordered
        )
    return SqlTestResult(
        place.file, place.line, test.case.name, test.asset.id, not difference, difference
    )


def _run(test: SqlTest, engine: SqlEngine) -> list[tuple[object, ...]]:
    from flowforge_assets.sql.session import FrameInput  # as above: DuckDB

    frames = {key: FrameInput(frame) for key, frame in test.inputs.items()}
    result = engine.run(_parsed(test.asset), frames, parameters=test.parameters)
    return result.select(test.columns or result.columns).rows()


def _parsed(asset: AssetDefinition) -> ParsedSql:
    from flowforge_assets.sql.parse import parse  # heavy: sqlglot

    return parse(query_file(asset))


def _resolved(
    case: SqlCase, asset: AssetDefinition, graph: Graph, problems: list[FlowForgeError]
) -> SqlTest:
    """The case with frames and values; what is wrong is added to `problems`."""
    import polars as pl  # heavy: only a project with tests needs it

    read = {each.dataset for each in asset.inputs}
    rows: dict[DatasetKey, list[GivenRow]] = {key: [] for key in read}
    for table in case.given:
        key = DatasetKey(table.dataset)
        if key not in read:
            message = f"the query does not read `{key}`"
            hint = did_you_mean(key, read) or f"it reads {_listed(sorted(read))}"
            problems.append(SqlTestKeyError(message, place=table.place, hint=hint))
            continue
        rows[key] += table.rows
    inputs: dict[DatasetKey, pl.DataFrame] = {}
    for key, given in rows.items():
        schema = graph.datasets[key].schema
        values = _values(given, schema, schema.names, f"`{key}`", problems)
        frame = pl.DataFrame(values, schema=polars_schema(schema), orient="row")
        inputs[key] = frame
    promised = graph.datasets[asset.id].returned
    named = {name for row in case.expect for name in row.values}
    columns = tuple(name for name in promised.names if name in named)
    expected = _values(case.expect, promised, columns, "the query's result", problems)
    parameters = _parameters(case, asset, graph, problems)
    return SqlTest(asset, case, inputs, columns, tuple(expected), parameters)


def _values(
    rows: Sequence[GivenRow],
    schema: Schema,
    columns: Sequence[str],
    where: str,
    problems: list[FlowForgeError],
) -> list[tuple[object, ...]]:
    """The rows' values in the order of `columns`; what a row leaves out is null."""
    found: list[tuple[object, ...]] = []
    for row in rows:
        stored: dict[str, object] = {}
        for name, value in row.values.items():
            field = schema.find(name)
            if field is None:
                message = f"{where} has no column `{name}`"
                hint = did_you_mean(name, schema.names) or f"it has {_listed(schema.names)}"
                problems.append(SqlTestKeyError(message, place=row.place, hint=hint))
                continue
            try:
                stored[name] = stored_value(value, field.type)
            except ValueError as error:
                message = f"`{name}` of {where} is `{field.type}`, and the value is none"
                wrong = SqlTestValueError(message, place=row.place, hint=f"write {error}")
                wrong.__cause__ = error
                problems.append(wrong)
        found.append(tuple(stored.get(name) for name in columns))
    return found


def _parameters(
    case: SqlCase, asset: AssetDefinition, graph: Graph, problems: list[FlowForgeError]
) -> dict[str, ParameterValue]:
    """The keys of the partition that is tried, by column: what `$day` stands for."""
    partitioning = asset.per or graph.datasets[asset.id].partitioning
    if not partitioning.dimensions:
        if case.partition:
            message = f"`{case.partition}` is no partition of `{asset.id}`: it has none"
            hint = "leave `partition` out"
            problems.append(SqlTestValueError(message, place=case.place, hint=hint))
        return dict(asset.variables)
    if not case.partition:
        asked = [r.name for r in _parsed(asset).parameters if r.name not in asset.variables]
        if asked:
            message = f"the query uses `${asked[0]}`, and the test says no partition"
            hint = 'write `partition = "..."`, the key of the step to try'
            problems.append(SqlTestValueError(message, place=case.place, hint=hint))
        return dict(asset.variables)
    try:
        chosen = partitioning.parse(case.partition, _LATE)
    except FlowForgeError as error:
        message = f"`{case.partition}` is no partition of `{asset.id}`: {error.message}"
        wrong = SqlTestValueError(message, place=case.place, hint=error.hint)
        wrong.__cause__ = error
        problems.append(wrong)
        return {}
    return dict(parameter_values(chosen, asset.variables))


def _lonely_files(graph: Graph, root: Path) -> Iterator[SqlTestFileError]:
    """An error for each file of tests that stands beside no query."""
    found = (find_cases_path(asset) for asset in graph.assets.values())
    paths = {path.resolve() for path in found if path is not None}
    for path in sorted((root / FOLDER).rglob(f"*{SUFFIX}")):
        if path.resolve() not in paths:
            name = path.name.removesuffix(SUFFIX)
            message = f"`{name}.sql`, which these tests try, is not there"
            yield SqlTestFileError(
                message,
                place=Place(_shown(path, root)),
                hint=f"put the file beside `{name}.sql`, and call it so",
            )


def _shown(path: Path, root: Path) -> str:
    full, folder = path.resolve(), root.resolve()
    return full.relative_to(folder).as_posix() if full.is_relative_to(folder) else str(path)


def _listed(names: Collection[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "no dataset"

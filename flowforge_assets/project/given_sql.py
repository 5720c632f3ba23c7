"""Functions that return a query: called for it, once a load, and where it stands in their file."""

from __future__ import annotations

import ast
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from inspect import cleandoc
from pathlib import Path

from flowforge_assets.declare.definition import AssetDefinition, QueryText
from flowforge_assets.declare.function import written_function
from flowforge_assets.declare.partitioning import step_partitioning
from flowforge_assets.declare.sql_function import SqlFunction
from flowforge_assets.errors.base import FlowForgeError, Place, raise_all
from flowforge_assets.errors.sql_function import (
    SqlFunctionFailedError,
    SqlFunctionInputError,
    SqlFunctionReturnError,
)
from flowforge_assets.project.syntax_tree import syntax_tree
from flowforge_assets.sql.file import SqlFile, made_file
from flowforge_assets.sql.header import SqlHeader


@dataclass(frozen=True, slots=True)
class GivenSql:
    """A function with the query that it gave."""

    function: SqlFunction
    query: QueryText

    def named(self, asset: AssetDefinition) -> AssetDefinition:
        """The asset of the query, with what the function says of it.

        Raises:
            SqlFunctionInputError: the query does not use what the function takes (FF-436).
        """
        raise_all(self._unused(asset))
        told, declared = self.function.options.asset, self.function.declared
        place = Place(asset.place.file, declared.place.line, text=self.function.place.text)
        per = None if told.per is None else step_partitioning(told.per, place)
        doc = written_function(declared.function).__doc__ or ""
        return replace(
            asset,
            name=declared.name,
            place=place,
            query=self.query,
            per=per,
            retries=told.retries,
            timeout=told.timeout,
            description=cleandoc(doc),
        )

    def _unused(self, asset: AssetDefinition) -> Iterator[SqlFunctionInputError]:
        name, read = self.function.declared.name, {each.dataset for each in asset.inputs}
        for parameter, key in self.function.tables.items():
            if key not in read:
                message = f"`{name}` takes `{parameter}`, but its SQL does not read `{key}`"
                hint = f"write `FROM {{{parameter}}}`, or do not take it"
                yield SqlFunctionInputError(message, place=self.function.place, hint=hint)
        for parameter in self.function.values:
            if f"${parameter}" not in self.query.text and f":{parameter}" not in self.query.text:
                message = f"`{name}` takes `{parameter}`, but its SQL does not ask for it"
                hint = f"write `{{{parameter}}}` where its value belongs, or do not take it"
                yield SqlFunctionInputError(message, place=self.function.place, hint=hint)


def given_sql(function: SqlFunction, shown: Callable[[Place], Place]) -> tuple[GivenSql, SqlFile]:
    """What the function returns when it is called with names, and the same as a file.

    Raises:
        SqlFunctionFailedError: it raises (FF-434).
        SqlFunctionReturnError: it returns no SQL (FF-435).
    """
    declared, options = function.declared, function.options
    arguments: dict[str, object] = {name: str(key) for name, key in function.tables.items()}
    arguments |= {name: f"${name}" for name in function.values}
    try:
        returned: object = declared.function(**arguments)
    except FlowForgeError:
        raise
    except Exception as error:
        message = f"`{declared.name}` failed when it was called for its SQL: {_said(error)}"
        place = _raised_at(error, declared.place.file) or function.place
        hint = "it is called without data, with names of datasets and parameters as texts"
        raise SqlFunctionFailedError(message, place=place, hint=hint) from error
    text = _text(returned, function)
    query = replace(_placed(text, function), values=function.values)
    header = SqlHeader(
        write=options.asset.write,
        latest=options.asset.latest,
        deletes=options.asset.deletes,
        schedule=options.asset.schedule,
        bad_rows=options.asset.bad_rows,
        max_bad=options.asset.max_bad,
        isolated=options.asset.isolated,
        warehouse=options.warehouse,
        tags=options.asset.tags,
    )
    path = Path(declared.place.file)
    shown_as = shown(Place(declared.place.file)).file
    file = made_file(query, path=path, shown_as=shown_as, dialect=options.dialect)
    return GivenSql(function, query), replace(file, header=header)


def _text(returned: object, function: SqlFunction) -> str:
    """The SQL that was returned, as text."""
    if isinstance(returned, str):
        return returned
    if "sqlglot" in sys.modules:
        from sqlglot import exp  # heavy: who returns an expression has loaded it

        if isinstance(returned, exp.Expr):
            return returned.sql(function.options.dialect or "duckdb", pretty=True)
    kind = type(returned).__name__
    message = f"`{function.declared.name}` returned `{kind}`, which is no SQL"
    hint = "return a `str` with one SELECT, or a sqlglot expression"
    raise SqlFunctionReturnError(message, place=function.place, hint=hint)


def _said(error: Exception) -> str:
    """The kind of an error and its first line."""
    first = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def _raised_at(error: Exception, file: str) -> Place | None:
    """The last line of the function's file that the error came by."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if each.filename == file]
    return Place(file, frames[-1].lineno or 0, text=frames[-1].line or "") if frames else None


def _placed(text: str, function: SqlFunction) -> QueryText:
    """The text with the line, and where it can be told the column, where it stands."""
    declared = function.declared
    written = written_function(declared.function)
    line = declared.place.line
    try:
        lines, first = inspect.getsourcelines(written)
        around = "if True:\n" if lines[0][:1].isspace() else ""
        source = around + "".join(lines)
        tree = syntax_tree(source)
    except (OSError, SyntaxError, TypeError):  # a notebook's, or one that was made by `exec`
        return QueryText(text, line, function=declared.function)
    first -= bool(around)
    for node in ast.walk(tree):
        at = first + getattr(node, "lineno", 1) - 1
        if isinstance(node, ast.Constant) and node.value == text:
            opened = _opened(source, node, text)
            if opened is not None:
                column = node.col_offset + opened + 1
                return QueryText(text, at, column, function=declared.function)
        if isinstance(node, ast.Return) and isinstance(node.value, ast.JoinedStr):
            segment = ast.get_source_segment(source, node.value) or ""
            if segment.count("\n") == text.count("\n"):
                return QueryText(text, at, by_line=True, function=declared.function)
    return QueryText(text, line, function=declared.function)


def _opened(source: str, node: ast.Constant, text: str) -> int | None:
    """How long the quotes before the text are; None where the text is spelt otherwise."""
    segment = ast.get_source_segment(source, node) or ""
    for quote in ('"""', "'''", '"', "'"):
        before = segment.find(quote)
        if 0 <= before <= 2 and segment[before:] == f"{quote}{text}{quote}":  # noqa: PLR2004 - r, b
            return before + len(quote)
    return None

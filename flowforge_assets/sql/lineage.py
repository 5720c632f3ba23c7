"""Which columns of which datasets each column of a result comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import (
    Node,
    lineage,  # pyright: ignore[reportUnknownVariableType] - its schema is a bare dict
)

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.schema import Schema
from flowforge_assets.core.sql_types import duckdb_type
from flowforge_assets.errors.sql import SqlLineageError
from flowforge_assets.sql.parse import ParsedSql
from flowforge_assets.sql.reference import ColumnLineage


def column_lineage(
    parsed: ParsedSql, schemas: Mapping[DatasetKey, Schema], output: Sequence[str]
) -> ColumnLineage:
    """The columns that each result column's values are computed from, sorted; none for a constant.

    `output` are the names that binding gave. Columns that only filter or join are left out. About
    1 ms a result column.

    Raises:
        SqlLineageError: the query cannot be traced (FF-440); it may run all the same.
    """
    tree = _flat_names(parsed.tree())
    columns = {
        ref.name: {field.name: duckdb_type(field.type) for field in schemas[ref.name]}
        for ref in parsed.tables
    }
    try:
        # one call for all columns shares what it works out
        nodes = lineage(None, _selecting(tree), schema=columns, dialect="duckdb")
    except (SqlglotError, RecursionError) as error:
        raise _untraced(parsed, "its columns cannot be told from its tables") from error
    found = list(nodes.values())
    if len(found) != len(output):
        raise _untraced(parsed, "a star or COLUMNS hides the names of its columns")
    return {name: _sources(node, schemas) for name, node in zip(output, found, strict=True)}


def _flat_names(tree: exp.Expr) -> exp.Expr:
    """`tree` with each dataset as one quoted name: two- and three-part names do not mix there."""
    for table in list(tree.find_all(exp.Table)):
        if not isinstance(table.this, exp.Identifier) or not table.args.get("db"):
            continue
        parts = [part.name.lower() for part in table.parts]
        if not table.alias:
            alias = exp.TableAlias(this=exp.to_identifier(parts[-1], quoted=True))
            table.set("alias", alias)
        table.set("this", exp.to_identifier(".".join(parts), quoted=True))
        table.set("db", None)
        table.set("catalog", None)
    for column in tree.find_all(exp.Column):
        column.set("db", None)
        column.set("catalog", None)
    return tree


def _selecting(tree: exp.Expr) -> exp.Expr:
    """A bare VALUES as a SELECT."""
    if isinstance(tree, exp.Values):
        return exp.select("*").from_(tree)
    return tree


def _sources(
    node: Node, schemas: Mapping[DatasetKey, Schema]
) -> tuple[tuple[DatasetKey, str], ...]:
    found: set[tuple[DatasetKey, str]] = set()
    for leaf in node.walk():
        table = leaf.expression
        if not isinstance(table, exp.Table):
            continue
        key = DatasetKey(table.name)
        column = exp.to_column(leaf.name, dialect="duckdb").name.lower()
        schema = schemas.get(key)
        if schema is not None:  # the tracer lower-cases names; the dataset has them as stored
            found |= {(key, name) for name in schema.names if name.lower() == column}
    return tuple(sorted(found))


def _untraced(parsed: ParsedSql, why: str) -> SqlLineageError:
    return SqlLineageError(
        f"the columns of this query cannot be traced: {why}",
        place=parsed.file.place(parsed.start),
        hint="name each column and its table",
    )

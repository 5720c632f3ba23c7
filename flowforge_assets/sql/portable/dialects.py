"""Queries of other dialects, as far as each piece is known to mean the same in DuckDB.

The parser gives one tree for all dialects, but not one meaning: functions, divisions and casts
differ. What is listed here does not; all else is refused.
"""

from __future__ import annotations

from typing import Final

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError

from flowforge_assets.errors.base import did_you_mean
from flowforge_assets.errors.sql import SqlSyntaxError, SqlTargetError
from flowforge_assets.errors.sql_language import SqlDialectError
from flowforge_assets.sql.file import SqlFile
from flowforge_assets.sql.parse import ReadQuery
from flowforge_assets.sql.portable.refusal import Refused, place
from flowforge_assets.sql.portable.tree import At

# Those that compare texts by their characters, as DuckDB does.
DIALECTS: Final = ("snowflake", "bigquery", "databricks")
_KNOWN: Final[tuple[type[exp.Expr], ...]] = (
    *(exp.Select, exp.From, exp.Join, exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered),
    *(exp.Limit, exp.Offset, exp.Distinct, exp.Union, exp.Intersect, exp.Except, exp.Subquery),
    *(exp.With, exp.CTE, exp.Table, exp.TableAlias, exp.Alias, exp.Column, exp.Identifier),
    *(exp.Star, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.And, exp.Or, exp.Not),
    *(exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In, exp.Is, exp.Exists),
    *(exp.Add, exp.Sub, exp.Mul, exp.Neg, exp.Case, exp.If, exp.Coalesce, exp.Nullif),
    *(exp.Count, exp.Sum, exp.Min, exp.Max, exp.Window, exp.RowNumber, exp.Rank, exp.DenseRank),
)
_HINT: Final = "write this part in SQL that both read alike, or the query in DuckDB's SQL"


def read_dialect(file: SqlFile, dialect: str) -> ReadQuery:
    """The query of a file that is written in another dialect; its places stay.

    Raises:
        SqlTargetError: the dialect is not read here (FF-456).
        SqlSyntaxError: it does not parse (FF-410).
        Refused: a part is not known to mean the same in DuckDB (FF-468).
    """
    if dialect not in DIALECTS:
        hint = did_you_mean(dialect, DIALECTS) or f"there are duckdb, {', '.join(DIALECTS)}"
        raise SqlTargetError(f"queries are not read as `{dialect}` here", hint=hint)
    try:
        trees = Dialect.get_or_raise(dialect).parse(file.query)
    except SqlglotError as error:
        hint = f"the query is read as the SQL of {dialect}"
        raise SqlSyntaxError("the query does not parse", place=file.place(0), hint=hint) from error
    found = [tree for tree in trees if tree is not None]
    if len(found) != 1:
        raise Refused(SqlDialectError.code, "this is not one query", At(1, 1), "write one SELECT")
    tree = found[0]
    for node in tree.walk():
        if not _is_known(node):
            message = f"`{node.sql(dialect)[:40]}` is not known to mean the same in DuckDB"
            raise Refused(SqlDialectError.code, message, place(node), _HINT)
    return ReadQuery(file, tree.sql("duckdb"), tree, ())


def _is_known(node: exp.Expr) -> bool:
    if isinstance(node, exp.Literal):
        return node.is_string or str(node.this).isdigit()
    if isinstance(node, (exp.Add, exp.Sub, exp.Mul)):  # some read a text as a number
        return not any(each.is_string for each in (node.this, node.args["expression"]))
    return type(node) in _KNOWN

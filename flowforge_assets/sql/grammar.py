"""Whether a text is a query in the grammar of a target: less than running it, and yet something."""

from __future__ import annotations

from typing import Final

from sqlglot import ErrorLevel, exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError

GRAMMARS: Final = {
    "duckdb": "duckdb",
    "snowflake": "snowflake",
    "bigquery": "bigquery",
    "redshift": "redshift",
    "synapse": "tsql",
    "postgres": "postgres",
    "databricks": "databricks",
    "fabric": "fabric",
}
"""The grammar that each target's text is read by."""


def is_query_of(text: str, target: str) -> bool:
    """Whether the grammar of the target reads the text as one query, every word of it."""
    dialect = Dialect.get_or_raise(GRAMMARS[target])
    try:
        trees = dialect.parse(text, error_level=ErrorLevel.RAISE)
    except SqlglotError:
        return False
    return len(trees) == 1 and isinstance(trees[0], exp.Query) and not trees[0].find(exp.Command)

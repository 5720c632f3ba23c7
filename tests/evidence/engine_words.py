"""Which engine stands for which target, and what it cannot say of a target's text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

STANDS_FOR: Final[Mapping[str, str]] = {
    "duckdb": "DuckDB",
    "snowflake": "fakesnow",
    "bigquery": "GoogleSQL's reference evaluator",
    "redshift": "PostgreSQL",
    "postgres": "PostgreSQL",
}

# Words of a target that the engine which stands for it does not know, or reads in its own way:
# fakesnow loses what TRIM takes away and DISTINCT in SUM, divides in doubles, and has no small
# integers in a result.
OWN_WORDS: Final[Mapping[str, re.Pattern[str]]] = {
    "redshift": re.compile(r"\b(DATEADD|DATEDIFF|LISTAGG|CONVERT_TIMEZONE)\(|IGNORE NULLS"),
    "snowflake": re.compile(r"TRIM\(.*, '|SUM\(DISTINCT|\bSIGN\(|- MOD\("),
}

# Queries on which an engine's word does not count, and why: cases of tests/sql/portable, idioms.
NOT_COUNTED: Final[Mapping[tuple[str, str], str]] = {
    ("snowflake", "text_set_operations"): "fakesnow does not read a set operation in parentheses",
    ("snowflake", "sets.what_differs_on_either_side"): "fakesnow does not read a set operation in"
    " parentheses",
    ("snowflake", "sets.first_of_each_part"): "fakesnow does not read a query in parentheses",
    ("snowflake", "numbers.flags_in_bits"): "fakesnow adds before it takes the bits of BITAND",
}

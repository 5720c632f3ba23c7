"""Which grammar of sqlfluff reads a target's text, and where it is wrong about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DIALECTS: Final[Mapping[str, str]] = {
    "snowflake": "snowflake",
    "bigquery": "bigquery",
    "redshift": "redshift",
    "synapse": "tsql",
}

# Texts that a grammar does not take, and why it should: cases of tests/sql/portable, idioms, TPC.
NOT_READ: Final[Mapping[tuple[str, str], str]] = {
    ("redshift", "bit_ops"): "it lacks Redshift's `#`, the exclusive or of integers",
}

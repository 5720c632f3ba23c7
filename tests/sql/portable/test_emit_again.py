"""Queries are bound over the tables that they are given, and no others."""

# ruff: noqa: S608 - what is put together is a query of a test
from __future__ import annotations

import pytest

from flowforge_assets.sql import emit


@pytest.mark.parametrize("table", ["t", "main.t", "silver.t", "silver.crm.t", "a/silver.t"])
def test_tables_of_an_earlier_query_are_not_there(table: str) -> None:
    named = f'"{table}"' if "/" in table else table
    for number in range(6):
        found = emit(
            f"SELECT c{number} FROM {named}",
            schema={table: {f"c{number}": "INTEGER"}, "silver.other": {"n": "INTEGER"}},
            target="duckdb",
        )
        assert found.refusals == ()
    lost = emit(f"SELECT c3 FROM {named}", schema={"other": {"n": "INTEGER"}}, target="duckdb")
    assert lost.text is None
    stale = emit(f"SELECT c3 FROM {named}", schema={table: {"c4": "INTEGER"}}, target="duckdb")
    assert stale.text is None

"""What is emitted for Databricks, run on Sail, an engine that reads Spark's SQL."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest

from flowforge_assets.sql import emit
from flowforge_assets.sql.portable.targets.databricks import DATABRICKS
from flowforge_assets.sql.portable.tree import At, Literal
from flowforge_assets.sql.portable.types import Kind, find_type
from tests.sql.portable.small_tables import TABLES

HERE = Path(__file__).parent
SPARK = Path(sys.prefix) / "spark"
DEADLINE_SECONDS = 180
# Sail plans no subquery that is tied to the rows around it by anything but `=`, or stands in ON.
NOT_ON_SAIL: Final = {"corr_sub", "lateral_join", "correlated_outer_join"}

Rows = Sequence[Sequence[Any]]  # values as JSON gives them


def queries() -> dict[str, str]:
    """The cases that the other targets are tried with, and one of many forms a kind."""
    found = {path.stem: path.read_text(encoding="utf-8") for path in HERE.glob("cases/*.sql")}
    many = (HERE / "many_forms.sql").read_text(encoding="utf-8")
    for name, text in re.findall(r"-- (\w+)\n(.*?);\n(?:\n|$)", many, re.DOTALL):
        found[f"many {name}"] = text
    return found


def view(table: str, rows: Rows) -> str:
    """A view with the rows of a small table."""
    selects: list[str] = []
    for row in rows:
        values = zip(row, TABLES[table].items(), strict=True)
        items = (f"{constant(value, spelled)} AS `{name}`" for value, (name, spelled) in values)
        selects.append(f"SELECT {', '.join(items)}")
    return f"CREATE OR REPLACE TEMP VIEW {table} AS {' UNION ALL '.join(selects)}"


def constant(value: object, spelled: str) -> str:
    type_ = find_type(spelled)
    if type_ is None:  # a column that no query of ours can use
        return "CAST(NULL AS INT)"
    written = DATABRICKS.types(type_)
    if value is None:
        return f"CAST(NULL AS {written})"
    if isinstance(value, str):
        return DATABRICKS.text(value) or ""
    assert isinstance(value, (int, float, Decimal)) or type_.kind in {Kind.DATE, Kind.TIMESTAMP}
    plain = DATABRICKS.literal(Literal(value, type_, At(1, 1)))  # type: ignore[arg-type]  # as above
    return f"CAST({plain} AS {written})"


def alike(value: object) -> object:
    """A value as both engines show it: numbers by ten digits, times as texts."""
    if isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value):
        value = float(value)  # a decimal, which JSON has no word for
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return float(f"{float(value):.10g}") + 0.0
    return value if value is None or isinstance(value, (bool, str)) else str(value)


def shown(rows: Rows) -> list[str]:
    return sorted(repr([alike(value) for value in row]) for row in rows)


def on_sail(statements: list[str]) -> list[dict[str, Any]]:
    if not SPARK.is_dir():
        pytest.fail(f"{SPARK} is not there: run `make setup`")
    told = subprocess.run(
        [sys.executable, str(HERE / "sail_child.py")],
        input=json.dumps(statements),
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(SPARK)},
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert told.returncode == 0, told.stderr[-3000:]
    return [json.loads(line) for line in told.stdout.splitlines() if line.startswith("{")]


def test_what_is_written_for_databricks_gives_the_rows_of_duckdb(
    reference: duckdb.DuckDBPyConnection,
) -> None:
    texts: dict[str, str] = {}
    wanted: dict[str, list[str]] = {}
    for name, sql in queries().items():
        text = emit(sql, schema=TABLES, target="databricks").text
        try:
            rows = reference.execute(sql).fetchall()
        except duckdb.Error:
            continue  # DuckDB stops at a row of the small tables, or does not know the column
        if text is not None and name not in NOT_ON_SAIL:
            texts[name] = text
            wanted[name] = shown(json.loads(json.dumps([list(row) for row in rows], default=str)))
    tables = [view(t, reference.table(t).fetchall()) for t in TABLES]
    answers = on_sail([*tables, *texts.values()])[len(tables) :]
    wrong = {
        name: (answer.get("failed"), wanted[name], texts[name])
        for name, answer in zip(texts, answers, strict=True)
        if "failed" in answer or shown(answer["rows"]) != wanted[name]
    }
    assert wrong == {}
    assert len(texts) > 120

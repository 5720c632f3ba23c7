"""What is emitted for each query in `cases`: tests/fixtures/portable has a section a target."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from flowforge_assets.sql import emit
from flowforge_assets.sql.portable.emit import TARGETS
from tests.sql.portable.small_tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable

CASES = sorted((Path(__file__).parent / "cases").glob("*.sql"))
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)


def source(case: Path) -> str:
    return case.read_text(encoding="utf-8").strip()


def written(sql: str) -> str:
    sections = [f"{sql}\n"]
    for target in TARGETS:
        found = emit(sql, schema=TABLES, target=target)
        refused = "".join(
            f"-- refused {r.line}:{r.column} {r.code} {r.message}\n--   hint: {r.hint}\n"
            for r in found.refusals
        )
        body = refused if found.text is None else f"{found.text};\n"
        sections.append(f"-- {target}:\n{body}")
    return "\n".join(sections)


@each_case
def test_each_target_gets_the_text_of_the_file(
    case: Path, golden: Callable[[str, str], None]
) -> None:
    golden(f"portable/{case.name}", written(source(case)))


@each_case
def test_what_is_written_for_duckdb_gives_the_same_rows(
    case: Path, reference: duckdb.DuckDBPyConnection
) -> None:
    sql = source(case)
    found = emit(sql, schema=TABLES, target="duckdb")
    if found.text is None:
        assert found.refusals
        return
    try:
        expected = reference.execute(sql).fetchall()
    except duckdb.OutOfRangeException:
        pytest.skip("DuckDB stops at a row of the small tables")
    columns = reference.sql(found.text)
    assert tuple(zip(columns.columns, map(str, columns.types), strict=True)) == found.columns
    got = reference.execute(found.text).fetchall()
    assert sorted(map(repr, got)) == sorted(map(repr, expected))

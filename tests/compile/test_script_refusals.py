"""What has no script says so: nothing is left out in silence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from flowforge_assets import Project
from flowforge_assets.compile.project_sql import ProjectSql
from flowforge_assets.compile.script_files import make_scripts
from flowforge_assets.compile.warehouse_sql import warehouse_script
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.warehouse_script import WarehouseScript
from flowforge_assets.errors.base import FlowForgeError, Problems
from flowforge_assets.errors.sql_script import (
    ColumnNotHeldError,
    TableNameError,
    TestNotSqlError,
    WriteNotSqlError,
)

Write = Callable[[Mapping[str, str]], Path]
NOON: Final = datetime(2026, 1, 10, 12, tzinfo=UTC)
FEED: Final = {
    "flowforge.toml": '[project]\nname = "p"\n',
    "assets/bronze/feed.csv": "id,city,day\n1,Bern,2026-01-01\n",
}
CHECKED: Final = {
    "flowforge.toml": '[project]\nname = "p"\nmodules = ["checks"]\n',
    "checks.py": (
        "from flowforge_assets import BadRows, Col, Frame, Gold, check, col, sql_asset\n\n\n"
        "class Made(Gold):\n    id: Col[int] = col()\n\n\n"
        "sql_asset('made.sql', makes=Made)\n\n\n"
        "@check\ndef is_odd(made: Frame[Made]) -> BadRows[Made]:\n"
        "    return made.filter(Made.id % 2 == 0)\n"
    ),
    "made.sql": "SELECT id FROM bronze.feed",
}


def made(folder: Path, target: str = "postgres", key: str = "gold.made") -> WarehouseScript:
    project = Project.load(folder, clock=lambda: NOON)
    sql = ProjectSql(project.graph, target, NOON)
    id_ = DatasetKey(key)
    (step,) = sql.steps(project.graph.assets[id_], sql.tables([id_]))
    return warehouse_script(step)


def refused(folder: Path, target: str = "postgres") -> FlowForgeError:
    with pytest.raises(FlowForgeError) as caught:
        made(folder, target)
    assert not isinstance(caught.value, Problems)
    return caught.value


def query(header: str, text: str) -> dict[str, str]:
    return {**FEED, "assets/gold/made.sql": f"/*\n{header}\n*/\n{text}"}


def test_two_datasets_of_one_table_name_are_refused(write_project: Write) -> None:
    select = "SELECT id FROM bronze.feed"
    files = {**FEED, "assets/gold/a/b__c.sql": select, "assets/gold/a__b/c.sql": select}
    project = Project.load(write_project(files), clock=lambda: NOON)
    with pytest.raises(TableNameError, match=r"`gold.a.b__c` and `gold.a__b.c`.*`gold.a__b__c`"):
        ProjectSql(project.graph, "duckdb", NOON).tables(project.select("kind:sql"))


def test_a_rule_that_a_target_cannot_count_is_refused(write_project: Write) -> None:
    folder = write_project(
        query('columns.city = { regex = "[A-Z][a-z]+" }', "SELECT city FROM bronze.feed")
    )
    made(folder, "postgres")
    error = refused(folder, "redshift")
    assert isinstance(error, TestNotSqlError)
    assert "`city matches [A-Z][a-z]+`" in error.message


def test_a_rule_in_sql_that_is_not_portable_is_refused(write_project: Write) -> None:
    header = "rules.heard = \"levenshtein(city, 'Bern') > 1\""
    error = refused(write_project(query(header, "SELECT city FROM bronze.feed")))
    assert isinstance(error, TestNotSqlError)


def test_a_check_in_python_is_refused_unless_the_caller_runs_it(write_project: Write) -> None:
    error = refused(write_project({**FEED, **CHECKED}))
    assert isinstance(error, TestNotSqlError)
    assert "`is_odd`" in error.message
    assert error.place is not None
    assert error.place.file.endswith("checks.py")


def test_a_column_that_no_table_there_holds_is_refused(write_project: Write) -> None:
    header = 'columns.city = { type = "BLOB" }'
    with pytest.raises(FlowForgeError) as caught:
        made(write_project(query(header, "SELECT city FROM bronze.feed")))
    errors = caught.value.errors if isinstance(caught.value, Problems) else [caught.value]
    assert any(isinstance(each, ColumnNotHeldError) for each in errors)


def test_rows_that_are_set_aside_have_no_script(write_project: Write) -> None:
    header = 'key = ["id"]\nbad_rows = "quarantine"'
    error = refused(write_project(query(header, "SELECT id FROM bronze.feed")))
    assert isinstance(error, WriteNotSqlError)


def test_states_since_the_run_have_no_file(write_project: Write) -> None:
    header = (
        'write = "scd2"\nkey = ["id"]\n'
        'columns.since = { writer = "valid_from" }\ncolumns.until = { writer = "valid_to" }'
    )
    folder = write_project(query(header, "SELECT id, city FROM bronze.feed"))
    made(folder)
    project = Project.load(folder, clock=lambda: NOON)
    with pytest.raises(WriteNotSqlError, match="since the moment of the run"):
        make_scripts(ProjectSql(project.graph, "duckdb", NOON), project.select("kind:sql"))


def test_a_name_that_is_too_long_is_refused(write_project: Write) -> None:
    files = {**FEED, f"assets/gold/{'a' * 80}.sql": "SELECT id FROM bronze.feed"}
    folder = write_project(files)
    made(folder, "snowflake", f"gold.{'a' * 80}")
    with pytest.raises(WriteNotSqlError, match="too long"):
        made(folder, "postgres", f"gold.{'a' * 80}")


def test_all_that_stands_against_a_step_is_told_at_once(write_project: Write) -> None:
    header = 'columns.city = { regex = "a|b" }\nbad_rows = "quarantine"'
    folder = write_project(
        query(header, "SELECT city, levenshtein(city, 'Bern') AS s FROM bronze.feed")
    )
    with pytest.raises(FlowForgeError) as caught:
        made(folder, "redshift")
    assert isinstance(caught.value, Problems)
    assert {each.code for each in caught.value.errors} >= {"FF-450", "FF-474", "FF-476"}


def test_what_a_step_reads_of_a_partition_is_all_that_its_script_reads(
    write_project: Write,
) -> None:
    daily = 'partition = { daily = "2026-01-01", end = "2026-01-05", column = "day" }'
    files = query(daily, "SELECT id, day FROM silver.days")
    files["assets/silver/days.sql"] = f"/*\n{daily}\n*/\nSELECT id, city, day FROM bronze.feed"
    project = Project.load(write_project(files), clock=lambda: NOON)
    id_ = DatasetKey("gold.made")
    for asked, wanted in (("2026-01-02..2026-01-03", True), (None, False)):
        sql = ProjectSql(project.graph, "postgres", NOON, partitions=asked)
        (step,) = sql.steps(project.graph.assets[id_], sql.tables([id_]))
        text = step.emitted_query().text or ""
        assert ("WHERE" in text and "DATE '2026-01-04'" in text) is wanted

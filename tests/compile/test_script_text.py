"""Scripts as files, for every target: golden files, each statement read by a parser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlglot import exp, parse
from sqlglot.errors import ErrorLevel

from flowforge_assets import Project
from flowforge_assets.compile.project_sql import ProjectSql
from flowforge_assets.compile.script_files import script_text
from flowforge_assets.compile.warehouse_sql import warehouse_script
from flowforge_assets.compile.warehouse_step import WarehouseStep
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.warehouse_script import WarehouseScript
from flowforge_assets.sql.portable.statements.all import STATEMENTS
from script_cases import CASES, FIRST, NOON, Case, write_feed, write_project

Golden = Callable[[str, str], None]
Made = list[tuple[WarehouseStep, WarehouseScript]]
_MADE = DatasetKey("gold.made")
_DIALECTS = {"synapse": "tsql", "fabric": "fabric"}
_UNREAD = (  # what sqlglot has no grammar for; the golden files show it
    *("RENAME OBJECT", "IF ", "WITH (DISTRIBUTION", "COPY GRANTS", "WITH NO SCHEMA", "DISTKEY"),
    *("CREATE OR REPLACE TABLE `gold`.`made`\nCOPY", "\nCOPY ", "ALTER COLUMN", "DEEP CLONE"),
)


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Case, Project]]:
    found: list[tuple[Case, Project]] = []
    for case in CASES:
        folder = tmp_path_factory.mktemp(case.name)
        write_project(folder, case)
        write_feed(folder, FIRST)
        found.append((case, Project.load(folder, clock=lambda: NOON)))
    return found


def scripts(target: str, graphs: list[tuple[Case, Project]]) -> Made:
    made: Made = []
    for case, project in graphs:
        sql = ProjectSql(project.graph, target, NOON, partitions=case.partitions)
        (step,) = sql.steps(project.graph.assets[_MADE], sql.tables([_MADE]))
        step = replace(step, step_id=case.name, state='{"made": "by hand"}')
        made.append((step, warehouse_script(step)))
    return made


@pytest.mark.parametrize("target", STATEMENTS)
def test_each_way_of_writing_has_a_script(
    target: str, graphs: list[tuple[Case, Project]], golden: Golden
) -> None:
    texts = [script_text(step, script) for step, script in scripts(target, graphs)]
    golden(f"scripts/{target}.sql", "\n\n".join(texts))


@pytest.mark.parametrize("target", STATEMENTS)
def test_statements_are_read_by_a_parser_of_the_target(
    target: str, graphs: list[tuple[Case, Project]]
) -> None:
    dialect = _DIALECTS.get(target, target)
    unread: list[str] = []
    for _, script in scripts(target, graphs):
        queries = [script.count, *(test.text for test in script.tests)]
        for statement in (*script.stage, *queries, *script.publish, *script.clean):
            if any(each in statement for each in _UNREAD):
                continue
            (tree,) = parse(statement, dialect=dialect, error_level=ErrorLevel.RAISE)
            if isinstance(tree, exp.Command) and not statement.startswith(("BEGIN", "COMMIT")):
                unread.append(statement)
    assert unread == []


@pytest.mark.parametrize("target", STATEMENTS)
def test_whoever_commits_ddl_by_itself_keeps_the_state_with_the_last_act(
    target: str, graphs: list[tuple[Case, Project]]
) -> None:
    for step, script in scripts(target, graphs):
        carries = [at for at, each in enumerate(script.publish) if "flowforge:" in each]
        assert carries, step.asset.write
        match step.statements.publishing:
            case "transaction":
                ends = (step.statements.begin, step.statements.commit)
                first, last = (script.publish.index(each) for each in ends)
                assert first < carries[0] < last == len(script.publish) - 1
            case "replace":
                assert carries[-1] >= len(script.publish) - 2
                assert str(step.table.table) in script.publish[-1]
            case "rename":
                assert "TABLE [gold].[flowforge_state]" not in script.publish[0]


def test_the_same_project_gives_the_same_text(graphs: list[tuple[Case, Project]]) -> None:
    first = [script for _, script in scripts("snowflake", graphs)]
    assert [script for _, script in scripts("snowflake", graphs)] == first


def test_a_folder_of_golden_scripts_has_one_a_target() -> None:
    folder = Path(__file__).parents[1] / "fixtures" / "scripts"
    assert {path.stem for path in folder.glob("*.sql")} == set(STATEMENTS)

"""Unit tests of dbt as `.test.toml` files beside the queries that they try."""

from __future__ import annotations

from flowforge_assets.project.bring.case_text import case_text
from flowforge_assets.project.bring.found import Finding
from flowforge_assets.project.from_dbt.dbt_project import DbtProject, UnitTest
from flowforge_assets.project.from_dbt.names import Names
from flowforge_assets.project.sql_files import FOLDER
from flowforge_assets.sql.cases import SUFFIX


def unit_test_files(project: DbtProject, names: Names) -> tuple[dict[str, str], list[Finding]]:
    """The files by path, and what could not be brought."""
    files: dict[str, str] = {}
    findings: list[Finding] = []
    for test in project.unit_tests:
        made = names.find_model(test.model)
        text = None if made is None else _text(test, names)
        if made is None or text is None:
            said = "its rows are not written as lists of tables, or it reads what is not there"
            remedy = "write it as `.test.toml` beside the query"
            findings.append(Finding("left", test.name, said, remedy, test.place))
            continue
        path = f"{FOLDER}/{made.key.replace('.', '/')}{SUFFIX}"
        files[path] = f"{files[path]}\n{text}" if path in files else text
    return files, findings


def _text(test: UnitTest, names: Names) -> str | None:
    given = [(names.find_spelled(spelled), rows) for spelled, rows in test.given]
    known = [(read.key, rows) for read, rows in given if read is not None]
    return case_text(test.name, known, test.expect) if len(known) == len(given) else None

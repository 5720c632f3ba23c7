"""`flowforge test`: the tests of queries, or with `--stored` what rules say of what is there."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from flowforge_assets.cli.options import COMMON, Common, Flag, Select
from flowforge_assets.cli.paint import Text
from flowforge_assets.cli.words import counted

if TYPE_CHECKING:
    from flowforge_assets.api import Project
    from flowforge_assets.cli.terminal import Terminal
    from flowforge_assets.core.result import Finding
    from flowforge_assets.execute.sql_tests import SqlTestResult
    from flowforge_assets.execute.stored import StoredReport


def run_tests(
    *,
    select: Select = None,
    stored: Annotated[
        Flag, Parameter(help="Hold what is stored now against all rules and checks.")
    ] = False,
    common: Common = COMMON,
) -> int:
    """Run the tests beside queries (`NAME.test.toml`), or look at what is stored."""
    terminal, project = common.terminal(), common.load()
    if stored:
        return _show_stored(terminal, _stored(project, select))
    from flowforge_assets.execute.sql_tests import run_sql_tests  # engines, on use

    results = run_sql_tests(project.graph, project.root, set(project.select(select)))
    if terminal.json:
        terminal.data({"tests": [_test_json(result) for result in results]})
    else:
        _show_tests(terminal, results)
        if (project.root / "tests").is_dir() and find_spec("pytest") is not None:
            terminal.note("tests in Python: `python -m pytest tests`")
    return 0 if all(result.passed for result in results) else 1


def _show_tests(terminal: Terminal, results: list[SqlTestResult]) -> None:
    file = ""
    for result in results:
        if result.file != file:
            file = result.file
            terminal.say(Text(file, "bold"))
        mark = Text("ok  ", "green") if result.passed else Text("FAIL", "red")
        terminal.say("  ", mark, f"  {result.name}", Text(f"  line {result.line}", "dim"))
        for line in result.difference.splitlines():
            terminal.say("        ", line)
    if not results:
        terminal.note("nothing that is selected has tests beside its query: `NAME.test.toml`")
        return
    failed = sum(not result.passed for result in results)
    passed = Text(f"{len(results) - failed:,} passed", "" if failed else "green")
    wrong = Text(f", {failed:,} failed" if failed else "", "red")
    terminal.note(f"{counted(len(results), 'test')}: ", passed, wrong)


def _test_json(result: SqlTestResult) -> dict[str, object]:
    return {
        "file": result.file,
        "line": result.line,
        "name": result.name,
        "asset": result.asset,
        "passed": result.passed,
        "difference": result.difference or None,
    }


def _stored(project: Project, select: str | None) -> list[StoredReport]:
    """What the rules and checks say of the selected datasets as they are stored."""
    from flowforge_assets.execute.session import looked_at  # engines, on use
    from flowforge_assets.execute.stored import examine_stored

    ids, history = project.select(select), project.history()
    with looked_at(project.session(select), history) as scope:
        return list(examine_stored(scope, history, ids))


def _show_stored(terminal: Terminal, reports: list[StoredReport]) -> int:
    """Shows the reports; gives the exit code."""
    code = 0 if all(report.passed for report in reports) else 1
    if terminal.json:
        errors = [report.error for report in reports if report.error is not None]
        terminal.data({"datasets": [_report_json(report) for report in reports]}, errors)
        return code
    terminal.table([_line(report) for report in reports], right=[1])
    for report in reports:
        for finding in report.findings:
            style = Text(_said(finding), "red" if finding.blocking else "yellow")
            terminal.say(f"{report.dataset}: ", style)
    terminal.errors([report.error for report in reports if report.error is not None])
    broken = sum(not report.passed for report in reports)
    if broken:
        terminal.note(Text(f"{counted(broken, 'dataset')} of {len(reports):,} not in order", "red"))
    else:
        terminal.note(Text("all is well", "green"), f": {counted(len(reports), 'dataset')}")
    return code


def _line(report: StoredReport) -> list[Text | str]:
    held_to = f"{counted(report.rules, 'rule')}, {counted(report.checks, 'check')}"
    name = Text(report.dataset, "bold")
    if report.error is not None:
        return [name, "", held_to, Text("cannot be told", "red")]
    if report.rows is None:
        return [name, "", held_to, Text("never made", "dim")]
    verdict = Text("ok", "green") if report.passed else Text("broken", "red")
    return [name, counted(report.rows, "row"), held_to, verdict]


def _said(finding: Finding) -> str:
    by = "check " if finding.kind == "check" else ""
    return f"{counted(finding.bad_rows, 'row')} against {by}`{finding.rule}`"


def _report_json(report: StoredReport) -> dict[str, object]:
    return {
        "dataset": report.dataset,
        "rows": report.rows,
        "rules": report.rules,
        "checks": report.checks,
        "passed": report.passed,
        "findings": [
            {
                "rule": finding.rule,
                "kind": finding.kind,
                "bad_rows": finding.bad_rows,
                "blocking": finding.blocking,
            }
            for finding in report.findings
        ],
    }

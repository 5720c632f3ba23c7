"""`flowforge doctor`: what would keep FlowForge from working here, and what to do about it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Final

from cyclopts import Parameter

from flowforge_assets.cli.options import COMMON, Common, Flag
from flowforge_assets.cli.paint import Style, Text
from flowforge_assets.cli.words import counted
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.project.config import read_config
from flowforge_assets.project.doctor import has_project, project_health
from flowforge_assets.project.environment import Environment
from flowforge_assets.project.finding import Finding, Health, problem
from flowforge_assets.project.installation import installation

_STYLES: Final[dict[Health, Style]] = {"ok": "green", "warning": "yellow", "problem": "red"}


def doctor(
    *,
    prefect: Annotated[Flag, Parameter(help="Look at the Prefect server that is named.")] = False,
    common: Common = COMMON,
) -> int:
    """Look over the installation and the project, and say what to do where something is wrong.

    The Prefect server is looked at where PREFECT_API_URL names one.
    """
    terminal = common.terminal()
    findings = installation()
    is_project = has_project(common.project)
    if is_project:
        findings += project_health(common.project, common.env)
        if prefect or os.environ.get("PREFECT_API_URL"):
            findings += _prefect(common)
    health = Counter(finding.health for finding in findings)
    code = 1 if health["problem"] else 0
    if terminal.json:
        terminal.data({"findings": [asdict(finding) for finding in findings]})
        return code
    shown = [each for each in findings if each.health != "ok" or not terminal.quiet]
    rows: list[list[Text | str]] = []
    for each in shown:
        rows.append([Text(each.health, _STYLES[each.health]), Text(each.about, "bold"), each.said])
        if each.remedy:
            rows.append(["", "", Text(f"-> {each.remedy}", "cyan")])
    terminal.table(rows)
    if not is_project:
        terminal.note("no project is here: only the installation was looked at")
    problems, warnings = (
        counted(health["problem"], "problem"),
        counted(health["warning"], "warning"),
    )
    if health["problem"] or health["warning"]:
        terminal.say(f"{problems}, {warnings}")
    else:
        terminal.say(Text("all is well", "green"), f": looked at {len(findings)} things")
    return code


def _prefect(common: Common) -> Iterator[Finding]:
    """How the Prefect server is; what keeps the project from being read is told already."""
    try:
        config = read_config(common.project)
        environment = Environment.of(config, common.env)
    except FlowForgeError:
        return
    from flowforge_assets.execute.prefect_api import load_prefect  # prefect, on use

    try:
        load_prefect(is_quiet=True)
    except FlowForgeError as error:
        yield problem("Prefect", error)
        return
    from flowforge_assets.execute.prefect_health import prefect_health  # as above

    yield from prefect_health(config, environment)

"""`flowforge check`: the type check, and what it could not look into."""

from __future__ import annotations

import time

from flowforge_assets.cli.options import COMMON, Common, Select
from flowforge_assets.cli.paint import Text
from flowforge_assets.cli.terminal import flat
from flowforge_assets.cli.words import counted, duration
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.plan.runs_in import runs_in, told_engines


def check(*, select: Select = None, common: Common = COMMON) -> int:
    """Type-check the project without data: names, columns, types, SQL and rules."""
    terminal = common.terminal()
    start = time.perf_counter()
    try:
        project = common.load()
        report = project.check(select)
    except FlowForgeError as error:
        if not terminal.json:
            raise
        terminal.data({"assets": 0, "not_checked": {}, "runs_in": {}}, [error])
        return max(each.exit_code for each in flat([error]))
    warehouse = project.environment.warehouse
    kind = None if warehouse is None else warehouse.kind
    engines = runs_in(project.graph, project.select(select), kind)
    if terminal.json:
        data = {
            "assets": report.assets,
            "not_checked": dict(report.not_checked),
            "runs_in": engines,
        }
        terminal.data(data, report.errors)
        return 1 if report.errors else 0
    terminal.errors(report.errors)
    for said in told_engines(engines, project.environment.name):
        terminal.note(Text("note", "cyan"), f": {said}")
    apart = report.not_checked
    if terminal.verbose:
        terminal.table(
            [(name, Text(f"not looked into: {why}", "dim")) for name, why in apart.items()]
        )
    took = Text(f" in {duration(time.perf_counter() - start)}", "dim")
    hint = "" if terminal.verbose else " (`-v` says why)"
    aside = f", {len(apart)} of them only when run{hint}" if apart else ""
    assets = counted(report.assets, "asset")
    if report.errors:
        terminal.note()
        wrong = counted(len(flat(report.errors)), "error")
        terminal.say(Text(f"{wrong} ", "red"), f"in {assets}", aside, took)
        return 1
    terminal.say(Text("all is well", "green"), f": {assets}", aside, took)
    return 0

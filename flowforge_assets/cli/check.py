"""`flowforge check`: the type check, and what it could not look into."""

from __future__ import annotations

import time

from flowforge_assets.cli.options import COMMON, Common, Select
from flowforge_assets.cli.paint import Text
from flowforge_assets.cli.terminal import flat
from flowforge_assets.cli.words import counted, duration
from flowforge_assets.errors.base import FlowForgeError


def check(*, select: Select = None, common: Common = COMMON) -> int:
    """Type-check the project without data: names, columns, types, SQL and rules."""
    terminal = common.terminal()
    start = time.perf_counter()
    try:
        report = common.load().check(select)
    except FlowForgeError as error:
        if not terminal.json:
            raise
        terminal.data({"assets": 0, "not_checked": {}}, [error])
        return max(each.exit_code for each in flat([error]))
    if terminal.json:
        data = {"assets": report.assets, "not_checked": dict(report.not_checked)}
        terminal.data(data, report.errors)
        return 1 if report.errors else 0
    terminal.errors(report.errors)
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

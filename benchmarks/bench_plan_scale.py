"""plan_scale: what a plan costs, of many assets and of many partitions. CPU inside the process.

10,000 assets in layers, none made and all made; 100 assets of 1,000,000 hours each, none made, all
made by one commit an asset, and by a thousand, of which the ledger then has 100,000. What was read
of the sources is cached, as it is from the second command on. Nothing is made: the ledger is
written as runs would have left it. Beside it stands a tenth of the assets or partitions: a plan is
linear in its assets, and knows partitions by ranges.
"""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

from harness.contest import BENCHMARKS, Rival
from harness.figures import Figure, Target, figure, said
from harness.setting import Setting
from workloads.many_partitions import module
from workloads.our_project import trivial_assets, write_project

ROUNDS = 3
ASSETS, PARTITIONED = 10_000, 100
HOURS = 1_000_000
SECONDS, PEAK_MB = 2, 300
LINEAR = 1.3


def run(setting: Setting) -> list[Figure]:
    """Plans of many assets, then of many partitions."""
    many, few = setting.size(ASSETS), setting.size(ASSETS // 10)
    hours = setting.size(PARTITIONED)
    scores = setting.compete(
        _assets(setting, "none made", many, made=False),
        _assets(setting, "all made", many, made=True),
        _assets(setting, "a tenth, all made", few, made=True),
        _hours(setting, "hours, none made", hours, most=None),
        _hours(setting, "hours, all made at once", hours, most=HOURS),
        _hours(setting, "hours, all made", hours, most=HOURS // 1000),
        _hours(setting, "hours, all made, few commits", hours, most=HOURS // 100),
        rounds=ROUNDS,
    )
    cpu, limit = said("cpu_seconds"), Target(SECONDS, "ours")
    peak, most_mb = said("peak_mb"), Target(PEAK_MB, "ours")
    bench = "plan_scale"
    all_made = scores["all made"]
    whole = figure(bench, "10,000 assets, all made", "s", all_made, read=cpu, target=limit)
    tenth = scores["a tenth, all made"].median(cpu)
    growth = whole.ours / tenth * few / many if whole.ours and tenth else None
    by_hours = "100 assets of 1,000,000 partitions"
    thousand = scores["hours, all made"]
    return [
        figure(bench, "10,000 assets, none made", "s", scores["none made"], read=cpu, target=limit),
        whole,
        replace(
            whole, metric="cost an asset, 10,000 over 1,000", unit="x", ours=growth,
            ours_range=None, target=Target(LINEAR, "ours"),
        ),
        figure(bench, f"{by_hours}, none made", "s", scores["hours, none made"], read=cpu,
               target=limit),
        figure(bench, f"{by_hours}, made at once", "s", scores["hours, all made at once"],
               read=cpu, target=limit),
        figure(bench, f"{by_hours}, made by 10,000 commits", "s",
               scores["hours, all made, few commits"], read=cpu, target=limit),
        figure(bench, f"{by_hours}, made by 100,000 commits", "s", thousand, read=cpu,
               target=limit),
        figure(bench, f"{by_hours}, made by 100,000 commits, peak memory", "MB", thousand,
               read=peak, target=most_mb),
    ]  # fmt: skip


def _assets(setting: Setting, name: str, count: int, *, made: bool) -> Rival:
    folder = setting.folder(f"plan_scale_{count}_{'made' if made else 'not'}")
    write_project(folder, trivial_assets("layers", count))
    return _rival(setting, name, folder, 0 if made else count, most=1 if made else None)


def _hours(setting: Setting, name: str, count: int, *, most: int | None) -> Rival:
    folder = setting.folder(f"plan_scale_hours_{most}")
    write_project(folder, {"hours": module(count)})
    return _rival(setting, name, folder, count if most is None else 0, most=most)


def _rival(setting: Setting, name: str, folder: Path, steps: int, *, most: int | None) -> Rival:
    if most is not None and setting.with_ours:
        command = (str(setting.our_python), str(BENCHMARKS / "ours/fill_ledger.py"))
        environment = {"PYTHONPATH": str(BENCHMARKS)}
        subprocess.run([*command, str(folder), str(most)], env=environment, check=True)
    return setting.ours(name, "plan_scale", folder, steps)

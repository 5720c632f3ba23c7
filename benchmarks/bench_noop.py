"""noop: the command on a project in which nothing is to be done. CPU of the whole process.

Dagster has no such run: it makes everything again, in one process here.
"""

from __future__ import annotations

from dataclasses import replace

from harness.figures import Figure, Target, cpu_seconds, figure
from harness.setting import Setting, slow
from peers.dagster_project import write_dagster_project
from workloads.our_project import trivial_assets, write_project

ROUNDS = 5
ASSETS = 1_000


def run(setting: Setting) -> list[Figure]:
    """`flowforge run` after a run, beside `dagster asset materialize`."""
    count = setting.size(ASSETS)
    modules = trivial_assets("line_and_fan", count)
    project = write_project(setting.folder("noop"), modules)
    peer = write_dagster_project(setting.folder("noop_dagster"), "line_and_fan", count)
    # The warm-up is the run that makes everything.
    ours = setting.ours_command("ours", "flowforge", "-C", project, "run")
    proof = setting.ours("plan", "plan_is_empty", project)
    dagster = setting.peer_command(
        "dagster", "dagster asset materialize", "dagster", "asset", "materialize",
        "--select", "*", "-f", "in_process.py",
    )  # fmt: skip
    scores = setting.compete(
        replace(ours, timeout_seconds=600, proof=proof),
        slow(replace(dagster, folder=peer)),
        rounds=ROUNDS,
    )
    return [
        figure(
            "noop", "1,000 assets up to date", "s", scores["ours"], read=cpu_seconds,
            peer=scores["dagster asset materialize"], target=Target(1.5, "ours"),
        )
    ]  # fmt: skip

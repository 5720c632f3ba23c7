"""cli10: ten small assets from the shell, nothing made before. CPU of the whole process tree."""

from __future__ import annotations

from dataclasses import replace

from harness.contest import Rival
from harness.figures import Figure, Target, cpu_seconds, figure
from harness.setting import Setting, before_each, slow
from peers.dagster_project import write_dagster_project
from workloads.our_project import forget_runs, trivial_assets, write_project

ROUNDS = 5
ASSETS = 10


def run(setting: Setting) -> list[Figure]:
    """`flowforge run` beside Dagster's in-process executor and its default one."""
    project = write_project(setting.folder("cli10"), trivial_assets("line_and_fan", ASSETS))
    peer = write_dagster_project(setting.folder("cli10_dagster"), "line_and_fan", ASSETS)

    def dagster(name: str, file: str) -> Rival:
        command = ("dagster", "asset", "materialize", "--select", "*", "-f", file)
        return replace(setting.peer_command("dagster", name, *command), folder=peer)

    scores = setting.compete(
        before_each(
            setting.ours_command("ours", "flowforge", "-C", project, "run"),
            lambda: forget_runs(project),
        ),
        dagster("Dagster in process", "in_process.py"),
        slow(dagster("Dagster by default", "multiprocess.py")),
        rounds=ROUNDS,
    )
    metric, ours = "10 assets from the shell", scores["ours"]
    in_process, by_default = scores["Dagster in process"], scores["Dagster by default"]
    return [
        figure(
            "cli10", metric, "s", ours, read=cpu_seconds, peer=in_process,
            target=Target(0.25, "ratio"),
        ),
        figure("cli10", metric, "s", ours, read=cpu_seconds, peer=by_default),
    ]  # fmt: skip

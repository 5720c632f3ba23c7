"""compile: a project as a folder that runs elsewhere, planned and hashed. CPU of the whole process.

Nobody else writes such a folder, so the peer is what a server of Dagster does before it can run
the same assets: it imports them and builds its graph.
"""

from __future__ import annotations

from dataclasses import replace

from harness.figures import Figure, Target, cpu_seconds, figure
from harness.setting import Setting
from peers.dagster_project import write_dagster_project
from workloads.our_project import trivial_assets, write_project

ROUNDS = 5
ASSETS = 1_000


def run(setting: Setting) -> list[Figure]:
    """`flowforge compile` of 1,000 assets, beside Dagster's loading of as many."""
    count = setting.size(ASSETS)
    modules = trivial_assets("line_and_fan", count)
    project = write_project(setting.folder("compile"), modules)
    peer = write_dagster_project(setting.folder("compile_dagster"), "line_and_fan", count)
    build = setting.folder("compile_build")
    ours = setting.ours_command("ours", "flowforge", "-C", project, "compile", "-o", build)
    proof = setting.ours_command("proof", "flowforge", "compile", "--check", build)
    scores = setting.compete(
        replace(ours, proof=proof),
        setting.peer("dagster", "Dagster, loading alone", "dagster_load", peer, count),
        rounds=ROUNDS,
    )
    return [
        figure(
            "compile", "1,000 assets to a folder", "s", scores["ours"], read=cpu_seconds,
            peer=scores["Dagster, loading alone"], target=Target(1.5, "ours"),
        )
    ]  # fmt: skip

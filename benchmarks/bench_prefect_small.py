"""prefect_small: 10 assets through a running server beside plain Prefect's flow. Wall time.

Both are measured inside their process, from the call of the flow to its end: imports are the same
on both sides, and startup counts them.
"""

from __future__ import annotations

from dataclasses import replace

from harness.figures import Figure, Target, figure, said
from harness.prefect import QUIET, serving
from harness.setting import Setting, before_each
from workloads.our_project import forget_runs, trivial_assets, write_project

ROUNDS = 5
ASSETS = 10


def run(setting: Setting) -> list[Figure]:
    """Wall time of one run, beside the same graph in plain tasks."""
    settings = '[env.dev]\nstore = "memory://bench"\n'
    modules = trivial_assets("line_and_fan", ASSETS)
    folder = write_project(setting.folder("prefect_small"), modules, settings=settings)
    with serving(setting.folder("prefect_small_server")) as api_url:
        environment = {**QUIET, "PREFECT_API_URL": api_url}
        ours = before_each(
            setting.ours("ours", "prefect_run", folder, ASSETS), lambda: forget_runs(folder)
        )
        plain = setting.hand("plain Prefect flow", "prefect_plain", ASSETS)
        rivals = [replace(each, environment=environment) for each in (ours, plain)]
        scores = setting.compete(*rivals, rounds=ROUNDS)
    return [
        figure("prefect_small", "10 assets", "s", scores["ours"], read=said("wall_seconds"),
               peer=scores["plain Prefect flow"], target=Target(1.3, "ratio")),
        figure("prefect_small", "10 assets", "s CPU", scores["ours"], read=said("cpu_seconds"),
               peer=scores["plain Prefect flow"]),
    ]  # fmt: skip

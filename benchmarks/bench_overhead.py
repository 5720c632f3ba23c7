"""overhead: what a framework adds to 1,000 assets that do next to nothing. CPU of one run.

Half of the assets are a line, half read its end. Ours compute a frame of one row each (polars plan
and all), with the ledger on disk and the tables in memory; Dagster's add two Python integers that
it keeps in memory, with its SQLite instance and with its in-memory one.
"""

from __future__ import annotations

from harness.figures import Figure, Target, figure, said
from harness.setting import Setting, before_each, slow
from peers.dagster_project import write_dagster_project
from workloads.our_project import forget_runs, trivial_assets, write_project

ROUNDS = 5
ASSETS = 1_000
MEMORY_STORE = '[env.dev]\nstore = "memory://bench"\n'


def run(setting: Setting) -> list[Figure]:
    """CPU an asset, beside both of Dagster's instances."""
    count = setting.size(ASSETS)
    modules = trivial_assets("line_and_fan", count)
    project = write_project(setting.folder("overhead"), modules, settings=MEMORY_STORE)
    peer = write_dagster_project(setting.folder("overhead_dagster"), "line_and_fan", count)
    scores = setting.compete(
        before_each(setting.ours("ours", "overhead", project, count), lambda: forget_runs(project)),
        slow(
            setting.peer(
                "dagster", "Dagster in memory", "dagster_materialize", peer, count, "memory"
            ),
            rounds=3,
        ),
        slow(
            setting.peer(
                "dagster", "Dagster on SQLite", "dagster_materialize", peer, count, "sqlite"
            )
        ),
        rounds=ROUNDS,
    )
    an_asset = said("cpu_seconds", per=count / 1e3)
    metric, unit = "1,000 trivial assets", "ms an asset"
    in_memory, on_sqlite = scores["Dagster in memory"], scores["Dagster on SQLite"]
    ours = scores["ours"]
    return [
        figure("overhead", metric, unit, ours, read=an_asset, target=Target(1, "ours")),
        figure(
            "overhead", metric, unit, ours, read=an_asset, peer=on_sqlite,
            target=Target(1 / 50, "ratio"),
        ),
        figure(
            "overhead", metric, unit, ours, read=an_asset, peer=in_memory,
            target=Target(1 / 10, "ratio"),
        ),
    ]  # fmt: skip

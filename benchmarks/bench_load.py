"""load: from source modules to the graph. CPU inside the process, the framework imported before.

Both sides are packages of plain modules, 100 assets each, with their bytecode written: classes and
functions for us, decorated functions for Dagster. We declare, collect and build the graph; Dagster
imports, builds its definitions, repository and implicit job.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf

from harness.contest import Rival
from harness.figures import Figure, Target, figure, said
from harness.setting import Setting, slow
from peers.dagster_project import write_dagster_project
from workloads.graph import Shape
from workloads.our_project import trivial_assets, write_project

ROUNDS = 3
SMALL, LARGE, DEEP = 5_000, 20_000, 10_000
LINEAR = 1.3  # cost an asset at 20,000 over cost at 5,000: caches are felt, a square would be 4


def run(setting: Setting) -> list[Figure]:
    """5,000 and 20,000 in layers, 10,000 in a line."""
    small, large, deep = map(setting.size, (SMALL, LARGE, DEEP))
    scores = setting.compete(
        _ours(setting, "ours, 5,000", "layers", small),
        _dagster(setting, "Dagster", "layers", small),
        _ours(setting, "ours, 20,000", "layers", large),
        slow(_dagster(setting, "Dagster, 20,000", "layers", large)),
        _ours(setting, "ours, line", "line", deep),
        slow(_dagster(setting, "Dagster, line", "line", deep)),
        rounds=ROUNDS,
    )
    cpu = said("cpu_seconds")
    figures = [
        figure("load", metric, "s", scores[ours], read=cpu, peer=scores[peer], target=target)
        for metric, ours, peer, target in (
            ("5,000 assets in layers", "ours, 5,000", "Dagster", Target(0.25, "ratio")),
            ("20,000 assets in layers", "ours, 20,000", "Dagster, 20,000", None),
            # That it ends is the target: Dagster's recursion does not.
            ("a line of 10,000", "ours, line", "Dagster, line", Target(inf, "ours")),
        )
    ]
    return [*figures, _linearity(figures[0], figures[1], large / small)]


def _linearity(small: Figure, large: Figure, factor: float) -> Figure:
    """How much dearer an asset is in the large graph."""

    def growth(few: float | None, many: float | None) -> float | None:
        return many / few / factor if few and many else None

    return replace(
        large,
        metric="cost an asset, 20,000 over 5,000",
        unit="x",
        ours=growth(small.ours, large.ours),
        ours_range=None,
        peer_value=growth(small.peer_value, large.peer_value),
        peer_range=None,
        target=Target(LINEAR, "ours"),
    )


def _ours(setting: Setting, name: str, shape: Shape, count: int) -> Rival:
    folder = setting.folder(f"load_{shape}_{count}")
    write_project(folder, trivial_assets(shape, count))
    return setting.ours(name, "load", folder, count)


def _dagster(setting: Setting, name: str, shape: Shape, count: int) -> Rival:
    folder = setting.folder(f"load_dagster_{shape}_{count}")
    write_dagster_project(folder, shape, count)
    return setting.peer("dagster", name, "dagster_load", folder, count)

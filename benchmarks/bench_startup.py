"""startup: what a user pays before anything happens. CPU of whole processes, bytecode written."""

from __future__ import annotations

from harness.contest import Rival
from harness.environments import peer_python
from harness.figures import Figure, Target, cpu_ms, figure
from harness.setting import Setting

ROUNDS = 9
FIRST_LINE = "from flowforge_assets import Bronze, Col, Frame, Gold, Silver, asset, col, key"


def run(setting: Setting) -> list[Figure]:
    """Imports and `--help`, beside polars and Dagster."""
    ours, dagster = str(setting.our_python), str(peer_python("dagster"))
    scores = setting.compete(
        Rival("bare python", (ours, "-c", "pass")),
        Rival("import", (ours, "-c", "import flowforge_assets"), is_ours=True),
        Rival("first line", (ours, "-c", FIRST_LINE), is_ours=True),
        setting.ours_command("help", "flowforge", "--help"),
        Rival("import polars", (ours, "-c", "import polars")),
        Rival("import dagster", (dagster, "-c", "import dagster")),
        setting.peer_command("dagster", "dagster --help", "dagster", "--help"),
        rounds=ROUNDS,
    )

    def cpu(metric: str, ours: str, peer: str, target: Target | None = None) -> Figure:
        return figure(
            "startup", metric, "ms", scores[ours], read=cpu_ms, peer=scores[peer], target=target
        )

    return [
        cpu("import flowforge_assets", "import", "bare python", Target(150, "ours")),
        cpu("tutorial's first line", "first line", "import polars", Target(60, "difference")),
        cpu("tutorial's first line", "first line", "import dagster", Target(0.5, "ratio")),
        cpu("flowforge --help", "help", "dagster --help", Target(250, "ours")),
    ]

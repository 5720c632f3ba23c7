"""declare: a thousand datasets made by calls, the signatures of a thousand functions. CPU inside.

Beside them stand pydantic's `create_model`, for as many classes of as many fields, and the standard
library's `get_type_hints`, which evaluates the same annotations and says nothing of what they mean.
"""

from __future__ import annotations

from harness.figures import Figure, Target, figure, said
from harness.setting import Setting

ROUNDS = 7
COUNT, COLUMNS = 1_000, 10
DATASETS = Target(0.1, "ours")
HINTS = Target(0.05, "ours")


def run(setting: Setting) -> list[Figure]:
    """Both, each beside its peer."""
    count, folder = setting.size(COUNT), setting.folder("declare")
    scores = setting.compete(
        setting.ours("ours, datasets", "generate", count, COLUMNS),
        setting.hand("pydantic", "generate_pydantic", count, COLUMNS),
        setting.ours("ours, hints", "hints", folder, count),
        setting.hand("typing", "hints_typing", folder, count),
        rounds=ROUNDS,
    )
    cpu = said("cpu_seconds")
    return [
        figure("declare", metric, "s", scores[ours], read=cpu, peer=scores[peer], target=target)
        for metric, ours, peer, target in (
            ("1,000 generated datasets", "ours, datasets", "pydantic", DATASETS),
            ("signatures of 1,000 functions", "ours, hints", "typing", HINTS),
        )
    ]

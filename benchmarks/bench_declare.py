"""declare: a thousand datasets made by calls, the hints of a thousand functions. CPU inside.

Beside them stand pydantic's `create_model`, for as many classes of as many fields, and the standard
library's `get_type_hints`, which evaluates the same annotations and says nothing of what they mean.
Each function reads two datasets and a key, and makes a third.
"""

from __future__ import annotations

from harness.figures import Figure, Target, figure, said
from harness.setting import Setting

ROUNDS = 7
COUNT, COLUMNS = 1_000, 10
DATASETS = Target(0.1, "ours")
HINTS = Target(0.05, "ours")


def run(setting: Setting) -> list[Figure]:
    """Datasets beside models, hints beside hints."""
    count, folder = setting.size(COUNT), setting.folder("declare")
    scores = setting.compete(
        setting.ours("ours, datasets", "generate", count, COLUMNS),
        setting.hand("pydantic", "generate_pydantic", count, COLUMNS),
        setting.ours("ours, hints", "hints", folder, count, "forms"),
        setting.ours("ours, assets", "hints", folder, count, "assets"),
        setting.hand("typing", "hints_typing", folder, count),
        rounds=ROUNDS,
    )
    cpu = said("cpu_seconds")
    return [
        figure("declare", metric, "s", scores[ours], read=cpu, peer=scores[peer], target=target)
        for metric, ours, peer, target in (
            ("1,000 generated datasets", "ours, datasets", "pydantic", DATASETS),
            ("hints of 1,000 functions", "ours, hints", "typing", HINTS),
            ("1,000 assets of them", "ours, assets", "typing", None),
        )
    ]

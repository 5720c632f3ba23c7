"""validate: 12 rules on 5 million orders in memory. CPU and wall of the validation alone."""

from __future__ import annotations

from harness.figures import Figure, Reading, Target, figure, peak_mib, said
from harness.setting import Setting

ROUNDS = 5
ROWS = 5_000_000


def run(setting: Setting) -> list[Figure]:
    """Our rules beside one polars pass by hand, pandera and dataframely."""
    rows = setting.size(ROWS)
    scores = setting.compete(
        setting.ours("ours", "validate", rows),
        setting.hand("one pass by hand", "validate_hand", rows),
        setting.peer("validate", "pandera", "validate_pandera", rows),
        setting.peer("validate", "dataframely", "validate_dataframely", rows),
        rounds=ROUNDS,
    )

    by_hand, *others = [name for name in scores if name != "ours"]
    limit = Target(1.3, "ratio")
    kinds: tuple[tuple[str, str, Reading, Target | None], ...] = (
        ("CPU", "s", said("cpu_seconds"), limit),
        ("wall time", "s", said("wall_seconds"), limit),
        ("peak memory of the process", "MiB", peak_mib, None),
    )
    return [
        figure(
            "validate", metric, unit, scores["ours"], read=read, peer=scores[peer],
            target=target if peer == by_hand else None,
        )
        for metric, unit, read, target in kinds
        for peer in (by_hand, *others)
    ]  # fmt: skip

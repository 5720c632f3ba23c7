"""backfill: 10,000 days of a trivial asset, by chunks of a hundred. CPU inside the process.

In memory, by an asset that takes sets of days and by one that takes a day; on disk by one whose
days are made in order, so that each is a Delta commit. Beside that stands a commit a day by hand
on a kept handle: one that replaces the day, as ours do, so that a second try doubles nothing.
"""

from __future__ import annotations

from harness.figures import Figure, Target, figure, said
from harness.scratch import empty
from harness.setting import Setting, before_each, slow
from workloads.days import write_days

ROUNDS = 3
DAYS, COMMITS = 10_000, 500
MEMORY_STORE = '[env.dev]\nstore = "memory://bench"\n'
BY_HAND = "a commit a day by hand"


def run(setting: Setting) -> list[Figure]:
    """CPU a partition, in memory and on disk."""
    days, commits = setting.size(DAYS), setting.size(COMMITS)
    in_memory = write_days(setting.folder("backfill_memory"), days, settings=MEMORY_STORE)
    on_disk = write_days(setting.folder("backfill_disk"), commits)
    tables = setting.folder("backfill_by_hand")
    hand = setting.hand(BY_HAND, "backfill_hand", tables, commits)
    scores = setting.compete(
        setting.ours("sets of days", "backfill", in_memory, "by_sets", days),
        slow(setting.ours("a day a call", "backfill", in_memory, "by_day", days), rounds=ROUNDS),
        setting.ours("a commit a day", "backfill", on_disk, "in_order", commits),
        before_each(hand, lambda: empty(tables)),
        rounds=ROUNDS,
    )
    empty(tables)
    a_day, a_commit = said("cpu_seconds", per=days / 1e3), said("cpu_seconds", per=commits / 1e3)
    unit, limit = "ms a partition", Target(1, "ours")
    return [
        figure("backfill", "in memory, sets of days", unit, scores["sets of days"], read=a_day,
               target=limit),
        figure("backfill", "in memory, a day a call", unit, scores["a day a call"], read=a_day),
        figure("backfill", "a Delta commit a day", unit, scores["a commit a day"], read=a_commit,
               peer=scores[BY_HAND], target=Target(1.3, "ratio")),
    ]  # fmt: skip

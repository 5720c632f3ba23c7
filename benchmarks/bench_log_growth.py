"""log_growth: a plan and one partition of a table of 5,000 commits, beside one of 10.

Both were maintained with `flowforge maintain`. Measured inside a process that begins, without its
imports: a plan, then the rows of one of ten partitions.
"""

from __future__ import annotations

from harness.figures import Figure, Target, figure, said
from harness.setting import Setting, slow

ROUNDS = 7
FEW, MANY = 10, 5_000
_KINDS = (("CPU", "cpu_seconds"), ("wall", "wall_seconds"))


def run(setting: Setting) -> list[Figure]:
    """The long log beside the short one; making it takes minutes."""
    folders = {
        commits: setting.folder(f"log_{commits}") for commits in (FEW, max(setting.size(MANY), 40))
    }
    built = setting.compete(
        *(
            slow(setting.ours(f"table of {commits}", "log_growth_table", folder, commits))
            for commits, folder in folders.items()
        ),
        rounds=1,
    )
    names = [f"{commits:,} commits" for commits in folders]
    scores = setting.compete(
        *(
            setting.ours(name, "log_growth", folder)
            for name, folder in zip(names, folders.values(), strict=True)
        ),
        rounds=ROUNDS,
    )
    few, many = (scores[name] for name in names)
    many.failure = many.failure or next((s.failure for s in built.values() if s.failure), None)
    return [
        figure(
            "log_growth", f"plan and one partition, {kind}", "ms", many, read=said(name, per=1e-3),
            peer=few, target=Target(100, "difference") if kind == "wall" else None,
        )
        for kind, name in _KINDS
    ]  # fmt: skip

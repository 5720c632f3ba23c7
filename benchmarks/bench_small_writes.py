"""small_writes: 500 commits of 100 rows to one table, beside `write_deltalake` on a kept handle.

Ours is the storage seam as the steps of one run use it: stage, commit with the record of the step,
on a table object that is kept. Measured inside the process. Ours waits until file and commit are
on the disk, the library does not: that is in the wall time.
"""

from __future__ import annotations

from dataclasses import replace

from harness.figures import Figure, Target, figure, said
from harness.scratch import empty
from harness.setting import Setting

ROUNDS = 3
ROWS = 100
COMMITS = 500
_KINDS = (("CPU", "cpu_seconds"), ("wall", "wall_seconds"))
_DEFAULT, _AS_OURS = "write_deltalake", "write_deltalake, checkpoints as ours"


def run(setting: Setting) -> list[Figure]:
    """Ours beside a kept handle with the default checkpoints, and with ours."""
    commits = setting.size(COMMITS)
    tables = setting.folder("small_writes_tables")
    rivals = (
        setting.ours("ours", "small_writes", tables, ROWS, commits),
        setting.hand(_DEFAULT, "small_writes_hand", tables, ROWS, commits, 100),
        setting.hand(_AS_OURS, "small_writes_hand", tables, ROWS, commits, 20),
    )
    proof = setting.hand("proof", "rows_proof", tables, ROWS * (commits + 1))
    scores = setting.compete(
        *(replace(rival, prepare=lambda: empty(tables), proof=proof) for rival in rivals),
        rounds=ROUNDS,
    )
    empty(tables)
    return [
        figure(
            "small_writes", f"{COMMITS} commits, {kind}", "s", scores["ours"], read=said(name),
            peer=scores[peer], target=Target(1.3, "ratio") if kind == "CPU" else None,
        )
        for kind, name in _KINDS
        for peer in (_DEFAULT, _AS_OURS)
    ]  # fmt: skip

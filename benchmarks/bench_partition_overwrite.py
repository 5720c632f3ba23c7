"""partition_overwrite: one of 100 partitions of five million rows, beside a rewrite of them all.

Both are runs of ours, measured inside the process; delta-rs by hand does the same beside them.
"""

from __future__ import annotations

from dataclasses import replace

from harness.figures import Figure, Target, figure, said
from harness.scratch import empty
from harness.setting import Setting

ROUNDS = 3
ROWS = 5_000_000
_ONE, _ALL, _HAND = "ours, one of 100", "ours, all 100", "delta-rs by hand, one of 100"
_KINDS = (("CPU", "cpu_seconds"), ("wall", "wall_seconds"))


def run(setting: Setting) -> list[Figure]:
    """One partition beside all."""
    rows = setting.size(ROWS)
    tables = setting.folder("partition_overwrite_tables")
    rivals = (
        setting.ours(_ONE, "partition_overwrite", tables, rows, "one"),
        setting.ours(_ALL, "partition_overwrite", tables, rows, "all"),
        setting.hand(_HAND, "partition_overwrite_hand", tables, rows, "one"),
    )
    proof = setting.hand("proof", "rows_proof", tables, rows)
    scores = setting.compete(
        *(replace(rival, prepare=lambda: empty(tables), proof=proof) for rival in rivals),
        rounds=ROUNDS,
    )
    empty(tables)
    return [
        figure(
            "partition_overwrite", kind, "s", scores[_ONE], read=said(name), peer=scores[peer],
            target=Target(0.05, "ratio") if (peer, kind) == (_ALL, "CPU") else None,
        )
        for kind, name in _KINDS
        for peer in (_ALL, _HAND)
    ]  # fmt: skip

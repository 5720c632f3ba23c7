"""writes: a million rows appended, merged by key, and kept as states, beside delta-rs by hand.

Half of the rows have keys that the table of a million holds, half of those other values. Measured
is the second write, inside the process: ours is a whole run, with plan, keys checked and ledger.
"""

from __future__ import annotations

from dataclasses import replace

from harness.figures import Figure, Target, figure, said
from harness.scratch import empty
from harness.setting import Setting

ROUNDS = 5
ROWS = 1_000_000
WAYS = ("append", "merge", "scd2")
_KINDS = (("CPU", "cpu_seconds"), ("wall", "wall_seconds"))


def run(setting: Setting) -> list[Figure]:
    """Each way of writing, ours and by hand."""
    rows = setting.size(ROWS)
    tables = setting.folder("writes_tables")
    figures: list[Figure] = []
    for way in WAYS:
        ours = setting.ours(f"ours, {way}", "writes", tables, rows, way)
        hand = setting.hand(f"delta-rs by hand, {way}", "writes_hand", tables, rows, way)
        proof = setting.hand("proof", "writes_proof", tables, rows, way)
        scores = setting.compete(
            *(replace(r, prepare=lambda: empty(tables), proof=proof) for r in (ours, hand)),
            rounds=ROUNDS,
        )
        figures += [
            figure(
                "writes", f"{way}, {kind}", "s", scores[ours.name], read=said(name),
                peer=scores[hand.name], target=Target(1.3, "ratio"),
            )
            for kind, name in _KINDS
        ]  # fmt: skip
    empty(tables)
    return figures

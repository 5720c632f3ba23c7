"""writes: five million rows written in each way, beside delta-rs and polars by hand.

Half of the rows have keys that the table of five million holds, half of those other values. Of
`partition` all come into one of four. Measured is the second write, inside the process: ours is a
whole run, with plan, rules and ledger; by hand the same rules are checked before the write, with
the same codec. The target stands beside whoever needs least CPU by hand. dlt and dagster-deltalake
append and merge the same rows.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf

from harness.figures import Figure, Target, figure, said
from harness.scratch import empty
from harness.setting import Setting
from workloads.writes import WAYS

ROUNDS = 3
ROWS = 5_000_000
_ELSEWHERE = ("append", "merge")
_CPU = said("cpu_seconds")
_KINDS = (("CPU", _CPU), ("wall", said("wall_seconds")))


def run(setting: Setting) -> list[Figure]:
    """Each way of writing, ours and by hand."""
    tables = setting.folder("writes_tables")
    figures = [each for way in WAYS for each in _of(way, setting)]
    empty(tables)
    return figures


def _of(way: str, setting: Setting) -> list[Figure]:
    rows = setting.size(ROWS)
    tables = setting.folder("writes_tables")
    proof = setting.hand("proof", "writes_proof", tables, rows, way)
    task = (tables, rows, way)
    ours = setting.ours(f"ours, {way}", "writes", *task)
    hands = (
        setting.hand(f"delta-rs by hand, {way}", "writes_hand", *task),
        setting.hand(f"polars by hand, {way}", "writes_files", *task),
    )
    others = (
        setting.peer("dlt", f"dlt, {way}", "writes_dlt", *task),
        setting.peer("dagster", f"dagster-deltalake, {way}", "writes_dagster", *task),
    )
    rivals = (ours, *hands, *(others if way in _ELSEWHERE else ()))
    scores = setting.compete(
        *(replace(rival, prepare=lambda: empty(tables), proof=proof) for rival in rivals),
        rounds=ROUNDS,
    )
    best = min((scores[hand.name] for hand in hands), key=lambda score: score.median(_CPU) or inf)
    return [
        figure(
            "writes", f"{way}, {kind}", "s", scores[ours.name], read=read, peer=scores[rival.name],
            target=Target(1.15, "ratio") if kind == "CPU" and rival.name == best.name else None,
        )
        for kind, read in _KINDS
        for rival in rivals[1:]
    ]  # fmt: skip

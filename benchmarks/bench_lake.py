"""lake: bronze, silver and gold of 5 million rows each into Delta on local disk.

ZSTD 1 and the same rules on every side: no nulls, a unique id, a least amount, a known category of
the right form. CPU and peak memory of whole processes. By hand, each stage reads its parent from
Delta again, or keeps it in memory; ours hands it over or, with no memory to do so, reads it again.
"""

from __future__ import annotations

from dataclasses import replace

from harness.contest import Rival
from harness.figures import Figure, Reading, Target, cpu_seconds, figure, peak_mib
from harness.scratch import empty
from harness.setting import Setting

ROUNDS = 5
ROWS = 5_000_000


def run(setting: Setting) -> list[Figure]:
    """Both of our ways beside both ways by hand and both of Dagster's writers."""
    rows = setting.size(ROWS)
    tables = setting.folder("lake_tables")

    def hand(name: str, way: str) -> Rival:
        return setting.hand(name, "lake_hand", tables, rows, way)

    def dagster(name: str, writer: str) -> Rival:
        return setting.peer("dagster", name, "lake_dagster", tables, rows, writer)

    def ours(name: str, environment: str) -> Rival:
        return setting.ours(name, "lake", tables, rows, environment)

    rivals = (
        hand(_MEASURE, "reread"),
        hand("by hand, re-read lazily", "lazy"),
        hand("by hand, in memory", "memory"),
        ours("ours, re-read", "reread"),
        ours("ours, handed over", "handover"),
        dagster("dagster-deltalake", "deltalake"),
        dagster("dagster-polars", "polars"),
    )
    proof = setting.hand("proof", "lake_proof", tables, rows)
    scores = setting.compete(
        *(replace(rival, prepare=lambda: empty(tables), proof=proof) for rival in rivals),
        rounds=ROUNDS,
    )
    empty(tables)
    peers = [rival.name for rival in rivals if not rival.is_ours]
    return [
        figure(
            "lake", f"{kind}, {way}", unit, scores[f"ours, {way}"], read=read, peer=scores[peer],
            target=targets[kind] if peer == _MEASURE else None,
        )
        for way, targets in _TARGETS.items()
        for kind, unit, read in _KINDS
        for peer in peers
    ]  # fmt: skip


_MEASURE = "by hand, re-read"
_KINDS: tuple[tuple[str, str, Reading], ...] = (
    ("CPU", "s", cpu_seconds),
    ("peak memory", "MiB", peak_mib),
)
_TARGETS = {
    "re-read": {"CPU": Target(1.1, "ratio"), "peak memory": Target(1.1, "ratio")},
    "handed over": {
        "CPU": Target(1.0, "ratio", is_strict=True),
        "peak memory": Target(1.3, "ratio"),
    },
}

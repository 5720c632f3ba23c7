"""How a run ended as people see it in a notebook or a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowforge_assets.core.drawing import Drawing

if TYPE_CHECKING:
    from flowforge_assets.execute.run import RunResult


def run_drawing(result: RunResult) -> Drawing:
    """The counts of assets, then each error whole."""
    counts = {
        "made": result.made,
        "failed": result.failed,
        "skipped": result.skipped,
        "fresh": result.fresh,
        "waiting": result.waiting,
    }
    said = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count)
    title = f"run {result.run_id} {result.status}: {said or 'nothing to make'}"
    return Drawing(title, notes=tuple(error.render() for error in result.errors))

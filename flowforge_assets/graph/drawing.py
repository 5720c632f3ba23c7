"""What the type check found as people see it in a notebook or a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowforge_assets.core.drawing import Drawing

if TYPE_CHECKING:
    from flowforge_assets.graph.typecheck import CheckReport


def check_drawing(report: CheckReport) -> Drawing:
    """The assets that were not looked into, and why; then each error whole."""
    count = f"{report.assets:,} asset{'' if report.assets == 1 else 's'}"
    errors = len(report.errors)
    verdict = "all is well" if not errors else "1 error" if errors == 1 else f"{errors:,} errors"
    rows = tuple(report.not_checked.items())
    notes = tuple(error.render() for error in report.errors)
    return Drawing(f"check of {count}: {verdict}", ("asset", "not looked into"), rows, notes)

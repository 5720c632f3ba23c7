"""Sums up what the tests of faults did: `python fault_report.py LINES JSON MARKDOWN`.

LINES is what `FLOWFORGE_FAULTS_REPORT` was; a test that failed has no line in it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

_LOSSES = ("lost", "doubled", "half_visible")


def table(lines: list[dict[str, Any]]) -> str:  # Any: JSON
    """The figures as a Markdown table, one row for what was done to a store."""
    rows = [
        "| fault | store | rounds | seconds | seed | what happened | lost, doubled, half seen |",
        "|---|---|--:|--:|--:|---|---|",
    ]
    for line in sorted(lines, key=lambda each: (each["what"], each["store"])):
        counts = ", ".join(f"{number} {name}" for name, number in sorted(line["counts"].items()))
        losses = " / ".join(str(line[name]) for name in _LOSSES)
        cells = (line["what"], line["store"], line["rounds"], line["seconds"], line["seed"])
        rows.append(f"| {' | '.join(map(str, cells))} | {counts} | {losses} |")
    return "\n".join(rows) + "\n"


def main(lines_at: str, json_at: str, markdown_at: str) -> None:
    """Writes both files."""
    lines = [json.loads(line) for line in Path(lines_at).read_text().splitlines()]
    Path(json_at).write_text(json.dumps(lines, indent=1, sort_keys=True) + "\n")
    Path(markdown_at).write_text(table(lines))
    sys.stdout.write(table(lines))


if __name__ == "__main__":
    main(*sys.argv[1:])

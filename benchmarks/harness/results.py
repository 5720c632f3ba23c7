"""What is kept of runs: of each bench the lines of its newest run at full size."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from harness.figures import Line, figure_name


def kept(path: Path) -> list[Line]:
    """The lines of a results file; none where there is no such file."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def renewed(old: Sequence[Line], new: Sequence[Line], order: Sequence[str]) -> list[Line]:
    """The old lines, those of the benches in `new` replaced, in `order`."""
    measured = {line["bench"] for line in new}
    lines = [line for line in old if line["bench"] not in measured] + list(new)
    return sorted(lines, key=lambda line: order.index(line["bench"]))


def write_results(path: Path, lines: Sequence[Line]) -> str:
    """Writes one JSON object a figure, and beside it the text for people, which it returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    text = f"{_table(lines)}\n\n{_notes(lines)}"
    path.with_suffix(".txt").write_text(text)
    return text


def _table(lines: Sequence[Line]) -> str:
    head = ("bench", "metric", "unit", "ours", "peer", "peer's", "ratio", "target", "met")
    rows = [
        (
            line["bench"],
            line["metric"],
            line["unit"],
            _number(line["ours"]),
            line["peer"] or "",
            _number(line["peer_value"]),
            _number(line["ratio"]),
            line["target"] or "",
            {True: "yes", False: "NO", None: ""}[line["met"]],
        )
        for line in lines
    ]
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    written = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (head, *rows)
    ]
    return "\n".join([written[0], "-" * len(written[0]), *written[1:]])


def _notes(lines: Sequence[Line]) -> str:
    notes = [
        f"{', '.join(dict.fromkeys(line['bench'] for line in group))}: {taken}"
        for taken, group in groupby(lines, key=lambda line: line["taken"])
    ]
    notes += [f"failed: {_name(line)}: {line['failure']}" for line in lines if line["failure"]]
    notes += [
        f"missed: {_name(line)}: {line['reason'] or 'no reason is written'}"
        for line in lines
        if line["met"] is False
    ]
    return "".join(f"{note}\n" for note in notes)


def _name(line: Line) -> str:
    return figure_name(line["bench"], line["metric"], line["peer"])


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"

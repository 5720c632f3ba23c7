"""What an import tells: what was brought, what was not, and what is to be done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from flowforge_assets.core.key import LAYERS, DatasetKey
from flowforge_assets.project.bring.found import Finding, Level

REPORT: Final = "IMPORT.md"
HEADINGS: Final[dict[Level, str]] = {
    "left": "Not brought",
    "look": "Brought, and to be looked at",
    "note": "Brought in another form",
}


def report_text(
    tool: str, datasets: Sequence[DatasetKey], findings: Iterable[Finding], *, source: str
) -> str:
    """The page `IMPORT.md`."""
    listed = list(findings)
    counts = {layer: sum(key.layer == layer for key in datasets) for layer in LAYERS}
    shown = ", ".join(f"{count} in {layer}" for layer, count in counts.items() if count)
    lines = [
        f"# From {tool}",
        "",
        f"`{source}` became {len(datasets)} datasets ({shown or 'none'}).",
        "",
    ]
    for level, heading in HEADINGS.items():
        found = sorted_findings(listed, level)
        if found:
            lines += [
                f"## {heading}",
                "",
                "| what | where | why | what to do |",
                "|---|---|---|---|",
            ]
            lines += [_row(each) for each in found] + [""]
    if not listed:
        lines += ["Nothing was left out, and nothing needs a look.", ""]
    return "\n".join(lines)


def sorted_findings(findings: Iterable[Finding], level: Level) -> list[Finding]:
    """Those of one level, by place and name, each once."""
    chosen = dict.fromkeys(each for each in findings if each.level == level)
    return sorted(chosen, key=lambda each: (where(each), each.name, each.said))


def where(finding: Finding) -> str:
    """The file and line in the other tool's project."""
    place = finding.place
    if place is None:
        return ""
    return f"{place.file}:{place.line}" if place.line else place.file


def _row(finding: Finding) -> str:
    cells = (f"`{finding.name}`", where(finding), finding.said, finding.remedy)
    return "| " + " | ".join(" ".join(c.replace("|", "\\|").split()) for c in cells) + " |"

"""Writes docs/reference/portable-duckdb.md: what is portable, as the emitter itself answers.

python tools/portable_docs.py            writes the page
python tools/portable_docs.py --check    exits with 1 when the page is not what is emitted
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.sql import SqlPortableFunctionError
from flowforge_assets.sql import Emitted, emit
from flowforge_assets.sql.portable.emit import TARGETS
from tools.portable_probes import TABLES, Probe, functions, others

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "portable-duckdb.md"
_GROUPS: Final = ("Functions", "Aggregates", "Windows", "Operators", "Casts", "Clauses")
_TITLES: Final = {
    "duckdb": "DuckDB",
    "snowflake": "Snowflake",
    "bigquery": "BigQuery",
    "redshift": "Redshift",
    "synapse": "Synapse",
    "postgres": "PostgreSQL",
    "databricks": "Databricks",
    "fabric": "Fabric",
}
_HEAD: Final = """\
# Portable DuckDB

Every function, operator, cast and clause that [`emit`](../guide/portable-sql.md) writes for at
least one target, as the emitter answers today. **yes**: what is written gives the rows of DuckDB.
**near**: refused, but a line may [accept](../guide/portable-sql.md#a-form-that-is-near) a form
whose rows can differ. **no**: refused. Arguments are shown by their types; one that must be a
constant stands as an example of one.

<!-- written by `make golden` from what is emitted -->
"""


def page() -> str:
    """The text of the page."""
    rows: dict[str, list[str]] = {group: [] for group in _GROUPS}
    why: dict[str, list[str]] = {group: [] for group in _GROUPS}
    refused: list[str] = []
    strange: set[str] = set()
    for calls in [*functions(), *([probe] for probe in others())]:
        found = _first_taken(calls, strange)
        if found is None:
            refused.extend(probe.written for probe in calls[:1] if probe.group in _GROUPS[3:])
            continue
        probe, said = found
        cells = (_cell(said[target]) for target in TARGETS)
        rows[probe.group].append(f"| {_escaped(probe.written)} | {' | '.join(cells)} |")
        why[probe.group].extend(_reasons(probe, said))
    parts = [_HEAD]
    for group in _GROUPS:
        titles = " | ".join(_TITLES[target] for target in TARGETS)
        parts += [f"## {group}\n", f"| | {titles} |", f"|---|{'---|' * len(TARGETS)}"]
        parts += [*sorted(set(rows[group]), key=str.lower), ""]
        if why[group]:
            parts += ["Why not:\n", *sorted(set(why[group])), ""]
    parts += ["## For no target\n", f"{', '.join(sorted(set(refused)))}.", ""]
    return "\n".join(parts)


def _first_taken(calls: list[Probe], strange: set[str]) -> tuple[Probe, dict[str, Emitted]] | None:
    """The first call that DuckDB's own target takes, and what each says to it.

    The names of functions that are not portable, whatever their arguments, are noted as `strange`.
    """
    for probe in calls:
        name = probe.written.partition("(")[0]
        if name in strange:
            return None
        try:
            first = emit(probe.sql, schema=TABLES, target="duckdb")
        except FlowForgeError:  # it is no query
            return None
        if first.text is not None:
            others = (target for target in TARGETS if target != "duckdb")
            said = {each: emit(probe.sql, schema=TABLES, target=each) for each in others}
            return probe, {"duckdb": first, **said}
        if any(each.code == SqlPortableFunctionError.code for each in first.refusals):
            strange.add(name)
    return None


def _cell(said: Emitted) -> str:
    if said.text is not None:
        return "yes"
    return "near" if all("ff: accept" in each.hint for each in said.refusals) else "no"


def _reasons(probe: Probe, said: dict[str, Emitted]) -> Iterator[str]:
    """A line for each reason that some targets give, if it says more than that there is no form."""
    by_reason: dict[str, list[str]] = {}
    for target, emitted in said.items():
        for each in emitted.refusals[:1]:
            by_reason.setdefault(each.message, []).append(_TITLES[target])
    for reason, targets in by_reason.items():
        if "has no exact form here" not in reason:
            yield f"- {probe.written}, {', '.join(targets)}: {reason}"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> int:
    """Writes or checks the page; gives the exit code."""
    text = page()
    if "--check" in sys.argv[1:]:
        if not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text:
            print(
                "docs/reference/portable-duckdb.md is not what is emitted: `make golden` writes it"
            )
            return 1
        return 0
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Writes docs/reference/portable-table.md: what each target makes of each kind of SQL.

    python tools/portable_table.py            writes the page
    python tools/portable_table.py --check    exits with 1 when the page is not what the tests say

It reads the golden files of tests/fixtures/portable. That a cell says `same rows` is what
tests/evidence/test_cases_on_engines.py sees to, with the engines.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "portable-table.md"
GOLDEN = ROOT / "tests" / "fixtures" / "portable"
sys.path.insert(0, str(ROOT / "tests" / "evidence"))

from engine_words import NOT_COUNTED, OWN_WORDS, STANDS_FOR  # noqa: E402 - beside the tests

_SECTION = re.compile(r"^-- (\w+):\n", re.MULTILINE)
_HEAD = """\
# What each target makes of each kind of SQL

Each row is a query in DuckDB's SQL that a test writes for every target (`tests/fixtures/portable`
has the texts).

- **same rows**: an engine that stands for the target gave DuckDB's rows: {engines}.
- **written**: it follows the target's documentation; no engine that could run it was at hand.
- **refused**: it has no exact form there, or none that is known to be exact; with the code.

fakesnow has DuckDB underneath: it shows that the text is read, and what a reading of it gives.

<!-- written by `make golden` from the golden files -->

"""


def page() -> str:
    """The text of the page."""
    rows = [_row(path) for path in sorted(GOLDEN.glob("*.sql"))]
    targets = list(dict.fromkeys(target for _, _, cells in rows for target in cells))
    counts = [
        " / ".join(
            str(sum(cells.get(target, "").startswith(word) for _, _, cells in rows))
            for word in ("same", "written", "refused")
        )
        for target in targets
    ]
    engines = ", ".join(f"{engine} for {target}" for target, engine in STANDS_FOR.items())
    lines = [
        f"| query | {' | '.join(targets)} |",
        f"|---|{'---|' * len(targets)}",
        f"| **same rows / written / refused** | {' | '.join(counts)} |",
    ]
    lines += [
        f"| {name}: `{sql}` | {' | '.join(cells.get(t, '') for t in targets)} |"
        for name, sql, cells in rows
    ]
    return _HEAD.format(engines=engines) + "\n".join(lines) + "\n"


def _row(path: Path) -> tuple[str, str, dict[str, str]]:
    sql, *sections = _SECTION.split(path.read_text(encoding="utf-8"))
    cells = {
        target: _cell(path.stem, target, text)
        for target, text in zip(sections[::2], sections[1::2], strict=True)
    }
    shown = " ".join(sql.split()).replace("|", "\\|").replace("`", "'")
    return path.stem.replace("_", " "), shown, cells


def _cell(case: str, target: str, text: str) -> str:
    if text.startswith("-- refused"):
        return "refused " + ", ".join(dict.fromkeys(re.findall(r"\bFF-\d+", text)))
    own = OWN_WORDS.get(target)
    is_run = target in STANDS_FOR and (target, case) not in NOT_COUNTED
    return "same rows" if is_run and not (own and own.search(text)) else "written"


def main() -> int:
    """Writes or checks the page; gives the exit code."""
    text = page()
    if "--check" in sys.argv[1:]:
        if not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text:
            print(f"{PAGE.name} is not what the tests say: tools/portable_table.py writes it")
            return 1
        return 0
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`pytest --conformance-table FILE`: writes what a run of test_guarantees.py shows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from store_table import Cell, cell_of, cells, page

if TYPE_CHECKING:
    import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the option."""
    parser.addoption(
        "--conformance-table",
        metavar="FILE",
        help="write the table of stores, ways of writing and guarantees to FILE",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Listens to the tests when the option is given; with xdist where all are told."""
    path = config.getoption("--conformance-table", None)
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_TableWriter(Path(path)))


class _TableWriter:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._outcomes: dict[Cell, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Notes what a test came to; one that failed has no cell, so that no table is written."""
        cell = cell_of(report.nodeid)
        if cell is None or report.when != "call":
            return
        if report.passed:
            self._outcomes[cell] = "yes"
        elif report.skipped and hasattr(report, "wasxfail"):
            self._outcomes[cell] = str(report.wasxfail).removeprefix("reason: ")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Writes the table, if every cell is known."""
        missing = [cell for cell in cells() if cell not in self._outcomes]
        if missing:
            shown = ", ".join("/".join(cell) for cell in missing[:3])
            terminalreporter.write_line(
                f"{self._path} is not written: {len(missing)} cells did not pass, such as {shown}",
                red=True,
            )
            return
        self._path.write_text(page(self._outcomes), encoding="utf-8")
        terminalreporter.write_line(f"wrote {self._path}")

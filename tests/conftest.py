"""Fixtures that any test may ask for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same output on every machine: no colour, 100 columns, no settings from outside."""
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE", "FLOWFORGE_ENV", "PREFECT_API_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`golden("plans/first_run.txt", text)`: `text` is what that file of tests/fixtures holds.

    `make golden` writes the files anew; the diff is then for people to read.
    """

    def compare(name: str, text: str) -> None:
        path = FIXTURES / name
        if request.config.getoption("--rewrite-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            return
        assert path.is_file(), f"no tests/fixtures/{name}: `make golden` writes it"
        assert text == path.read_text(encoding="utf-8")

    return compare

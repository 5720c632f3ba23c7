"""Programs that users could write, judged by both type checkers.

In tests/typing, each line marked `# error:` must be refused, and every other line must pass. The
programs may import one another.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROGRAMS = sorted((ROOT / "tests/typing").glob("*.py"))

pytestmark = pytest.mark.slow


def output_of(*command: str) -> str:
    """What a type checker says of all programs."""
    ran = subprocess.run(
        [*command, *map(str, PROGRAMS)],
        cwd=ROOT,
        env={**os.environ, "MYPYPATH": str(ROOT / "tests/typing")},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode in {0, 1}, ran.stderr
    return ran.stdout


def mypy_errors() -> set[str]:
    lines = map(json.loads, output_of(sys.executable, "-m", "mypy", "--output=json").splitlines())
    return {
        f"{ROOT / line['file']}:{line['line']}" for line in lines if line["severity"] == "error"
    }


def pyright_errors() -> set[str]:
    report = json.loads(output_of(sys.executable, "-m", "pyright", "--outputjson"))
    return {
        f"{error['file']}:{error['range']['start']['line'] + 1}"
        for error in report["generalDiagnostics"]
        if error["severity"] == "error"
    }


@pytest.mark.parametrize("errors", [mypy_errors, pyright_errors], ids=["mypy", "pyright"])
def test_marked_lines_are_refused_and_no_others(errors: Callable[[], set[str]]) -> None:
    marked = {
        f"{program}:{number}"
        for program in PROGRAMS
        for number, line in enumerate(program.read_text(encoding="utf-8").splitlines(), 1)
        if "# error:" in line
    }
    refused = {place for place in errors() if place.partition(":")[0] in set(map(str, PROGRAMS))}
    assert marked
    assert refused == marked

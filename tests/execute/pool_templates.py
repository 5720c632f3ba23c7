"""The real base job templates of Prefect's workers, asked for once."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from server_of_prefect import environment

_ROOT = Path(__file__).parents[2]
_CHILD = _ROOT / "tests" / "evidence" / "pools_child.py"


@cache
def templates() -> dict[str, dict[str, Any]]:
    """By the kind of pool; the packages are in `.venv/pools`, which `make setup` fills."""
    folder = _ROOT / ".venv" / "pools"
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", str(_CHILD), str(folder)],
        env=environment(folder / "home"),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    found: dict[str, dict[str, Any]] = json.loads(ran.stdout)
    return found

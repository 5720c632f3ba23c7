from __future__ import annotations

import subprocess
import sys


def test_what_makes_a_step_loads_no_engine_of_queries() -> None:
    script = (
        "import sys, flowforge_assets.execute.step\nprint({'duckdb', 'sqlglot'} & set(sys.modules))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120
    )
    assert ran.stdout == "set()\n"

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_table_of_the_documents_is_what_the_golden_files_say() -> None:
    checked = [sys.executable, str(ROOT / "tools" / "portable_table.py"), "--check"]
    assert subprocess.run(checked, check=False).returncode == 0

"""The Python environments of the benches: ours, and one for each group of peers."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from harness.contest import BENCHMARKS


def our_python() -> Path:
    """The checkout's own interpreter, which has the package installed."""
    here = BENCHMARKS.parent / ".venv" / "bin" / "python"
    return here if here.exists() else Path(sys.executable)


def peer_python(group: str) -> Path:
    """The interpreter of `peers/requirements-<group>.txt`, installed at first use."""
    wanted = BENCHMARKS / "peers" / f"requirements-{group}.txt"
    folder = BENCHMARKS / ".envs" / group
    python = folder / "bin" / "python"
    stamp = folder / "installed"
    digest = hashlib.sha256(wanted.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return python
    print(f"installing {wanted.name} into {folder}", file=sys.stderr, flush=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", "-r", str(wanted)], check=True)
    stamp.write_text(digest)
    return python

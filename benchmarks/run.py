"""Runs the benches and prints ours beside the peers'.

    python benchmarks/run.py                     all of them; writes results/latest.jsonl
    python benchmarks/run.py load lake           only these; the lines of the others stay
    python benchmarks/run.py --scale 0.1 writes  at a tenth: a quick look, in results/partial.jsonl
    python benchmarks/run.py --trial             tiny workloads: do the benches themselves work?

Needs the checkout's own environment; those of the peers are made under .envs at first use. Values
are medians of interleaved rounds. The machine should have nothing else to do.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import tomllib
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from harness.contest import BENCHMARKS
from harness.environments import our_python
from harness.figures import Figure
from harness.results import kept, renewed, write_results
from harness.setting import Setting

BENCHES = (
    "startup",
    "declare",
    "load",
    "check",
    "sql_plan",
    "plan_scale",
    "backfill",
    "overhead",
    "prefect_run",
    "prefect_small",
    "noop",
    "compile",
    "cli10",
    "sql_build",
    "lake",
    "writes",
    "partition_overwrite",
    "small_writes",
    "log_growth",
    "validate",
    "push",
    "fidelity",
)
TRIAL_SCALE = 0.004


def main() -> int:
    """The exit code: 0 when every rival finished, whether or not the targets are met."""
    wanted = _arguments()
    is_quick = wanted.trial or wanted.scale or wanted.peers_only
    results = BENCHMARKS / "results" / f"{'partial' if is_quick else 'latest'}.jsonl"
    lines = [] if is_quick else kept(results)
    text, figures, reasons = "", list[Figure](), _reasons()
    with tempfile.TemporaryDirectory(prefix="flowforge-bench-", dir=wanted.scratch) as scratch:
        setting = Setting(
            our_python=wanted.python.absolute(),
            scratch=Path(scratch),
            most_rounds=1 if wanted.trial else wanted.rounds,
            scale=TRIAL_SCALE if wanted.trial else wanted.scale or 1,
            with_ours=not wanted.peers_only,
        )
        for bench in wanted.benches:
            taken = _here_and_now()
            print(f"{bench}: {taken}", file=sys.stderr, flush=True)
            found: list[Figure] = import_module(f"bench_{bench}").run(setting)
            figures += found
            lines = renewed(lines, [f.line(reasons, taken=taken) for f in found], BENCHES)
            text = write_results(results, lines)
    print(text)
    # A peer that cannot do the work is a finding; we must finish.
    return 1 if any(f.ours is None for f in figures) and not wanted.peers_only else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Benches of FlowForge Assets beside its peers.")
    parser.add_argument("benches", nargs="*", help=f"of {', '.join(BENCHES)}; all by default")
    parser.add_argument("--python", type=Path, default=our_python(), help="our interpreter")
    parser.add_argument("--rounds", type=int, help="at most so many rounds a bench")
    parser.add_argument("--scratch", type=Path, help="where workloads are written")
    parser.add_argument("--scale", type=float, help="workloads of this share of their size")
    parser.add_argument("--trial", action="store_true", help="tiny workloads, one round")
    parser.add_argument("--peers-only", action="store_true", help="leave our side out")
    wanted = parser.parse_args()
    unknown = [bench for bench in wanted.benches if bench not in BENCHES]
    if unknown:
        parser.error(f"no bench is called `{unknown[0]}`; there are {', '.join(BENCHES)}")
    wanted.benches = [b for b in BENCHES if b in wanted.benches] or list(BENCHES)
    return wanted


def _reasons() -> dict[str, str]:
    """Why figures are missed, by the figure's name."""
    path = BENCHMARKS / "missed.toml"
    return tomllib.loads(path.read_text()) if path.exists() else {}


def _here_and_now() -> str:
    """What is said of when and where a bench was run."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {platform.system()} {platform.machine()},"
        f" {os.cpu_count()} cores, Python {platform.python_version()}, load average {load}"
    )


if __name__ == "__main__":
    sys.exit(main())

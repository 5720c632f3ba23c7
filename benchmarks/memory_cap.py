"""A map, filter and partitioned write of more rows than fit, under a cap of the address space.

    python benchmarks/memory_cap.py [--rows 30000000] [--cap-mb 1500] [--limit RLIMIT_AS]

Writes the rows as Parquet files first, about 60 bytes each in memory, then runs a project over them
in a process of its own and prints what that took. It ends with 1 when the run fails.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

DAYS: Final = 30
_AT_ONCE: Final = 2_000_000
PROJECT: Final = """
[project]
modules = ["lake"]
"""
LAKE: Final = """
from datetime import date

import polars as pl

from flowforge_assets import (
    Bronze, Col, Daily, Frame, Partitions, Silver, asset, col, external,
)

DAY = Daily(start="2026-01-01", end="2026-01-30")


class Raw(Bronze):
    id: Col[int] = col()
    value: Col[float] = col()
    city: Col[str] = col()
    note: Col[str] = col()
    day: Col[date] = col()


external(Raw, at="raw")


class Kept(Silver, partition=DAY.on("day")):
    id: Col[int] = col(ge=0)
    value: Col[float] = col()
    city: Col[str] = col()
    day: Col[date] = col()


@asset
def kept(raw: Frame[Raw], days: Partitions[date]) -> Frame[Kept]:
    return raw.filter(Raw.value > 1000).select(
        Raw.id, pl.col("value") * 2, pl.col("city").str.to_uppercase(), Raw.day
    )
"""


def write_rows(folder: Path, rows: int) -> None:
    """The rows, in files of two million."""
    import polars as pl  # the process that is measured imports it under its cap

    folder.mkdir(parents=True)
    for first in range(0, rows, _AT_ONCE):
        last = min(first + _AT_ONCE, rows)
        number = pl.col("id")
        start = pl.lit("2026-01-01").str.to_date()
        frame = pl.select(id=pl.int_range(first, last)).with_columns(
            value=(number * 7919 % 1_000_003).cast(pl.Float64) / 7,
            city="city " + (number % 5000).cast(pl.String),
            note="note of row " + number.cast(pl.String),
            day=(start + pl.duration(days=number * DAYS // rows)).cast(pl.Date),
        )
        frame.write_parquet(
            folder / f"{first:012}.parquet", compression="zstd", compression_level=1
        )


def run_capped(folder: Path, *, cap_mb: int, limit: str) -> None:
    """Runs the project in this process, which may have `cap_mb` from now on."""
    cap_bytes = cap_mb * 1_000_000
    resource.setrlimit(getattr(resource, limit), (cap_bytes, cap_bytes))
    begun = time.perf_counter()
    from flowforge_assets import Project  # as in `write_rows`

    result = Project.load(folder).run("silver.kept")
    for error in result.errors:
        print(error)
    seconds = time.perf_counter() - begun
    peaks = [
        f"{name} {int(value.split()[0]) // 1000} MB"
        for name, _, value in (
            line.partition(":") for line in Path("/proc/self/status").read_text().splitlines()
        )
        if name in {"VmPeak", "VmHWM"}
    ]
    print(f"{result.status} in {seconds:.1f} s under {limit} {cap_mb} MB: {', '.join(peaks)}")
    sys.exit(result.status != "succeeded")


def main() -> None:
    """Writes the rows, then measures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=30_000_000)
    parser.add_argument("--cap-mb", type=int, default=1500)
    parser.add_argument("--limit", choices=["RLIMIT_AS", "RLIMIT_DATA"], default="RLIMIT_AS")
    parser.add_argument("--in", dest="folder", type=Path, help="a folder that has the rows")
    asked = parser.parse_args()
    if asked.folder is not None:
        run_capped(asked.folder, cap_mb=asked.cap_mb, limit=asked.limit)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "flowforge.toml").write_text(PROJECT)
        (folder / "lake.py").write_text(LAKE)
        write_rows(folder / "raw", asked.rows)
        print(f"{asked.rows:,} rows", flush=True)
        again = [sys.executable, __file__, "--in", name, "--cap-mb", str(asked.cap_mb)]
        sys.exit(subprocess.run([*again, "--limit", asked.limit], check=False).returncode)


if __name__ == "__main__":
    main()

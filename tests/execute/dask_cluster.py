"""A Dask cluster of two worker processes on this machine, which knows nothing of any project."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def dask_cluster(folder: Path, variables: Mapping[str, str]) -> Generator[str]:
    """The address of its scheduler; it ends with the block, or with this process."""
    with (
        (folder / "dask.log").open("w") as log,
        subprocess.Popen(
            [sys.executable, __file__],
            cwd=folder,
            env=dict(variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.wait(60)


def main() -> None:
    """Runs until its input ends."""
    from distributed import LocalCluster  # in the child alone

    with LocalCluster(  # type: ignore[no-untyped-call]  # it has no types
        n_workers=2,
        threads_per_worker=1,
        memory_limit=0,
        dashboard_address="127.0.0.1:0",
    ) as cluster:
        print(cluster.scheduler_address, flush=True)  # noqa: T201 - for the parent
        sys.stdin.read()


if __name__ == "__main__":
    main()

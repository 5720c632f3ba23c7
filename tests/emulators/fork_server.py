"""Forks a process for each order, after it has imported what ours import: `fork_server.py SOCKET`.

An order is JSON: `code` to run as `python -c` does, its `words`, `folder` and `environment`. With
it come four files: the three streams, and a pipe into which the number of the process is written,
and at its end its exit code: negative, that is the signal that ended it.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

_PR_SET_PDEATHSIG = 1
_MOST_BYTES = 1 << 20
_IMPORTED = (
    "deltalake",
    "polars",
    "pyarrow",
    "pyarrow.parquet",
    "sqlglot.dialects.duckdb",
    "cyclopts.validators",
    "flowforge_assets.api",
    "flowforge_assets.cli.dispatch",
    "flowforge_assets.cli.check",
    "flowforge_assets.cli.ls",
    "flowforge_assets.cli.run",
    "flowforge_assets.cli.show",
    "flowforge_assets.execute.session",
    "flowforge_assets.execute.sql_step",
    "flowforge_assets.execute.step",
    "flowforge_assets.quality.quarantine",
    "flowforge_assets.storage.delta_store",
    "flowforge_assets.storage.memory",
    "flowforge_assets.storage.parquet",
)


def prepare() -> None:
    """Imports, for all that are forked; the libraries' allocators can be forked by themselves."""
    for name in _IMPORTED:
        import_module(name)
    assert threading.active_count() == 1, "a fork leaves threads behind"
    gc.freeze()  # until then nobody looks through it, which would copy it


def ends_with_its_parent() -> None:
    """Lets the kernel end this process with the one that forked it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def become(order: Mapping[str, Any], streams: Sequence[int]) -> None:  # Any: an order is JSON
    """Makes of this process what a shell would have started: streams, place and environment."""
    for stream, given in enumerate(streams):
        os.dup2(given, stream)
        os.close(given)
    gc.unfreeze()
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
    time.tzset()
    os.chdir(order["folder"])
    sys.path.insert(0, "")
    sys.argv[:] = ["-c", *order["words"]]


def serve(orders: socket.socket) -> str | None:
    """Waits for orders; in a forked process, gives the code that it is to run."""
    while True:
        said, files, _, _ = socket.recv_fds(orders, _MOST_BYTES, 4)
        with suppress(ChildProcessError):  # none is left
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not said:
            return None
        if os.fork():
            for file in files:
                os.close(file)
            continue
        orders.close()
        ends_with_its_parent()
        *streams, answers = files
        child = os.fork()
        if not child:
            os.close(answers)
            ends_with_its_parent()
            order = json.loads(said)
            become(order, streams)
            code: str = order["code"]
            return code
        for file in streams:
            os.close(file)
        os.write(answers, f"{child}\n".encode())
        _, status = os.waitpid(child, 0)
        os.write(answers, f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os._exit(0)


if __name__ == "__main__":
    del sys.path[0]  # what lies beside this file is not for those who are forked
    prepare()
    with socket.socket(fileno=int(sys.argv[1])) as orders:
        orders.send(b"ready")
        code = serve(orders)
    if code is not None:
        exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102 - as `-c`

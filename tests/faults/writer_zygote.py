"""Forks a process for each order that it reads: a process that writes, and tells what it did.

The libraries are imported once, so that a writer begins to write within milliseconds, and a kill
meets it at work. An order is a line of JSON (see `writers`); the answers go into its pipe.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import adlfs  # noqa: F401 - so that no writer imports it
import deltalake  # noqa: F401 - as above
import pyarrow as pa  # noqa: F401 - as above
import s3fs  # noqa: F401 - as above

from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.storage import delta, parquet  # noqa: F401 - as above
from flowforge_assets.storage.location import FolderLocation, RemoteLocation, open_store
from flowforge_assets.storage.store_options import read_options
from write_ways import Op, perform

_AUDITED = ("os.", "fcntl.", "shutil.")


def obey(order: Mapping[str, Any]) -> None:  # Any: an order is JSON
    """Does the writes of an order; each line of the answer is JSON."""
    answers = os.open(order["answers"], os.O_WRONLY)

    def say(**answer: object) -> None:
        os.write(answers, json.dumps(answer).encode() + b"\n")

    say(pid=os.getpid())
    faulthandler.dump_traceback_later(order["seconds"] - 1, file=sys.stderr)
    os.environ.update(order["environment"])
    place = order["place"]
    if place["options"] is None:
        location: FolderLocation | RemoteLocation = FolderLocation(Path(place["url"]))
    else:
        location = RemoteLocation(place["url"], read_options(place["url"], place["options"]))
    scratch = Path(order["scratch"])
    store = open_store(location, format=order["format"], copies=scratch / "copies")
    events = _count_events(order["kill_at"])
    for step_id in order["steps"]:
        try:
            perform(store, Op.of_step(step_id), scratch)
        except FlowForgeError as error:
            say(refused=step_id, code=error.code, message=str(error))
        except BaseException as error:  # noqa: BLE001 - a panic, too, is for the test to judge
            say(broken=step_id, error=f"{type(error).__module__}.{type(error).__name__}: {error}")
        else:
            say(done=step_id)
    say(events=events[0])


def _count_events(kill_at: int | None) -> list[int]:
    """Counts what Python does to the file system; ends the process at one of those moments."""
    counted = [0]

    def count(event: str, _: object) -> None:
        if event == "open" or event.startswith(_AUDITED):
            counted[0] += 1
            if counted[0] == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    if kill_at is not None:
        sys.addaudithook(count)
    return counted


def main() -> None:
    """Forks for each line."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    warnings.simplefilter("ignore")  # of forks: nothing has run in this process yet
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        if os.fork():
            continue
        status = 1
        try:
            obey(json.loads(line))
            status = 0
        finally:
            os._exit(status)


if __name__ == "__main__":
    main()

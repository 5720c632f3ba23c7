"""Processes that write into a store until they have done it, fail, or are killed."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from flowforge_assets.storage.location import (
    FolderLocation,
    Format,
    RemoteLocation,
    open_store,
)
from flowforge_assets.storage.store import Store
from flowforge_assets.storage.store_options import read_options
from store_place import OptionValue
from write_ways import Op

HERE = Path(__file__).parent
_PATH = [HERE, HERE.parent / "storage", HERE.parent / "emulators"]
DEADLINE_SECONDS = 90.0
_numbers = count()


@dataclass(frozen=True, slots=True)
class Target:
    """Where writers write: a URL with its options, or without any a folder of this machine."""

    url: str
    format: Format
    options: Mapping[str, OptionValue] | None = None

    def store(self, copies: Path) -> Store:
        """The store, opened anew in this process."""
        if self.options is None:
            return open_store(FolderLocation(Path(self.url)), format=self.format)
        options = read_options(self.url, self.options)
        return open_store(
            RemoteLocation(self.url, options),
            format=self.format,
            copies=copies / f"copies {next(_numbers)}",
        )


@dataclass(slots=True)
class Told:
    """What a writer said of its steps: done, refused with a code, or failed without one."""

    done: list[str] = field(default_factory=list[str])
    refused: dict[str, str] = field(default_factory=dict[str, str])
    broken: dict[str, str] = field(default_factory=dict[str, str])
    events: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it came to its end."""
        return self.events is not None


class Writer:
    """One process at work."""

    def __init__(self, answers: int, steps: Iterable[str]) -> None:
        self._answers = answers
        self._steps = list(steps)
        self._rest = b""
        self._deadline = time.monotonic() + DEADLINE_SECONDS
        self.told = Told()
        self.pid = 0
        self._take(self._line())

    def kill(self) -> None:
        """Ends it at once, if it is still there."""
        if not self.told.is_whole:
            try:
                os.kill(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                return

    def ended(self, within: float | None = None) -> bool:
        """Reads what it says until it has ended; False when it has not after `within` seconds."""
        until = self._deadline if within is None else time.monotonic() + within
        while True:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self._answers], [], [], left)[0]:
                if within is None:
                    self.kill()
                    message = f"{self._steps} did not end within {DEADLINE_SECONDS:g} s"
                    raise AssertionError(message)
                return False
            line = self._line()
            if not line:
                os.close(self._answers)
                return True
            self._take(line)

    def _line(self) -> bytes:
        while b"\n" not in self._rest:
            left = self._deadline - time.monotonic()
            if left <= 0 or not select.select([self._answers], [], [], left)[0]:
                raise AssertionError(f"{self._steps} did not answer")
            read = os.read(self._answers, 65_536)
            if not read:
                return b""
            self._rest += read
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def _take(self, line: bytes) -> None:
        answer: dict[str, Any] = json.loads(line)  # Any: JSON
        match answer:
            case {"pid": int(pid)}:
                self.pid = pid
            case {"done": str(step)}:
                self.told.done.append(step)
            case {"refused": str(step), "code": str(code), "message": str(message)}:
                self.told.refused[step] = f"{code} {message}"
            case {"broken": str(step), "error": str(error)}:
                self.told.broken[step] = error
            case {"events": int(events)}:
                self.told.events = events
            case _:
                raise AssertionError(answer)


class Writers:
    """Starts writers; `scratch` is a folder of the test."""

    def __init__(self, zygote: subprocess.Popen[str], scratch: Path) -> None:
        self._zygote = zygote
        self._scratch = scratch

    def start(self, target: Target, ops: Iterable[Op], *, kill_at: int | None = None) -> Writer:
        """A process that does `ops` one after another.

        It ends itself at the `kill_at`th thing that Python does to the file system; 0 counts them.
        """
        steps = [op.step_id for op in ops]
        scratch = self._scratch / f"writer {next(_numbers)}"
        scratch.mkdir()
        answers = scratch / "answers"
        os.mkfifo(answers)
        order = {
            "answers": str(answers),
            "scratch": str(scratch),
            "seconds": DEADLINE_SECONDS,
            "environment": {k: v for k, v in os.environ.items() if k.startswith(("FLOW", "AZ"))},
            "place": {
                "url": target.url,
                "options": None if target.options is None else dict(target.options),
            },
            "format": target.format,
            "steps": steps,
            "kill_at": kill_at,
        }
        assert self._zygote.stdin
        self._zygote.stdin.write(json.dumps(order) + "\n")
        self._zygote.stdin.flush()
        return Writer(os.open(answers, os.O_RDONLY), steps)

    def told(self, target: Target, ops: Iterable[Op]) -> Told:
        """What a writer says that nothing disturbs."""
        writer = self.start(target, ops)
        assert writer.ended()
        return writer.told


@contextmanager
def writers(scratch: Path) -> Generator[Writers]:
    """A process that forks writers; its errors go to stderr."""
    scratch.mkdir(exist_ok=True)
    path = os.pathsep.join(map(str, _PATH))
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "PATH") if name in os.environ}
    tethered = HERE.parent / "emulators" / "tethered.py"
    zygote = subprocess.Popen(
        [sys.executable, str(tethered), str(os.getpid()), sys.executable, "writer_zygote.py"],
        cwd=HERE,
        env={**kept, "PYTHONPATH": path, "AWS_EC2_METADATA_DISABLED": "true"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert zygote.stdout
        assert zygote.stdout.readline() == "ready\n"
        yield Writers(zygote, scratch)
    finally:
        zygote.kill()
        zygote.wait()
        for pipe in (zygote.stdin, zygote.stdout):
            if pipe:
                pipe.close()

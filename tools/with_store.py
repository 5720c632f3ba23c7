"""Runs a command beside a server that stands for a cloud's store: `with_store.py s3 COMMAND...`.

The server is S3, Azure Blob Storage or GCS on this machine, with an empty bucket `lake`; it ends
with the command. Where it is and what opens it stands in the command's environment variables.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tests" / "emulators"))

from azurite_server import AZURE_KEY, azurite_server
from s3_signature import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from store_servers import store_servers

BUCKET = "lake"


@contextmanager
def store(kind: str) -> Generator[Mapping[str, str]]:
    """The environment variables with which a server of that kind is reached."""
    if kind == "azure":
        with azurite_server(BUCKET) as port:
            yield {"LAKE_ENDPOINT": f"http://127.0.0.1:{port}", "LAKE_ACCOUNT_KEY": AZURE_KEY}
        return
    with store_servers(BUCKET) as ports:
        yield {
            "LAKE_ENDPOINT": f"http://127.0.0.1:{ports[kind]}",
            "LAKE_KEY_ID": ACCESS_KEY_ID,
            "LAKE_SECRET_KEY": SECRET_ACCESS_KEY,
        }


if __name__ == "__main__":
    with store(sys.argv[1]) as variables:
        finished = subprocess.run(sys.argv[2:], env={**os.environ, **variables}, check=False)
    sys.exit(finished.returncode)

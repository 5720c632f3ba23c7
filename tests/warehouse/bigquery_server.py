"""bqemulator, in a process of its own: `bigquery_server.py FOLDER REST_PORT GRPC_PORT`.

FOLDER holds it and what it needs.
"""

# ruff: noqa: E402 - what is imported lies in a folder that is told first

from __future__ import annotations

import os
import sys

FOLDER = sys.argv[1]
sys.path.insert(0, FOLDER)
os.environ["HOME"] = FOLDER  # where DuckDB looks for the extensions that lie there as wheels

import duckdb_extensions  # type: ignore[import-not-found]
from bqemulator.cli import main  # type: ignore[import-not-found]

if __name__ == "__main__":
    for name in ("spatial", "icu"):
        duckdb_extensions.import_extension(name)
    ports = ["--rest-port", sys.argv[2], "--grpc-port", sys.argv[3]]
    sys.argv = ["bqemulator", "start", *ports, "--project", "proj", "--log-level", "error"]
    sys.exit(main())

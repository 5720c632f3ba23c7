"""Runs Spark SQL on Sail in a process of its own, whose packages lie apart.

Reads a JSON list of queries from its standard input, and prints for each a line of JSON: its rows,
or why it failed.
"""

from __future__ import annotations

import json
import os
import sys

from pysail.spark import SparkConnectServer  # type: ignore[import-not-found] # in .venv/spark


def main() -> None:
    """Answers the queries, in order, on one session."""
    server = SparkConnectServer(port=0)
    server.start(background=True)
    _, port = server.listening_address
    os.environ["SPARK_REMOTE"] = address = f"sc://127.0.0.1:{port}"
    from pyspark.sql import SparkSession  # type: ignore[import-not-found] # reads SPARK_REMOTE

    session = SparkSession.builder.remote(address).getOrCreate()
    for query in json.load(sys.stdin):
        answer: dict[str, object]
        try:
            answer = {"rows": [list(row) for row in session.sql(query).collect()]}
        except Exception as error:  # noqa: BLE001 - whatever it is, the test tells it
            answer = {"failed": str(error)[:500]}
        sys.stdout.write(json.dumps(answer, default=str) + "\n")
    sys.stdout.flush()
    os._exit(0)  # the server's threads do not end by themselves


if __name__ == "__main__":
    main()

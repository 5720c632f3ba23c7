"""Runs Spark SQL in a process of its own: a server of Spark Connect and its client.

Started with the packages of requirements.txt on its path. It reads a JSON list of queries from its
standard input, and prints a JSON list of rows for each.
"""

from __future__ import annotations

import json
import os
import sys

from pysail.spark import SparkConnectServer  # type: ignore[import-not-found] # see requirements.txt


def main() -> None:
    """Answers the queries, in order, on one session."""
    server = SparkConnectServer(port=0)
    server.start(background=True)
    _, port = server.listening_address
    os.environ["SPARK_REMOTE"] = address = f"sc://127.0.0.1:{port}"
    from pyspark.sql import SparkSession  # type: ignore[import-not-found] # reads SPARK_REMOTE

    session = SparkSession.builder.remote(address).getOrCreate()
    for query in json.load(sys.stdin):
        rows = [row.asDict(recursive=True) for row in session.sql(query).collect()]
        sys.stdout.write(json.dumps(rows, default=str) + "\n")
    sys.stdout.flush()
    os._exit(0)  # the server's threads do not end by themselves


if __name__ == "__main__":
    main()

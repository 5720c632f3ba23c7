"""S3, an S3 that ignores conditions, and GCS in one process, each on a port of its own.

Run as a script with the buckets to make; the first line it prints is JSON: the ports by name.
It runs until it is killed, or until its standard input ends.
"""

from __future__ import annotations

import json
import logging
import sys
from threading import Thread

from werkzeug.serving import BaseWSGIServer, ThreadedWSGIServer, WSGIRequestHandler

from gcs_application import gcs_application
from s3_application import objects, s3_application, without_conditions
from s3_signature import signed_only


class _KeepAlive(WSGIRequestHandler):
    """Connections are kept, and nothing waits for a fuller packet: clients send many requests."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True


def serve(buckets: list[str]) -> dict[str, BaseWSGIServer]:
    """Servers of empty buckets, which run until their process ends."""
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    for bucket in buckets:
        objects().create_bucket(bucket, "us-east-1")
    anyones = s3_application()
    applications = {
        "s3": signed_only(anyones),
        "unsafe_s3": signed_only(without_conditions(anyones)),
        "gcs": gcs_application(anyones),
    }
    servers: dict[str, BaseWSGIServer] = {}
    for name, application in applications.items():
        server = ThreadedWSGIServer("127.0.0.1", 0, application, handler=_KeepAlive)
        Thread(target=server.serve_forever, daemon=True).start()
        servers[name] = server
    return servers


if __name__ == "__main__":
    ports = {name: server.port for name, server in serve(sys.argv[1:]).items()}
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    sys.stdin.read()  # ends with the parent, which holds the other end

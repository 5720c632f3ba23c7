"""The table of stores, ways of writing and guarantees that stands in the guide."""

from __future__ import annotations

from collections.abc import Mapping

from write_ways import Way

WAYS: Mapping[Way, str] = {
    "overwrite": "`overwrite`, whole",
    "partition": "`overwrite`, of partitions",
    "append": "`append`",
    "merge": "`merge`",
    "latest": "`merge` with `latest`",
    "deletes": "`merge` with `deletes`",
    "insert": "`insert`",
    "scd2": "`scd2`",
    "snapshot": "`snapshot`",
    "artifact": "files of an artifact",
}
"""How people call each way that is tried."""

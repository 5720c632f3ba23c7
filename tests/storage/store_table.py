"""The table of stores, ways of writing and guarantees that stands in the guide."""

from __future__ import annotations

import re
from collections.abc import Mapping

from store_kinds import KINDS, MORE_KINDS
from write_ways import Way

WAYS: Mapping[Way, str] = {
    "overwrite": "`overwrite`, whole",
    "partition": "`overwrite`, partitions",
    "append": "`append`",
    "merge": "`merge`",
    "latest": "`merge`, `latest`",
    "deletes": "`merge`, `deletes`",
    "insert": "`insert`",
    "scd2": "`scd2`",
    "snapshot": "`snapshot`",
    "artifact": "artifact",
}
"""How people call each way that is tried."""

STORES: Mapping[str, str] = {
    "memory": "memory",
    "delta": "Delta, local disk",
    "parquet": "Parquet, local disk",
    "delta-s3": "Delta, S3 (moto)",
    "parquet-s3": "Parquet, S3 (moto)",
    "delta-ministack": "Delta, S3 (ministack)",
    "delta-azure": "Delta, Azure (Azurite)",
    "parquet-azure": "Parquet, Azure (Azurite)",
    "delta-gcs": "Delta, GCS (over moto)",
    "parquet-gcs": "Parquet, GCS (over moto)",
}
"""How people call each kind of store, and what stood for it."""

GUARANTEES: Mapping[str, str] = {
    "test_the_rows_are_exact_in_every_version": "exact rows, old versions too",
    "test_a_step_that_is_tried_again_changes_nothing": "tried again: once",
    "test_what_is_cut_off_before_its_commit_is_never_seen": "cut off: unseen",
    "test_what_was_made_is_known_from_the_store_alone": "known from the store",
    "test_two_writers_at_once_lose_nothing": "two writers: none lost",
    "test_a_network_that_loses_answers_loses_no_row": "bad network: none lost",
}
"""What each test of test_guarantees.py is a guarantee of: the columns."""

HERE = {kind.name for kind in (*KINDS, *MORE_KINDS) if kind.emulator is None}
"""Stores that no network leads to."""

NOT_MEANT = "no network"
_NODE = re.compile(r"test_guarantees\.py::(?P<test>\w+)\[(?P<kind>[\w-]+)-(?P<way>\w+)\](@|$)")

Cell = tuple[str, str, str]
"""A store's kind, a way of writing, and the test of a guarantee."""

_TEXT = """\
<!-- Made by `make store-table` from a run of tests/storage/test_guarantees.py: do not edit. -->
# What holds where

Each cell is a test that ran: `yes` where it passed, otherwise why it cannot. S3, Azure and Google
Cloud Storage were servers on one machine that stand for them, as the rows say. OneLake speaks the
protocol of Azure's, and there is no server that stands for it: of it the tests hold the URL and the
options alone. A view (`write="view"`) stores no rows, so it has no row here.

- *exact rows, old versions too*: after each of several writes the rows are those of a plain model,
  and each older version reads as it was.
- *tried again: once*: a step that commits again, by a client that knows nothing, changes nothing.
- *cut off: unseen*: rows that were written and not committed are never read, and the next write
  works.
- *known from the store*: who made what from which inputs is read back from the store alone.
- *two writers: none lost*: of two threads, each with a client of its own, what was acknowledged is
  there once, what was refused is told.
- *bad network: none lost*: answers are lost after the work was done, and the store says 500 and
  503; trying again ends with each write there once.

"""


def cell_of(node: str) -> Cell | None:
    """The cell that a test is of, by its node id."""
    found = _NODE.search(node)
    return (found["kind"], found["way"], found["test"]) if found else None


def cells() -> list[Cell]:
    """Every cell that a test fills."""
    return [
        (kind, way, test)
        for kind in STORES
        for way in WAYS
        for test in GUARANTEES
        if _is_meant(kind, test)
    ]


def page(outcomes: Mapping[Cell, str]) -> str:
    """The page with the table: `yes` or a reason for each cell.

    Raises:
        KeyError: a cell has no outcome, because not all tests ran.
    """
    rows = [["store", "write", *GUARANTEES.values()]]
    for kind, store in STORES.items():
        for way, write in WAYS.items():
            told = [
                outcomes[kind, way, test] if _is_meant(kind, test) else NOT_MEANT
                for test in GUARANTEES
            ]
            rows.append([store, write, *told])
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return _TEXT + "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]]) + "\n"


def _is_meant(kind: str, test: str) -> bool:
    return not (kind in HERE and "network" in test)

"""The SQL of backfills; see statements.py."""

from __future__ import annotations

from typing import Final

# ruff: noqa: S608  # what is put into these texts are the column lists beside them

_BACKFILL: Final = (
    "backfill_id, created_at, ended_at, status, selection, asked, in_chunks, force, job, pid, host"
)
INSERT: Final = f"INSERT INTO backfills ({_BACKFILL}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_PROGRESS: Final = f"""
    SELECT {_BACKFILL}, chunks, done, failed, partitions, partitions_done
    FROM backfills JOIN (
        SELECT backfill_id AS whose, COUNT(*) AS chunks,
            SUM(CASE WHEN status = 'succeeded' THEN 1 ELSE 0 END) AS done,
            SUM(CASE WHEN status = 'failed' THEN 1 ELSE 0 END) AS failed,
            SUM(size) AS partitions,
            SUM(CASE WHEN status = 'succeeded' THEN size ELSE 0 END) AS partitions_done
        FROM backfill_chunks GROUP BY backfill_id
    ) AS counted ON whose = backfill_id
"""
FIND: Final = f"{_PROGRESS} WHERE backfill_id = ?"
NEWEST: Final = f"{_PROGRESS} ORDER BY backfill_id DESC LIMIT ?"
TAKE: Final = """
    UPDATE backfills SET status = 'running', ended_at = NULL, pid = ?, host = ?
    WHERE backfill_id = ?
"""
# Whoever cancels has the last word.
END: Final = """
    UPDATE backfills SET status = ?, ended_at = ? WHERE backfill_id = ? AND status = 'running'
"""
CANCEL: Final = """
    UPDATE backfills SET status = 'cancelled', ended_at = ?
    WHERE backfill_id = ? AND status IN ('running', 'interrupted')
"""
STATUS: Final = "SELECT status FROM backfills WHERE backfill_id = ?"
_CHUNK: Final = "chunk, shape, partitions, size, status, run_id"
INSERT_CHUNK: Final = (
    f"INSERT INTO backfill_chunks (backfill_id, {_CHUNK}) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
CHUNKS: Final = f"SELECT {_CHUNK} FROM backfill_chunks WHERE backfill_id = ? ORDER BY chunk"
SET_CHUNK: Final = """
    UPDATE backfill_chunks SET status = ?, run_id = ? WHERE backfill_id = ? AND chunk = ?
"""

"""What is asked of the ledger's tables (see migrations.py), in words of SQLite and PostgreSQL.

A `?` stands for a value. Flags are 0 and 1, and an order says where its NULLs are.
"""

# ruff: noqa: S608  # what is put into these texts are the column lists beside them

from __future__ import annotations

from typing import Final

# The classes of pieces by the length of their bounds; the last holds every length.
REACHES: Final = (1, 64, 4096, 1 << 32)

GET_SCHEMA_VERSION: Final = "SELECT value FROM meta WHERE key = 'schema_version'"
SET_SCHEMA_VERSION: Final = """
    INSERT INTO meta (key, value) VALUES ('schema_version', ?)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value
"""
# Nobody has asked the tables yet what this ledger is to say.
IS_UNLEARNT: Final = "SELECT 1 FROM meta WHERE key = 'unlearnt'"
SET_UNLEARNT: Final = "INSERT INTO meta (key, value) VALUES ('unlearnt', '')"
SET_LEARNT: Final = "DELETE FROM meta WHERE key = 'unlearnt'"

_RUN: Final = (
    "run_id, started_at, ended_at, status, env, selection, plan_hash, pid, host,"
    " made, failed, skipped, fresh"
)
FIND_RUN: Final = f"SELECT {_RUN} FROM runs WHERE run_id = ?"
NEWEST_RUNS: Final = f"SELECT {_RUN} FROM runs ORDER BY run_id DESC LIMIT ?"
UNFINISHED_RUNS: Final = f"SELECT {_RUN} FROM runs WHERE ended_at IS NULL ORDER BY run_id"
INSERT_RUN: Final = f"INSERT INTO runs ({_RUN}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
END_RUN: Final = """
    UPDATE runs SET ended_at = ?, status = ?, made = ?, failed = ?, skipped = ?, fresh = ?
    WHERE run_id = ?
"""

_STEP: Final = (
    "run_id, step_id, asset, makes, shape, partitions, reason,"
    " status, started_at, seconds, rows, error_code, error_message, work, bytes_written"
)
STEPS_OF_RUN: Final = f"""
    SELECT {_STEP} FROM steps WHERE run_id = ? ORDER BY started_at NULLS FIRST, step_id
"""
STEPS_OF_DATASET: Final = f"""
    SELECT {_STEP} FROM makers JOIN steps USING (run_id, step_id)
    WHERE dataset = ? AND status <> 'planned'
    ORDER BY run_id DESC, started_at DESC NULLS LAST, step_id LIMIT ?
"""
INSERT_STEP: Final = (
    f"INSERT INTO steps ({_STEP}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
INSERT_MAKER: Final = "INSERT INTO makers (dataset, run_id, step_id) VALUES (?, ?, ?)"
SET_OUTCOME: Final = """
    UPDATE steps
    SET status = ?, started_at = ?, seconds = ?, rows = ?, error_code = ?, error_message = ?,
        work = ?, bytes_written = ?
    WHERE run_id = ? AND step_id = ?
"""

ENDED_RUNS: Final = "SELECT run_id, started_at FROM runs WHERE ended_at IS NOT NULL ORDER BY run_id"
DELETE_MAKERS: Final = "DELETE FROM makers WHERE run_id = ?"
DELETE_STEPS: Final = "DELETE FROM steps WHERE run_id = ?"
DELETE_RUN: Final = "DELETE FROM runs WHERE run_id = ?"

ALL_PIECES: Final = """
    SELECT dataset, shape, table_id, lo, hi, is_single, partitions, version, made
    FROM datasets JOIN pieces USING (dataset)
"""
PIECES_OF_DATASET: Final = f"{ALL_PIECES} WHERE dataset = ?"
INSERT_PIECE: Final = """
    INSERT INTO pieces (dataset, reach, lo, hi, is_single, partitions, version, made)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
# The common case: the same partitions are made again, so that no other piece can meet them.
REMAKE_PIECE: Final = """
    UPDATE pieces SET version = ?, made = ?
    WHERE dataset = ? AND reach = ? AND lo = ? AND partitions = ? AND version <= ?
"""
# A piece of a class is no longer than its reach, so only those that begin within a reach before
# the asked interval can meet it: one short index range a class, however many pieces there are.
# Two single partitions meet only when they are the same.
MEETING_PIECES: Final = f"""
    WITH classes (reach) AS (VALUES {", ".join(f"({reach})" for reach in REACHES)})
    SELECT piece, lo, hi, is_single, partitions, version
    FROM classes JOIN pieces USING (reach)
    WHERE dataset = ? AND lo > ? - reach AND lo < ? AND hi > ?
    AND (is_single = 0 OR ? = 0 OR partitions = ?)
"""
TRIM_PIECE: Final = """
    UPDATE pieces SET reach = ?, lo = ?, hi = ?, is_single = ?, partitions = ? WHERE piece = ?
"""
DELETE_PIECE: Final = "DELETE FROM pieces WHERE piece = ?"
DELETE_PIECES: Final = "DELETE FROM pieces WHERE dataset = ?"
COPY_PIECES: Final = """
    INSERT INTO pieces (dataset, reach, lo, hi, is_single, partitions, version, made)
    SELECT ?, reach, lo, hi, is_single, partitions, version, made FROM pieces WHERE dataset = ?
"""
NEWEST_PIECE: Final = """
    SELECT table_id, version FROM datasets JOIN pieces USING (dataset)
    WHERE dataset = ? OR dataset = ? ORDER BY version DESC LIMIT 1
"""
DELETE_OLDER_PIECES: Final = "DELETE FROM pieces WHERE dataset = ? AND version < ?"
# Two look-ups: SQLite would make a table of the two names for `IN`.
TRACKS_OF_DATASET: Final = """
    SELECT dataset, shape, table_id, since FROM datasets WHERE dataset = ?
    UNION ALL SELECT dataset, shape, table_id, since FROM datasets WHERE dataset = ?
"""
ROW_TRACKS: Final = "SELECT rows_of, dataset FROM datasets WHERE rows_of IS NOT NULL"
ALL_DATASETS: Final = "SELECT dataset FROM datasets WHERE rows_of IS NULL"
SET_TRACK: Final = """
    INSERT INTO datasets (dataset, rows_of, shape, table_id, since) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (dataset) DO UPDATE
    SET shape = excluded.shape, table_id = excluded.table_id, since = excluded.since
"""
DELETE_DATASET: Final = "DELETE FROM datasets WHERE dataset = ?"

_SCHEMA: Final = "version, at, columns, run_id, comments"
SCHEMAS_OF_DATASET: Final = f"""
    SELECT {_SCHEMA} FROM schemas WHERE dataset = ? ORDER BY at, version
"""
ALL_SCHEMAS: Final = f"SELECT dataset, {_SCHEMA} FROM schemas ORDER BY dataset, at, version"
NEWEST_SCHEMA: Final = f"""
    SELECT {_SCHEMA} FROM schemas WHERE dataset = ? ORDER BY at DESC, version DESC LIMIT 1
"""
INSERT_SCHEMA: Final = f"""
    INSERT INTO schemas (dataset, {_SCHEMA}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
"""
DELETE_SCHEMAS: Final = "DELETE FROM schemas WHERE dataset = ?"

_JOB: Final = "asset, unit, made_from, request, runner, ref, place, state, at"
JOBS_OF_STEP: Final = f"SELECT {_JOB} FROM jobs WHERE asset = ? AND unit = ? ORDER BY job"
INSERT_JOB: Final = f"INSERT INTO jobs ({_JOB}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
SET_JOB_STATE: Final = "UPDATE jobs SET state = ? WHERE ref = ?"
DELETE_JOB: Final = "DELETE FROM jobs WHERE ref = ?"
PLACES_OF_JOBS: Final = "SELECT DISTINCT place FROM jobs"

_PARITY: Final = "asset, target, query, verdict, seed, rows, engine, reason, at"
PUT_PARITY: Final = f"""
    INSERT INTO parity ({_PARITY}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (asset, target, query) DO UPDATE
    SET verdict = excluded.verdict, seed = excluded.seed, rows = excluded.rows,
        engine = excluded.engine, reason = excluded.reason, at = excluded.at
"""
NEWEST_PARITY: Final = f"""
    SELECT {_PARITY} FROM parity WHERE asset = ? AND target = ? ORDER BY at DESC LIMIT 1
"""

_UNTOLD: Final = "flow_run_id, run_id, server, state_id, related, events, are_prefects, is_left"
PUT_UNTOLD: Final = f"""
    INSERT INTO untold ({_UNTOLD}, kept_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (flow_run_id, run_id) DO UPDATE
    SET events = excluded.events, are_prefects = excluded.are_prefects,
        is_left = excluded.is_left, claimed_until = NULL
"""
CLAIM_UNTOLD: Final = """
    UPDATE untold SET claimed_until = ?
    WHERE flow_run_id = ? AND run_id = ? AND (claimed_until IS NULL OR claimed_until < ?)
"""
UNTOLD_OF_SERVER: Final = (
    "SELECT flow_run_id, run_id FROM untold WHERE server = ? ORDER BY kept_at, run_id"
)
FIND_UNTOLD: Final = f"SELECT {_UNTOLD} FROM untold WHERE flow_run_id = ? AND run_id = ?"
DELETE_UNTOLD: Final = "DELETE FROM untold WHERE flow_run_id = ? AND run_id = ?"
DELETE_ALL_TOLD: Final = "DELETE FROM untold WHERE run_id = ? AND events = ?"
LEAVE_UNTOLD: Final = "UPDATE untold SET is_left = 1 WHERE run_id = ?"
DELETE_OLD_UNTOLD: Final = """
    DELETE FROM untold
    WHERE server = ? AND run_id NOT IN
        (SELECT run_id FROM untold WHERE server = ? ORDER BY kept_at DESC, run_id DESC LIMIT ?)
"""

_HOLDER: Final = "run_id, host, pid, lock, taken_at, expires_at, turn"
ALL_HOLDERS: Final = f"SELECT {_HOLDER} FROM holders ORDER BY run_id"
# Who has waited is there already, and may have been asked to end meanwhile.
PUT_HOLDER: Final = f"""
    INSERT INTO holders ({_HOLDER}) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (run_id) DO UPDATE
    SET taken_at = excluded.taken_at, expires_at = excluded.expires_at, turn = excluded.turn
"""
SET_EXPIRY: Final = "UPDATE holders SET expires_at = ? WHERE run_id = ?"
CANCEL_HOLDER: Final = "UPDATE holders SET is_cancelled = 1 WHERE run_id = ?"
GET_CANCELLED: Final = "SELECT is_cancelled FROM holders WHERE run_id = ?"
DELETE_HOLDER: Final = "DELETE FROM holders WHERE run_id = ?"
LEASES_OF_OTHERS: Final = """
    SELECT run_id, asset, shape, partitions FROM leases WHERE run_id <> ? ORDER BY asset
"""
INSERT_LEASE: Final = "INSERT INTO leases (run_id, asset, shape, partitions) VALUES (?, ?, ?, ?)"
DELETE_LEASES: Final = "DELETE FROM leases WHERE run_id = ?"
GET_TURN: Final = "SELECT value FROM meta WHERE key = 'turn'"
NEXT_TURN: Final = """
    INSERT INTO meta (key, value) VALUES ('turn', '1')
    ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(meta.value AS INTEGER) + 1 AS TEXT)
"""

"""All SQL of the ledger: its tables as numbered migrations, and what is asked of them.

Times are ISO 8601 text in UTC with microseconds. `shape` is the JSON of a set's dimensions and
`partitions` that of its boxes, so that a row can be read without the project.
"""

# ruff: noqa: S608  # what is put into these texts are the column lists beside them

from __future__ import annotations

from typing import Final

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    (
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        """
        CREATE TABLE runs (
            run_id TEXT PRIMARY KEY,
            started_at TEXT NOT NULL,
            ended_at TEXT,
            status TEXT NOT NULL,
            env TEXT NOT NULL,
            selection TEXT NOT NULL,
            plan_hash TEXT NOT NULL,
            pid INTEGER NOT NULL,
            host TEXT NOT NULL,
            made INTEGER NOT NULL,
            failed INTEGER NOT NULL,
            skipped INTEGER NOT NULL,
            fresh INTEGER NOT NULL
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE steps (
            run_id TEXT NOT NULL,
            step_id TEXT NOT NULL,
            asset TEXT NOT NULL,
            makes TEXT NOT NULL,
            shape TEXT NOT NULL,
            partitions TEXT NOT NULL,
            reason TEXT NOT NULL,
            status TEXT NOT NULL,
            started_at TEXT,
            seconds REAL,
            rows INTEGER,
            error_code TEXT,
            error_message TEXT,
            PRIMARY KEY (run_id, step_id)
        ) WITHOUT ROWID
        """,
        # Which steps were to make a dataset: `steps.makes` turned around.
        """
        CREATE TABLE makers (
            dataset TEXT NOT NULL,
            run_id TEXT NOT NULL,
            step_id TEXT NOT NULL,
            PRIMARY KEY (dataset, run_id, step_id)
        ) WITHOUT ROWID
        """,
        # The incarnation of each dataset's table that `pieces` speaks of.
        """
        CREATE TABLE datasets (
            dataset TEXT PRIMARY KEY,
            shape TEXT NOT NULL,
            table_id TEXT NOT NULL
        ) WITHOUT ROWID
        """,
        # The current state: the pieces of one dataset are disjoint. `lo` and `hi` bound the set
        # on one axis and `reach` is the class of its length (see pieces.py); `made` is JSON, as
        # it is read whole or not at all.
        """
        CREATE TABLE pieces (
            piece INTEGER PRIMARY KEY,
            dataset TEXT NOT NULL,
            reach INTEGER NOT NULL,
            lo INTEGER NOT NULL,
            hi INTEGER NOT NULL,
            is_single INTEGER NOT NULL,
            partitions TEXT NOT NULL,
            version INTEGER NOT NULL,
            made TEXT NOT NULL
        )
        """,
        "CREATE INDEX pieces_by_place ON pieces (dataset, reach, lo)",
    ),
    (
        # Commits of a lower version than `since` count no more. The rows of a dataset may have
        # a track of their own, under another name: `rows_of` says of which dataset it is.
        "ALTER TABLE datasets ADD COLUMN since INTEGER NOT NULL DEFAULT -1",
        "ALTER TABLE datasets ADD COLUMN rows_of TEXT",
        "CREATE INDEX row_tracks ON datasets (rows_of) WHERE rows_of IS NOT NULL",
        """
        CREATE TABLE schemas (
            dataset TEXT NOT NULL,
            at TEXT NOT NULL,
            version INTEGER NOT NULL,
            columns TEXT NOT NULL,
            PRIMARY KEY (dataset, at, version)
        ) WITHOUT ROWID
        """,
    ),
    (
        # Jobs elsewhere whose results are neither committed nor thrown away; `ref` is JSON.
        """
        CREATE TABLE jobs (
            job INTEGER PRIMARY KEY,
            asset TEXT NOT NULL,
            unit TEXT NOT NULL,
            made_from TEXT NOT NULL,
            request TEXT NOT NULL,
            runner TEXT NOT NULL,
            ref TEXT NOT NULL UNIQUE,
            place TEXT NOT NULL,
            state TEXT NOT NULL,
            at TEXT NOT NULL
        )
        """,
        "CREATE INDEX jobs_by_step ON jobs (asset, unit)",
    ),
    (
        # Which run brought the columns, and their descriptions as a JSON object.
        "ALTER TABLE schemas ADD COLUMN run_id TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE schemas ADD COLUMN comments TEXT NOT NULL DEFAULT '{}'",
    ),
    (
        # What the statements of a step have cost in a warehouse, as JSON.
        "ALTER TABLE steps ADD COLUMN work TEXT",
    ),
    (
        # What came of running queries on other engines; `query` is a digest.
        """
        CREATE TABLE parity (
            asset TEXT NOT NULL,
            target TEXT NOT NULL,
            query TEXT NOT NULL,
            verdict TEXT NOT NULL,
            seed INTEGER NOT NULL,
            rows INTEGER NOT NULL,
            engine TEXT NOT NULL,
            reason TEXT NOT NULL,
            at TEXT NOT NULL,
            PRIMARY KEY (asset, target, query)
        ) WITHOUT ROWID
        """,
    ),
)
SCHEMA_VERSION: Final = len(MIGRATIONS)

# The classes of pieces by the length of their bounds; the last holds every length.
REACHES: Final = (1, 64, 4096, 1 << 32)

TABLES: Final = "SELECT name FROM sqlite_master WHERE type = 'table'"
GET_SCHEMA_VERSION: Final = "SELECT value FROM meta WHERE key = 'schema_version'"
SET_SCHEMA_VERSION: Final = """
    INSERT INTO meta (key, value) VALUES ('schema_version', ?)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value
"""

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
    " status, started_at, seconds, rows, error_code, error_message, work"
)
STEPS_OF_RUN: Final = f"SELECT {_STEP} FROM steps WHERE run_id = ? ORDER BY started_at, step_id"
STEPS_OF_DATASET: Final = f"""
    SELECT {_STEP} FROM makers JOIN steps USING (run_id, step_id)
    WHERE dataset = ? AND status <> 'planned'
    ORDER BY run_id DESC, started_at DESC, step_id LIMIT ?
"""
INSERT_STEP: Final = (
    f"INSERT INTO steps ({_STEP}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
INSERT_MAKER: Final = "INSERT INTO makers (dataset, run_id, step_id) VALUES (?, ?, ?)"
SET_OUTCOME: Final = """
    UPDATE steps
    SET status = ?, started_at = ?, seconds = ?, rows = ?, error_code = ?, error_message = ?,
        work = ?
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
    AND (NOT (is_single AND ?) OR partitions = ?)
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
    INSERT OR IGNORE INTO schemas (dataset, {_SCHEMA}) VALUES (?, ?, ?, ?, ?, ?)
"""
DELETE_SCHEMAS: Final = "DELETE FROM schemas WHERE dataset = ?"

_JOB: Final = "asset, unit, made_from, request, runner, ref, place, state, at"
JOBS_OF_STEP: Final = f"SELECT {_JOB} FROM jobs WHERE asset = ? AND unit = ? ORDER BY job"
INSERT_JOB: Final = f"INSERT INTO jobs ({_JOB}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
SET_JOB_STATE: Final = "UPDATE jobs SET state = ? WHERE ref = ?"
DELETE_JOB: Final = "DELETE FROM jobs WHERE ref = ?"
PLACES_OF_JOBS: Final = "SELECT DISTINCT place FROM jobs"

_PARITY: Final = "asset, target, query, verdict, seed, rows, engine, reason, at"
PUT_PARITY: Final = f"INSERT OR REPLACE INTO parity ({_PARITY}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
NEWEST_PARITY: Final = f"""
    SELECT {_PARITY} FROM parity WHERE asset = ? AND target = ? ORDER BY at DESC LIMIT 1
"""

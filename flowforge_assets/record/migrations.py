"""The ledger's tables as numbered migrations, for SQLite; PostgreSQL gets the same (see there).

Times are ISO 8601 text in UTC with microseconds. `shape` is the JSON of a set's dimensions and
`partitions` that of its boxes, so that a row can be read without the project. A migration that was
released is never changed.
"""

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
    (
        # Who may commit what now (see leases.py). `lock` is a file that the holder keeps locked as
        # long as it lives; it and `pid` mean something on `host` alone.
        """
        CREATE TABLE holders (
            run_id TEXT PRIMARY KEY,
            host TEXT NOT NULL,
            pid INTEGER NOT NULL,
            lock TEXT NOT NULL,
            taken_at TEXT NOT NULL,
            expires_at TEXT NOT NULL
        ) WITHOUT ROWID
        """,
        # Without `shape` all partitions are held, and of the asset `*` all assets.
        """
        CREATE TABLE leases (
            asset TEXT NOT NULL,
            run_id TEXT NOT NULL,
            shape TEXT NOT NULL,
            partitions TEXT NOT NULL,
            PRIMARY KEY (asset, run_id)
        ) WITHOUT ROWID
        """,
    ),
    (
        # Backfills and their chunks (see backfills.py). A chunk without partitions is all of it.
        """
        CREATE TABLE backfills (
            backfill_id TEXT PRIMARY KEY,
            created_at TEXT NOT NULL,
            ended_at TEXT,
            status TEXT NOT NULL,
            selection TEXT NOT NULL,
            asked TEXT NOT NULL,
            in_chunks TEXT NOT NULL,
            force INTEGER NOT NULL,
            job TEXT NOT NULL,
            pid INTEGER NOT NULL,
            host TEXT NOT NULL
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE backfill_chunks (
            backfill_id TEXT NOT NULL,
            chunk INTEGER NOT NULL,
            shape TEXT,
            partitions TEXT,
            size INTEGER NOT NULL,
            status TEXT NOT NULL,
            run_id TEXT NOT NULL,
            PRIMARY KEY (backfill_id, chunk)
        ) WITHOUT ROWID
        """,
    ),
    (
        # Which turn a holder took: who took one since a plan was made may have overtaken it.
        "ALTER TABLE holders ADD COLUMN turn INTEGER NOT NULL DEFAULT 0",
    ),
    (
        # Whether somebody has asked the holder to end.
        "ALTER TABLE holders ADD COLUMN is_cancelled INTEGER NOT NULL DEFAULT 0",
    ),
    (
        # How many bytes of data files a step has written.
        "ALTER TABLE steps ADD COLUMN bytes_written INTEGER",
    ),
    (
        # What a server that shows runs may lack (see untold.py), values as JSON. Without `events`
        # these are all that the run's steps say. Who tells it claims it before.
        """
        CREATE TABLE untold (
            flow_run_id TEXT NOT NULL,
            run_id TEXT NOT NULL,
            server TEXT NOT NULL,
            state_id TEXT NOT NULL,
            related TEXT NOT NULL,
            events TEXT,
            are_prefects INTEGER NOT NULL,
            is_left INTEGER NOT NULL,
            kept_at TEXT NOT NULL,
            claimed_until TEXT,
            PRIMARY KEY (flow_run_id, run_id)
        )
        """,
    ),
)
SCHEMA_VERSION: Final = len(MIGRATIONS)

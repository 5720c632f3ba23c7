"""One commit to a Delta table: add, remove and record in a single transaction.

The transaction is never retried by the library, which would not decide anew which files hold the
replaced rows: it fails when someone committed first, and then all is decided again.
A `txn` action a step (`flowforge/STEP_ID`, its version the commit's) outlives the log entry for
30 days, so that a step is found even when the log was cleaned.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction, CommitProperties, RemoveAction, Transaction

from flowforge_assets.core.made import TableVersion
from flowforge_assets.core.polars_types import polars_schema
from flowforge_assets.core.schema_change import comments_of
from flowforge_assets.storage.column_stats import delta_stats
from flowforge_assets.storage.data_files import Layout
from flowforge_assets.storage.delta_actions import (
    Action,
    add_of,
    commit_text,
    has_wall_clock,
    info_of,
    metadata_of,
    protocol_of,
    step_of,
)
from flowforge_assets.storage.delta_alter import Alteration
from flowforge_assets.storage.delta_handle import Snapshot
from flowforge_assets.storage.delta_layout import write_anew
from flowforge_assets.storage.delta_log import commit_file
from flowforge_assets.storage.delta_schema import delta_schema, physical_columns
from flowforge_assets.storage.evolution import refuse_change
from flowforge_assets.storage.made_json import RECORD_KEY, write_made, write_restored

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deltalake import DeltaTable

    from flowforge_assets.storage.data_files import DataFile
    from flowforge_assets.storage.file_replace import Replacement
    from flowforge_assets.storage.folder import Folder
    from flowforge_assets.storage.request import Records
    from flowforge_assets.storage.store import TableSpec

UPKEEP_KEY: Final = "flowforge_upkeep"

_NTZ_READER_VERSION: Final = 3  # Delta protocol, "Timestamp without timezone"


@dataclass(frozen=True, slots=True)
class Commit:
    """What one commit does and says; `hive` are the columns that name the folders of its files.

    `then` is what counts as made since, beside it, where it restores an older version.
    """

    spec: TableSpec
    what: Replacement
    hive: tuple[str, ...]
    then: Records | None = None

    @property
    def record(self) -> Mapping[str, object]:
        """What stands in the log of it."""
        made = self.what.made
        return write_made(made) if self.then is None else write_restored(made, self.then)


@dataclass(slots=True)
class Attempt:
    """How far one attempt at a commit has come.

    `written` are the files that it made besides the staged ones; `sent` is the version that it
    asked the store for, or -1 before that. What was sent may come to be after it has failed, as
    long as nobody else has made that version.
    """

    written: list[DataFile] = field(default_factory=list["DataFile"])
    sent: int = -1

    def is_late(self, before: int, now: int) -> bool:
        """Whether others were first, so that it never comes to be: by the newest version."""
        return now != before and now >= self.sent


def step_app(step_id: str) -> str:
    """The application id of a step in `txn` actions."""
    return f"flowforge/{step_id}"


def create(folder: Folder, commit: Commit, attempt: Attempt) -> Snapshot:
    """Makes the table with its first rows, as version 0, and gives it.

    Raises:
        CommitFailedError: someone else made it first.
    """
    spec, hive, table_id = commit.spec, physical_columns(commit.spec), str(uuid.uuid4())
    attempt.sent, at_ms = 0, _now_ms()
    lines = [
        info_of("CREATE TABLE", commit.record, {"mode": "ErrorIfExists"}, at_ms=at_ms),
        {"protocol": protocol_of(spec)},
        {"metaData": metadata_of(spec, table_id, hive, at_ms=at_ms)},
        *_actions(commit, hive, version=0, at_ms=at_ms),
    ]
    if not folder.create(commit_file(0), commit_text(lines)):
        raise CommitFailedError("the table was made by someone else")
    return Snapshot(
        table_id=table_id,
        version=0,
        files=commit.what.added,
        layout=Layout(folder, spec.dimensions, hive),
        stored=polars_schema(spec.schema),
        not_null=_never_null(spec),
        comments=dict(comments_of(spec.comments)),
        description=spec.description,
    )


def _actions(commit: Commit, hive: Sequence[str], *, version: int, at_ms: int) -> Iterator[Action]:
    """The lines of what a commit adds, where nothing of before stays."""
    yield from (add_of(file, hive, at_ms=at_ms) for file in commit.what.added)
    yield step_of(step_app(commit.what.made.step_id), version, at_ms=at_ms)


def write(
    table: DeltaTable, at: Snapshot, commit: Commit, attempt: Attempt
) -> TableVersion | Snapshot:
    """Makes a version after `at`: the replaced rows are gone, the schema is the declared one.

    Gives it whole when its files are all that changed, else by number. `table` stays where it was.

    Raises:
        CommitFailedError: someone committed after `at`.
        SchemaChangeError: rows that stay cannot be read with the declared schema (FF-611).
    """
    spec, what = commit.spec, commit.what
    is_new_schema = what.changes_columns or not (what.keeps_rows or _is_declared(at, spec))
    if what.keeps_rows:
        refuse_change(at.stored, spec)
        if not is_new_schema or _needs_protocol(table, spec):
            Alteration(table, at, spec, what.made.run_id).carry_out()
    elif commit.hive != at.layout.hive or _needs_protocol(table, spec):
        attempt.sent = at.version + 1
        hive = physical_columns(spec)
        write_anew(
            table, at, spec, hive,
            record=commit.record,
            actions=_actions(commit, hive, version=attempt.sent, at_ms=_now_ms()),
            needs_protocol=_needs_protocol(table, spec),
        )  # fmt: skip
        return TableVersion(at.table_id, attempt.sent)
    version = (table.version() if what.keeps_rows else at.version) + 1
    added = [_add(file, commit.hive) for file in (*what.added, *what.rewritten)]
    if not is_new_schema:
        mode, schema = "append", table.schema()
        removed = [_remove(file) for file in what.removed]
    else:
        # the one mode that takes another schema; it removes every file by itself
        mode, schema = "overwrite", delta_schema(spec.schema, spec.comments)
        removed = []
    attempt.sent = version
    table.create_write_transaction(
        [*added, *removed],
        mode=mode,
        schema=schema,
        partition_by=list(commit.hive),
        commit_properties=_properties(commit, version),
    )
    if mode == "append" and version == at.version + 1:
        gone = {file.path for file in what.removed}
        kept = (file for file in at.files if file.path not in gone)
        return replace(at, version=version, files=(*kept, *what.rewritten, *what.added))
    return TableVersion(at.table_id, version)


def _is_declared(at: Snapshot, spec: TableSpec) -> bool:
    """Whether the stored columns are the declared ones, with their nulls and descriptions."""
    return (
        at.stored == polars_schema(spec.schema)
        and at.not_null == _never_null(spec)
        and at.comments == dict(comments_of(spec.comments))
    )


def _never_null(spec: TableSpec) -> frozenset[str]:
    return frozenset(f.name for f in spec.schema if not (f.nullable or f.optional))


def _needs_protocol(table: DeltaTable, spec: TableSpec) -> bool:
    """Whether the columns need a feature that only a new table gets: wall-clock timestamps."""
    return has_wall_clock(spec) and table.protocol().min_reader_version < _NTZ_READER_VERSION


def move_rows(
    table: DeltaTable, gone: Sequence[DataFile], added: Sequence[DataFile], hive: Sequence[str]
) -> None:
    """Commits that the rows of files are in others now, after the version that `table` is at.

    Raises:
        CommitFailedError: someone committed after it.
    """
    table.create_write_transaction(
        [
            *(_add(file, hive, data_change=False) for file in added),
            *(_remove(file, data_change=False) for file in gone),
        ],
        mode="append",
        schema=table.schema(),
        partition_by=list(hive),
        commit_properties=CommitProperties(
            custom_metadata={UPKEEP_KEY: "compact"}, max_commit_retries=0
        ),
    )


def _add(file: DataFile, hive: Sequence[str], *, data_change: bool = True) -> AddAction:
    return AddAction(
        path=file.path,
        size=file.bytes_written,
        partition_values={name: file.values.get(name) for name in hive},
        modification_time=_now_ms(),
        data_change=data_change,
        stats=delta_stats(file.rows, file.stats, without=hive),
    )


def _remove(file: DataFile, *, data_change: bool = True) -> RemoveAction:
    return RemoveAction(
        file.path,
        data_change=data_change,
        deletion_timestamp=_now_ms(),
        partition_values=dict(file.values),
        size=file.bytes_written,
    )


def _properties(commit: Commit, version: int) -> CommitProperties:
    return CommitProperties(
        custom_metadata={RECORD_KEY: dict(commit.record)},
        max_commit_retries=0,
        app_transactions=[Transaction(step_app(commit.what.made.step_id), version, _now_ms())],
    )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000

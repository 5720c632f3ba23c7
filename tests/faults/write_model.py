"""What comes of writes that are done one after another, in plain lists; and whether a table has it.

A table keeps the order in which its commits were made. So however writers met, the rows of each
version must be what its commits give in that order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from artifact_values import DAILY_MODEL
from flowforge_assets.storage.artifact import ArtifactFolder
from flowforge_assets.storage.delta import DeltaTable
from flowforge_assets.storage.manifest import read_manifest
from flowforge_assets.storage.parquet import ParquetTable
from flowforge_assets.storage.store import Store
from write_ways import UPKEEP, Op, Row, Way, brought, day_of, removed, table_for


def after(rows: Sequence[Row], op: Op) -> list[Row]:  # noqa: C901, PLR0911 - one case a way
    """The rows of a table after a write."""
    new = brought(op)
    keys = {row[0] for row in new}
    match op.way:
        case "overwrite":
            return new
        case "partition":
            days = {row[1] for row in new}
            return [*(row for row in rows if row[1] not in days), *new]
        case "append":
            return [*rows, *new]
        case "merge":
            return [*(row for row in rows if row[0] not in keys), *new]
        case "latest":
            taken = [row for row in new if not _is_older(row, rows)]
            keys = {row[0] for row in taken}
            return [*(row for row in rows if row[0] not in keys), *taken]
        case "deletes":
            keys |= removed(op)
            return [*(row for row in rows if row[0] not in keys), *new]
        case "insert":
            known = {row[0] for row in rows}
            return [*rows, *(row for row in new if row[0] not in known)]
        case "scd2":
            return _after_states(rows, new)
        case "snapshot":
            at = new[0][2]
            return [*(row for row in rows if row[2] != at), *new]
        case "artifact":
            return [*(row for row in rows if row[0] != day_of(op)), (day_of(op), op.step_id)]
        case "record" | "maintain" | "clean":
            return list(rows)


def _is_older(row: Row, rows: Sequence[Row]) -> bool:
    return any(each[0] == row[0] and cast("int", each[3]) > cast("int", row[3]) for each in rows)


def _after_states(rows: Sequence[Row], new: Sequence[Row]) -> list[Row]:
    """Closes the open state of a key whose value is another now, and opens the new one."""
    result = list(rows)
    for row in new:
        k, n, since = row[0], row[1], cast("datetime", row[2])
        found = [each for each in result if each[0] == k and each[3] is None]
        if found and found[0][1] == n:
            continue
        for each in found:
            result.remove(each)
            if cast("datetime", each[2]) < since:
                result.append((*each[:3], since, False))
        result.append(row)
    return result


@dataclass(frozen=True, slots=True)
class Stored:
    """What a table says: its commits as version and step, in order, and the rows of versions."""

    commits: Sequence[tuple[int, str]]
    versions: Mapping[int, Sequence[Row]]

    @property
    def steps(self) -> Sequence[str]:
        """The steps in the order of their commits."""
        return [step for _, step in self.commits if not step.startswith("upkeep")]


def stored(store: Store, way: Way, *, newest_only: bool = False) -> Stored:
    """What is in the table that a way is tried on."""
    if way == "artifact":
        return _stored_files(store)
    table = table_for(store, way)
    newest = table.version()
    if newest is None:
        return Stored((), {})
    if isinstance(table, DeltaTable):
        table.made()
        log = table._handle.log
        commits = [(version, str(record["step_id"])) for version, record in log.records]
        known = {step for _, step in commits}
        # of commits that are cleaned away the state file knows the steps
        commits += [(v, step) for step, v in log.version_of_step.items() if step not in known]
    else:
        assert isinstance(table, ParquetTable)
        manifest = read_manifest(table._versions, newest.version, table.spec)
        assert manifest is not None
        commits = [(version, step) for step, version in manifest.steps.items()]
    kept = [newest.version] if newest_only else [each.version for each in table.versions()]
    rows = {version: table.scan(version=version).collect().rows() for version in kept}
    return Stored(sorted(commits), rows)


def _stored_files(store: Store) -> Stored:
    artifacts = store.artifact(DAILY_MODEL)
    assert isinstance(artifacts, ArtifactFolder)
    pointer = artifacts._current()
    if pointer is None:
        return Stored((), {})
    commits = [(version, step) for step, version in pointer.steps.items()]
    rows: dict[int, list[Row]] = {}
    for version in artifacts._versions.kept():
        files = artifacts.files(version=version).values()
        names = [artifacts._copies / file.path.name for file in files]
        for file in files:
            artifacts._refuse_damaged(file)
        texts = [name.read_text() for name in names]
        rows[version] = [(day_of(Op.of_step(text)), text) for text in texts]
    return Stored(sorted(commits), rows)


def assert_serial(
    store: Store,
    way: Way,
    *,
    done: Iterable[str],
    asked: Collection[str],
    newest_only: bool = False,
) -> Stored:
    """Holds a table against the model; gives what it says.

    The steps `done` were acknowledged, so each is there exactly once; of the others `asked` some
    may be, and nothing else is. Where each look is a request, one may do with the newest version.
    """
    found = stored(store, way, newest_only=newest_only)
    assert max(Counter(found.steps).values(), default=1) == 1, f"done twice: {found.steps}"
    rowless = {step for step in asked if Op.of_step(step).way in UPKEEP}
    lost = set(done) - rowless - set(found.steps)
    assert not lost, f"lost: {lost}"
    assert set(found.steps) <= set(asked), f"nobody asked for {set(found.steps) - set(asked)}"
    expected: list[Row] = []
    commits = list(found.commits)
    for version, rows in sorted(found.versions.items()):
        while commits and commits[0][0] <= version:
            step = commits.pop(0)[1]
            expected = expected if step.startswith("upkeep") else after(expected, Op.of_step(step))
        assert Counter(rows) == Counter(expected), (
            f"version {version} of {found.commits}: lost {Counter(expected) - Counter(rows)}, "
            f"too many {Counter(rows) - Counter(expected)}"
        )
    assert not commits, f"versions without rows: {commits}"
    return found

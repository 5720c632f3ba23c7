"""What comes of writes that are done one after another, in plain lists; and whether a table has it.

A table keeps the order in which its commits were made. So however writers met, the rows of each
version must be what its commits give in that order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import cast

from artifact_values import DAILY_MODEL
from flowforge_assets.storage.artifact import ArtifactFolder
from flowforge_assets.storage.delta import DeltaTable
from flowforge_assets.storage.manifest import read_manifest
from flowforge_assets.storage.parquet import ParquetTable
from flowforge_assets.storage.store import Store
from write_ways import Op, Row, Way, brought, day_of, removed, table_for


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
        case "record":
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
    """What a table says: the steps of its commits in order, and the rows of the versions kept."""

    steps: Sequence[str]
    versions: Mapping[int, Sequence[Row]]


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
        steps = [str(record["step_id"]) for _, record in table._handle.log.records]
        kept: Iterable[int] = range(newest.version + 1)
    else:
        assert isinstance(table, ParquetTable)
        manifest = read_manifest(table._versions, newest.version, table.spec)
        assert manifest is not None
        steps = sorted(manifest.steps, key=lambda step: manifest.steps[step])
        kept = table._versions.kept()
    if newest_only:
        kept = [newest.version]
    rows = {version: table.scan(version=version).collect().rows() for version in kept}
    return Stored(steps, rows)


def _stored_files(store: Store) -> Stored:
    artifacts = store.artifact(DAILY_MODEL)
    assert isinstance(artifacts, ArtifactFolder)
    pointer = artifacts._current()
    if pointer is None:
        return Stored((), {})
    steps = sorted(pointer.steps, key=lambda step: pointer.steps[step])
    rows: dict[int, list[Row]] = {}
    for version in artifacts._versions.kept():
        files = artifacts.files(version=version).values()
        names = [artifacts._copies / file.path.name for file in files]
        for file in files:
            artifacts._refuse_damaged(file)
        texts = [name.read_text() for name in names]
        rows[version] = [(day_of(Op.of_step(text)), text) for text in texts]
    return Stored(steps, rows)


def assert_serial(
    store: Store,
    way: Way,
    *,
    done: Iterable[str],
    asked: Iterable[str],
    newest_only: bool = False,
) -> Stored:
    """Holds a table against the model; gives what it says.

    The steps `done` were acknowledged, so each is there exactly once; of the others `asked` some
    may be, and nothing else is. Where each look is a request, one may do with the newest version.
    """
    found = stored(store, way, newest_only=newest_only)
    assert max(Counter(found.steps).values(), default=1) == 1, f"done twice: {found.steps}"
    assert set(done) <= set(found.steps), f"lost: {set(done) - set(found.steps)}"
    assert set(found.steps) <= set(asked), f"nobody asked for {set(found.steps) - set(asked)}"
    start: list[Row] = []
    expected = list(accumulate(map(Op.of_step, found.steps), after, initial=start))[1:]
    assert len(expected) == max(found.versions, default=-1) + 1, found.steps
    for version, rows in found.versions.items():
        assert Counter(rows) == Counter(expected[version]), (
            f"version {version} after {found.steps[: version + 1]}: "
            f"lost {Counter(expected[version]) - Counter(rows)}, "
            f"too many {Counter(rows) - Counter(expected[version])}"
        )
    return found

"""Refuses a commit whose steps another run has made meanwhile, which its own run does not know of.

Two runs with a ledger each both find a step never made. Where they put the same rows in its place
that does no harm; where they add them, they would be there twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flowforge_assets.core.made import Made, TableVersion
from flowforge_assets.errors.storage import BaseMovedError
from flowforge_assets.storage.made_json import read_made
from flowforge_assets.storage.store import Known

if TYPE_CHECKING:
    from flowforge_assets.core.partition import PartitionSet
    from flowforge_assets.storage.request import Request
    from flowforge_assets.storage.store import TableSpec


def refuse_made(request: Request[Any], commits: Iterable[Made], spec: TableSpec) -> None:
    """Passes when no other run has made a step of the request that its run does not know of.

    Raises:
        BaseMovedError: one has (FF-621).
    """
    if isinstance(request.base, Known):
        for commit in commits:
            if commit.run_id != request.made.run_id:
                _refuse(request, commit.partitions, commit.table, commit.run_id, spec)


class StepsInLog:
    """The steps that the records of a log say were made; each record is read once."""

    def __init__(self, spec: TableSpec) -> None:
        """Of the table of `spec`."""
        self._spec = spec
        self._table_id = ""
        self._steps: dict[int, PartitionSet] = {}

    def refuse_made(
        self,
        request: Request[Any],
        records: Sequence[tuple[int, Mapping[str, object]]],
        table_id: str,
    ) -> None:
        """As the function, by records that are oldest first; those of the same run cost nothing.

        Raises:
            BaseMovedError: another run has made a step (FF-621).
        """
        if not isinstance(request.base, Known):
            return
        for version, record in reversed(records):
            run_id, table = str(record.get("run_id")), TableVersion(table_id, version)
            if run_id != request.made.run_id:
                _refuse(request, self._of(record, table), table, run_id, self._spec)
            if record.get("restart") is True:
                return

    def _of(self, record: Mapping[str, object], table: TableVersion) -> PartitionSet:
        if table.table_id != self._table_id:
            self._table_id, self._steps = table.table_id, {}
        found = self._steps.get(table.version)
        if found is None:
            found = self._steps[table.version] = read_made(record, self._spec, table).partitions
        return found


def _refuse(
    request: Request[Any], steps: PartitionSet, table: TableVersion, run_id: str, spec: TableSpec
) -> None:
    wanted, known = request.made.partitions, request.base
    assert isinstance(known, Known)  # noqa: S101 - the caller asked
    if steps.dimensions != wanted.dimensions:
        return
    both = steps & wanted
    for part, version in known.steps:
        if not both:
            break
        is_later = version.table_id == table.table_id and version.version >= table.version
        if is_later and part.dimensions == both.dimensions:
            both -= part
    if both:
        where = f" ({both.render()})" if both.dimensions else ""
        raise BaseMovedError(
            f"`{spec.key}`{where} was made by run {run_id} meanwhile, as version {table.version}",
            hint="nothing was written; `flowforge run` again makes what that run did not",
        )

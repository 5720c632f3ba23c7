"""What a commit is asked for, and when it is refused or already done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as replaced
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from flowforge_assets.errors.storage import BaseMovedError
from flowforge_assets.storage.made_json import read_made
from flowforge_assets.storage.partition_values import partitions_of
from flowforge_assets.storage.store import NO_TABLE, Everything, Known, Replace, Staged
from flowforge_assets.storage.touched import telling

if TYPE_CHECKING:
    from flowforge_assets.core.made import Made, TableVersion
    from flowforge_assets.storage.store import Base, TableSpec

S = TypeVar("S", bound=Staged)
Records: TypeAlias = Sequence[tuple[int, Mapping[str, object]]]


@dataclass(frozen=True, slots=True)
class Request(Generic[S]):
    """One commit: `staged` in the place of `replace`; nothing staged changes no row.

    One that restores an older version has the records that count since, `then`, beside its own.
    """

    staged: S | None
    replace: Replace
    made: Made
    base: Base | None
    then: Records | None = None

    @classmethod
    def of_record(cls, made: Made, base: TableVersion | None) -> Request[S]:
        """A commit that changes no row."""
        return cls(None, Everything(), made, base)

    def refuse_moved(self, found: TableVersion | None, spec: TableSpec) -> None:
        """Passes when the table is at the version that the rows were worked out from.

        Raises:
            BaseMovedError: it is at another (FF-621).
        """
        base = self.base
        if base is None or isinstance(base, Known) or base == (found or NO_TABLE):
            return
        was = "there was no table" if base == NO_TABLE else f"it was at version {base.version}"
        now = "there is none" if found is None else f"it is at version {found.version}"
        raise BaseMovedError(
            f"`{spec.key}` was written by another run meanwhile: {was}, now {now}",
            hint="run again: the step reads the table as it is now",
        )

    def done(
        self, record: Mapping[str, object] | None, table: TableVersion, spec: TableSpec
    ) -> Made:
        """What this step committed before as version `table`, by the `record` of that commit.

        Where the record is gone, the staged rows tell what was touched.
        """
        made = replaced(self.made, table=table)
        if record is not None:
            then = read_made(record, spec, table)
            return replaced(made, touched=then.touched, bytes_written=then.bytes_written)
        if self.staged is None or made.touched is not None:
            return made
        return telling(made, partitions_of(self.staged.scan(), spec.dimensions))

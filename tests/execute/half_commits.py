"""A store whose tables fail at a commit: before it is there, or when it is there already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made, TableVersion
from flowforge_assets.errors.storage import CommitConflictError
from flowforge_assets.storage.store import Replace, Staged, Store, Table, TableSpec

When = Literal["before", "after"]
Fails = Callable[[DatasetKey, Made], When | None]


@dataclass(frozen=True)
class _FailingTable:
    """The table `real`, but for its commits."""

    real: Table
    fails: Fails

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)

    def commit(
        self, staged: Staged, *, replace: Replace, made: Made, base: TableVersion | None = None
    ) -> Made:
        return self._done(
            made, lambda: self.real.commit(staged, replace=replace, made=made, base=base)
        )

    def record(self, made: Made, *, base: TableVersion | None = None) -> Made:
        return self._done(made, lambda: self.real.record(made, base=base))

    def _done(self, made: Made, commit: Callable[[], Made]) -> Made:
        when = self.fails(made.dataset, made)
        if when == "before":
            raise CommitConflictError("others were first")
        done = commit()
        if when == "after":
            raise CommitConflictError("it is not known who was first")
        return done


@dataclass(frozen=True)
class _FailingStore:
    real: Store
    fails: Fails

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)

    def table(self, spec: TableSpec) -> _FailingTable:
        return _FailingTable(self.real.table(spec), self.fails)


def failing(store: Store, fails: Fails) -> Store:
    """`store`, with commits that fail as `fails` says."""
    return cast("Store", _FailingStore(store, fails))

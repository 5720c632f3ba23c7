"""What maintenance of a table is asked for, and what it did."""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from flowforge_assets.storage.folder import FileEntry
    from flowforge_assets.storage.past import Version


def _unknown(_: str) -> bool:
    """Nothing is known of runs."""
    return False


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What is to stay of a table, and whether anything is to be done at all.

    Versions that were the newest at `keep_since` or later can be read afterwards, and those from
    `needed` on. Commits since `log_since` stay in the log. Files that no version names are a killed
    writer's when they are older than `swept_before`. Files below `target_bytes` are put together.
    `is_over` says of the id of a run that the run has ended, or was killed.
    """

    keep_since: datetime
    log_since: datetime
    swept_before: datetime
    needed: int | None = None
    target_bytes: int = 128_000_000
    is_dry: bool = False
    is_over: Callable[[str], bool] = _unknown

    def kept_from(self, versions: Sequence[Version]) -> int:
        """The oldest of `versions`, oldest first, that is to stay readable."""
        return self._newest_at(versions, self.keep_since)

    def log_from(self, versions: Sequence[Version]) -> int:
        """The oldest version that the log is to tell still."""
        return min(self._newest_at(versions, self.log_since), self.kept_from(versions))

    def is_left(self, entry: FileEntry) -> bool:
        """Whether a file that no version names is a killed writer's."""
        return entry.modified < self.swept_before.timestamp()

    def _newest_at(self, versions: Sequence[Version], at: datetime) -> int:
        # none came before the one that it follows, whatever the clock of its writer said
        came = accumulate((each.at for each in versions), max)
        then = [each.version for each, since in zip(versions, came, strict=True) if since <= at]
        oldest = max(then, default=versions[0].version)
        return oldest if self.needed is None else min(oldest, max(self.needed, 0))


@dataclass(frozen=True, slots=True)
class Upkept:
    """What maintenance did to one table, or would do.

    `state` is the version whose state file was written, `checkpoint` that of a checkpoint.
    `compacted` files were put together into `into`; `vacuumed` were those of versions that are
    no longer kept, `swept` those of killed writers, `cleaned` those of the log.
    """

    compacted: int = 0
    into: int = 0
    state: int | None = None
    vacuumed: int = 0
    swept: int = 0
    freed_bytes: int = 0
    checkpoint: int | None = None
    cleaned: int = 0

    def __bool__(self) -> bool:
        """Whether there was anything to do."""
        return any(getattr(self, field.name) not in {None, 0} for field in fields(self)) or (
            0 in {self.state, self.checkpoint}
        )


def is_leftover(path: str) -> bool:
    """Whether a file at `path`, which no version names, may be what a killed writer left."""
    name = path.rpartition("/")[2]
    return name.startswith("part-") or name.endswith(".tmp") or "#" in name

"""The versions of a table that can still be read, and which of them was the newest at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.errors.storage import NoVersionError

if TYPE_CHECKING:
    from datetime import datetime

    from flowforge_assets.core.key import DatasetKey
    from flowforge_assets.core.made import Made, TableVersion
    from flowforge_assets.core.partition import Dimension
    from flowforge_assets.storage.upkeep import Upkeep, Upkept


@dataclass(frozen=True, slots=True)
class Version:
    """A version: when it came, and what the commit that made it says of itself, uncut.

    `made` is None where no step or restore of ours made it: someone else did, or upkeep
    (`is_upkeep`), which changes no row.
    """

    version: int
    at: datetime
    made: Made | None = None
    is_upkeep: bool = False


@runtime_checkable
class KeepsPast(Protocol):
    """A table, or an artifact, whose older versions can be read."""

    def version(self) -> TableVersion | None:
        """The newest version, or None where nothing is."""
        ...

    def versions(self) -> Sequence[Version]:
        """The versions that can still be read, oldest first."""
        ...

    def made_by(self, version: int) -> Sequence[Made]:
        """What was made by a version, as `made` says it of the newest.

        Raises:
            NoVersionError: there is no such version, or it is no longer kept (FF-603).
        """
        ...

    def maintain(self, upkeep: Upkeep) -> Upkept:
        """Puts small files together and removes what is not to be kept; a kill may end it anywhere.

        No row is another afterwards, and readers are as fresh as before. Costs a look at all files
        of the table, and a pass over the small ones.

        Raises:
            StorageError: the table cannot be read or written (FF-6xx).
        """
        ...

    def restore(self, version: int, made: Made) -> Made:
        """Puts the rows, or files, of an older version in the place of those that are there.

        By one act, which makes a new version. The steps count as made as they did by then. `made`
        says who does it, and makes no partition; what it gives tells which were touched.

        Raises:
            NoVersionError: there is no such version, or it is no longer kept (FF-603).
        """
        ...


@runtime_checkable
class TellsVersions(Protocol):
    """A table that someone else writes, and whose older versions can be read all the same."""

    def version_at(self, wanted: datetime | int) -> TableVersion:
        """The version of that number, or the newest that had come by a time.

        Raises:
            NoVersionError: there is no such version, or it is no longer kept (FF-603).
            NoPastError: it has no versions (FF-670).
        """
        ...


def newest_at(versions: Sequence[Version], at: datetime, key: DatasetKey) -> Version:
    """The newest of `versions`, oldest first, that had come by `at`.

    Raises:
        NoVersionError: the first that is kept came later (FF-603).
    """
    for each in reversed(versions):
        if each.at <= at:
            return each
    hint = "nothing was made yet"
    if versions:
        first = versions[0]
        hint = f"the oldest that is kept is version {first.version} of {first.at:%Y-%m-%d %H:%M:%S}"
    raise NoVersionError(f"`{key}` has no version of {at:%Y-%m-%d %H:%M:%S %Z} left", hint=hint)


def version_of(versions: Sequence[Version], number: int, key: DatasetKey) -> Version:
    """The version of that number.

    Raises:
        NoVersionError: there is none, or it is no longer kept (FF-603).
    """
    for each in versions:
        if each.version == number:
            return each
    hint = "nothing was made yet"
    if versions:
        hint = f"kept are {versions[0].version} to {versions[-1].version}"
    raise NoVersionError(f"`{key}` has no version {number}", hint=hint)


def touched_since(
    versions: Sequence[Version], number: int, dimensions: tuple[Dimension, ...]
) -> PartitionSet | None:
    """The partitions whose rows were changed after version `number`.

    None where that is not known: someone else has written, or they were cut in another way.
    """
    touched = PartitionSet.none(dimensions)
    for each in versions:
        if each.version <= number or each.is_upkeep:
            continue
        if each.made is None or each.made.changed.dimensions != dimensions or each.made.restart:
            return None
        touched |= each.made.changed
    return touched

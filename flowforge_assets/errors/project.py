"""FF-8xx."""

from __future__ import annotations

from flowforge_assets.errors.base import FlowForgeError


class ProjectError(FlowForgeError):
    """The root of the FF-8xx errors."""

    code = "FF-800"
    exit_code = 2


class BadPartitionKey(ProjectError):
    """A text or value is no partition key of its dimension.

    Write hours as `2026-01-31T23` (UTC), days as `2026-01-31`, weeks as the date of their
    Monday, months as `2026-01`; years run from 1000 to 9998.
    """

    code = "FF-830"


class UnknownPartition(ProjectError):
    """A partition was asked for that is not among those the dataset declares.

    The message names the declared set. An open-ended set ends with the last complete partition:
    today is not in a daily set yet.
    """

    code = "FF-831"


class BadPartitionRange(ProjectError):
    """A partition selection cannot be read, or a range ends before it begins.

    Write `A`, `A..B` (both ends included), `A..`, `..B`, or several with commas; for several
    dimensions `day=2026-01-01..2026-01-31;country=de,ch`, where one left out means all of it.
    """

    code = "FF-832"


class UnknownDimension(ProjectError):
    """A partition selection names a dimension that the dataset does not have.

    Use the names of the dataset's partition columns; `flowforge show` prints them.
    """

    code = "FF-833"


class NotPartitioned(ProjectError):
    """A partition was asked for of a dataset that has none.

    Leave the partition out, or give the dataset class a `partition=`.
    """

    code = "FF-834"


class UnknownTimeZone(ProjectError):
    """A partition dimension names a time zone that this machine does not know.

    Use an IANA name such as `Europe/Berlin`; without a system database install `tzdata`.
    """

    code = "FF-835"


class BadPartitioning(ProjectError):
    """Declared partitions contradict themselves.

    Give each dimension a column of its own, an end that is not before its start, and values that
    are not empty and not repeated.
    """

    code = "FF-836"

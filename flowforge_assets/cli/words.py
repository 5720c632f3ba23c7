"""How numbers, times and partitions are said to people."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from flowforge_assets.core.partition import PartitionSet

_MINUTE_SECONDS: Final = 60
_HOUR_SECONDS: Final = 3600
_THOUSAND: Final = 1000
_UNITS: Final = ("kB", "MB", "GB", "TB")


def counted(number: int, noun: str) -> str:
    """`1 asset`, `1,000 assets`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """`0.08 s`, `4.2 s`, `2 min 05 s`, `1 h 03 min`."""
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < _MINUTE_SECONDS:
        return f"{seconds:.1f} s"
    whole = int(seconds)
    if whole < _HOUR_SECONDS:
        return f"{whole // _MINUTE_SECONDS} min {whole % _MINUTE_SECONDS:02} s"
    return f"{whole // _HOUR_SECONDS} h {whole % _HOUR_SECONDS // _MINUTE_SECONDS:02} min"


def byte_size(size_bytes: int) -> str:
    """`312 B`, `4.2 kB`, `1.3 GB`: in powers of 1,000."""
    if size_bytes < _THOUSAND:
        return f"{size_bytes} B"
    power = min((len(str(size_bytes)) - 1) // 3, len(_UNITS))
    return f"{size_bytes / _THOUSAND**power:.1f} {_UNITS[power - 1]}"


def moment(at: datetime) -> str:
    """The time on the clock of this machine: `2026-01-31 23:05:00`."""
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"


def how_many(partitions: PartitionSet, *, up_to: bool = False) -> str:
    """`365 partitions`, or `up to 365 partitions`; nothing for the unpartitioned."""
    if not partitions.dimensions:
        return ""
    return f"{'up to ' if up_to else ''}{counted(partitions.count(), 'partition')}"


def ends(partitions: PartitionSet) -> tuple[str | None, str | None]:
    """The keys of the first and the last partition; None of none, and of the unpartitioned."""
    if not partitions.dimensions or not partitions:
        return None, None
    first = tuple(axis.first for axis in partitions.boxes[0])
    last = max(tuple(axis.last for axis in box) for box in partitions.boxes)
    return partitions.key_of(first), partitions.key_of(last)

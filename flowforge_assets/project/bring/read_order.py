"""Queries in an order in which each comes after those that it reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet

from flowforge_assets.core.key import DatasetKey


def read_order(
    queries: Iterable[DatasetKey], reads: Mapping[DatasetKey, AbstractSet[DatasetKey]]
) -> Iterator[DatasetKey]:
    """The queries, each after those that it reads; of a circle the one that comes first, first."""
    done: set[DatasetKey] = set()
    for first in queries:
        waiting = [first]
        while waiting:
            key = waiting[-1]
            if key in done:
                waiting.pop()
                continue
            open_ = set(waiting)
            needs = sorted(need for need in reads.get(key, ()) if need in reads)
            missing = [need for need in needs if need not in done and need not in open_]
            if missing:
                waiting += missing
                continue
            done.add(key)
            waiting.pop()
            yield key

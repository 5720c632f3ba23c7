"""What a store cannot do, and whose it is: the one table of tests that are known to fail on some.

Each is held strictly: a test that begins to pass fails until its line is gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pytest

from store_kinds import KINDS, MORE_KINDS, StoreKind


@dataclass(frozen=True, slots=True)
class Limit:
    """Why it cannot: `ours` is still to be done, `theirs` is the store's or engine's, `never`."""

    whose: Literal["ours", "theirs", "never"]
    reason: str
    kinds: frozenset[str]

    def mark(self) -> pytest.MarkDecorator:
        """The mark of a test that must fail."""
        return pytest.mark.xfail(reason=f"{self.whose}: {self.reason}", strict=True)


def _named(*kinds: StoreKind) -> frozenset[str]:
    return frozenset(kind.name for kind in kinds)


REMOTE = _named(*(kind for kind in (*KINDS, *MORE_KINDS) if kind.emulator))

LIMITS: Mapping[str, Limit] = {
    "test_a_discarded_file_leaves_nothing": Limit(
        "never",
        "it lies under its digest, which another commit may point to; `maintain` sweeps it",
        REMOTE,
    ),
}
"""By the name of the test."""


def limit_of(test: str, kind: str) -> Limit | None:
    """The limit that a test meets on a kind of store, if any."""
    limit = LIMITS.get(test)
    return limit if limit is not None and kind in limit.kinds else None

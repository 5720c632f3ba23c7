"""What one step runs in a warehouse, as statements of its target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

_MARK: Final = "flowforge:"
_UNSAFE: Final = frozenset("%'\"\\`")


@dataclass(frozen=True, slots=True)
class RowTest:
    """A promise as a query that gives one number: how many staged rows break it.

    `name` is the promise as people read it, `column` the one that it looks at, empty for several.
    """

    name: str
    column: str
    text: str


@dataclass(frozen=True, slots=True)
class WarehouseScript:
    """The statements of one step in the order of the fields; none ends in a semicolon.

    `settings` are for the session. `stage` makes the staged table, `count` gives the number of its
    rows, `tests` must all give 0, `publish` makes it the table, `clean` removes what is left over.
    Each of `stage`, `publish` and `clean` may be begun anew after a failure within it; where
    `publish` has a transaction in it, what failed is rolled back first.
    """

    settings: tuple[str, ...]
    stage: tuple[str, ...]
    count: str
    tests: tuple[RowTest, ...]
    publish: tuple[str, ...]
    clean: tuple[str, ...]


def state_text(state: str) -> str:
    """`state` as a table's comment carries it: without quotes, backslashes and control characters.

    >>> state_text('{"rows": 1}')
    'flowforge:{%22rows%22: 1}'
    """
    is_safe = {c for c in state if c.isprintable() and c.isascii() and c not in _UNSAFE}
    return _MARK + quote(state, safe="".join(sorted(is_safe)))


def read_state_text(comment: str | None) -> str | None:
    """The state in a table's comment; None where it holds none.

    >>> read_state_text("flowforge:{%22rows%22: 1}")
    '{"rows": 1}'
    """
    if comment is None or not comment.startswith(_MARK):
        return None
    return unquote(comment.removeprefix(_MARK))

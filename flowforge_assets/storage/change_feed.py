"""Changes that a Delta table tells itself, where whoever writes it has turned its feed on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl
from deltalake.exceptions import DeltaError

if TYPE_CHECKING:
    from deltalake import DeltaTable

_SWITCH: Final = "delta.enableChangeDataFeed"
_KIND: Final = "_change_type"
_CAME: Final = ("insert", "update_postimage")


def change_feed(
    table: DeltaTable, since: int, until: int
) -> tuple[pl.LazyFrame, pl.LazyFrame] | None:
    """The rows that came after version `since` and by `until`, and those that went.

    None where the feed is off, or does not reach so far back. They are held in memory.
    """
    if table.metadata().configuration.get(_SWITCH, "") != "true":
        return None
    try:
        feed = pl.DataFrame(table.load_cdf(starting_version=since + 1, ending_version=until))
    except DeltaError:
        return None
    has_come = pl.col(_KIND).is_in(_CAME)
    return feed.lazy().filter(has_come), feed.lazy().filter(~has_come)

"""The days and months of the delivery: those of New York."""

from __future__ import annotations

from typing import Final

from flowforge_assets import Daily, Monthly

NEW_YORK: Final = "America/New_York"
DAY: Final = Daily("2013-01-01", "2013-12-31", tz=NEW_YORK)
MONTH: Final = Monthly("2013-01", "2013-12", tz=NEW_YORK)

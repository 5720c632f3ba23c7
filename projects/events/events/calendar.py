"""Three days of a small web shop, in hours and in days. Without an end they would go on to now."""

from __future__ import annotations

from typing import Final

from flowforge_assets import Daily, Hourly

HOUR: Final = Hourly("2026-03-01T00", "2026-03-03T23")
DAY: Final = Daily("2026-03-01", "2026-03-03")

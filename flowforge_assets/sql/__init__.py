"""SQL: files that make datasets, and one query for every warehouse, `emit`."""

from flowforge_assets.sql.portable.emitted import Emitted, Refusal
from flowforge_assets.sql.portable.front import emit

__all__ = ["Emitted", "Refusal", "emit"]

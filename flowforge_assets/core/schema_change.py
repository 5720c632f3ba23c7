"""One entry of a dataset's schema history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """The columns that a table has since `version`; `schema` as `str(Schema)` spells it."""

    version: int
    at: datetime
    schema: str

"""What `doctor` found out about one thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Health: TypeAlias = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """How one thing is. `remedy` says what to do about it, where it is not well."""

    about: str
    health: Health
    said: str
    remedy: str = ""

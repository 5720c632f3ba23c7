"""FF-7xx."""

from __future__ import annotations

from flowforge_assets.errors.base import FlowForgeError


class RunError(FlowForgeError):
    """The root of the FF-7xx errors."""

    code = "FF-700"

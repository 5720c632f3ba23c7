"""FF-6xx: tables, files and the places that hold them."""

from __future__ import annotations

from flowforge_assets.errors.base import FlowForgeError


class StorageError(FlowForgeError):
    """The root of the FF-6xx errors."""

    code = "FF-600"


class TypeNotStoredError(StorageError):
    """A column has a type that cannot be stored without losing something.

    Cast the column to the type that the hint names before returning it.
    """

    code = "FF-610"

"""Finds connectors by entry point: those of this wheel like a stranger's."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, cast

from flowforge_assets.errors.base import did_you_mean
from flowforge_assets.errors.warehouse import NoConnectorError
from flowforge_assets.sdk.warehouse import WarehouseConnector

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP: Final = "flowforge.connectors"
_PREFIX: Final = "warehouse."
"""Entry points are named by role and kind: `warehouse.snowflake`."""


def warehouse_kinds() -> list[str]:
    """The kinds of warehouse that there is a connector for, sorted."""
    return sorted(_found())


def warehouse_connector(kind: str) -> WarehouseConnector:
    """The connector of that kind; its driver is not imported.

    Raises:
        NoConnectorError: none is installed (FF-675).
    """
    found = _found().get(kind)
    if found is None:
        known = warehouse_kinds()
        hint = did_you_mean(kind, known) or f"there are {', '.join(f'`{k}`' for k in known)}"
        raise NoConnectorError(f"no connector is installed for `{kind}`", hint=hint)
    return cast("WarehouseConnector", found.load())


def warehouse_package(kind: str) -> str | None:
    """What is to be installed for that kind: ours with an extra, or a stranger's package.

    None where the connector does not say whose it is.

    Raises:
        NoConnectorError: none is installed (FF-675).
    """
    warehouse_connector(kind)
    found = _found()[kind].dist
    if found is None:
        return None
    extras = found.metadata.get_all("Provides-Extra") or ()
    return f"{found.name}[{kind}]" if kind in extras else found.name


@cache
def _found() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points  # 15 ms, and few projects have a warehouse

    named = {each.name: each for each in entry_points(group=GROUP)}
    return {
        name.removeprefix(_PREFIX): each for name, each in named.items() if name.startswith(_PREFIX)
    }

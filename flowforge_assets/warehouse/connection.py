"""`[env.NAME.warehouse]` as values: which warehouse, how to reach it, and where its tables go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flowforge_assets.sdk.connectors import warehouse_connector
from flowforge_assets.storage.location import RemoteLocation
from flowforge_assets.storage.secrets import Reference, resolve

if TYPE_CHECKING:
    from flowforge_assets.sdk.warehouse import OptionValue


@dataclass(frozen=True, slots=True)
class WarehouseConfig:
    """One warehouse of an environment: plain values and references, never a secret.

    `prefix` stands before the names of its schemas. `stage` is the bucket through which rows are
    loaded; None where they go in by the connection.
    """

    kind: str
    options: tuple[tuple[str, OptionValue | Reference], ...] = field(default=(), repr=False)
    prefix: str = ""
    stage: RemoteLocation | None = None

    @property
    def target(self) -> str:
        """The target that SQL is emitted for.

        Raises:
            NoConnectorError: no connector is installed for it (FF-675).
        """
        return warehouse_connector(self.kind).target

    def settings(self) -> Mapping[str, OptionValue]:
        """The options as they are now, with what references stand for.

        Raises:
            SecretMissingError: a reference leads nowhere (FF-650).
        """
        return {
            name: resolve(value).reveal() if isinstance(value, Reference) else value
            for name, value in self.options
        }

"""The options of a store with its secrets in place, as the clients of its kind need them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from flowforge_assets.storage.remote_url import RemoteUrl, parse_remote_url
from flowforge_assets.storage.secrets import Reference, Secret, resolve

if TYPE_CHECKING:
    from flowforge_assets.storage.location import RemoteLocation
    from flowforge_assets.storage.store_options import Mode

TIMEOUT_SECONDS: Final = 30.0
CONNECT_SECONDS: Final = 5.0
MAX_RETRIES: Final = 4


@dataclass(frozen=True, slots=True)
class Resolved:
    """A store's place and its options; what was a reference is a `Secret`."""

    url: RemoteUrl
    mode: Mode
    values: Mapping[str, object] = field(repr=False)

    @classmethod
    def of(cls, location: RemoteLocation) -> Resolved:
        """Looks up the secrets, as they are now.

        Raises:
            SecretMissingError: one is not there (FF-650).
        """
        options = location.options
        values = {
            name: resolve(value) if isinstance(value, Reference) else value
            for name, value in options.values.items()
        }
        return cls(parse_remote_url(location.url), options.mode, values)

    def text(self, name: str) -> str | None:
        """The option as a client takes it, a secret revealed; None where it is not given."""
        value = self.values.get(name)
        if isinstance(value, Secret):
            return value.reveal()
        return None if value is None else str(value)

    def is_on(self, name: str, *, default: bool = False) -> bool:
        """Whether a switch is on."""
        return bool(self.values.get(name, default))

    @property
    def timeout_seconds(self) -> float:
        """How long one request may take."""
        return self._number("timeout_seconds", TIMEOUT_SECONDS)

    @property
    def connect_seconds(self) -> float:
        """How long it may take until a connection stands."""
        return self._number("connect_timeout_seconds", CONNECT_SECONDS)

    @property
    def max_retries(self) -> int:
        """How often a request is sent again that was throttled, or whose connection broke."""
        return int(self._number("max_retries", MAX_RETRIES))

    @property
    def patience_seconds(self) -> float:
        """After how long no request is sent again."""
        return self.timeout_seconds * (self.max_retries + 1)

    def _number(self, name: str, default: float) -> float:
        value = self.values.get(name, default)
        return float(value) if isinstance(value, int | float) else default

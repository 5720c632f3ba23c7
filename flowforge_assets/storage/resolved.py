"""The options of a store with its secrets in place, as the clients of its kind need them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from flowforge_assets.errors.stores import StoreOptionValueError
from flowforge_assets.storage.option_names import is_url
from flowforge_assets.storage.remote_url import RemoteUrl, parse_remote_url
from flowforge_assets.storage.secrets import Reference, Secret, resolve

if TYPE_CHECKING:
    from flowforge_assets.storage.location import RemoteLocation
    from flowforge_assets.storage.store_options import Mode, StoreOptions

TIMEOUT_SECONDS: Final = 30.0
CONNECT_SECONDS: Final = 5.0
MAX_RETRIES: Final = 4
_ADDRESSES: Final = ("endpoint", "emulator")


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
            StoreOptionValueError: an address that was looked up is none (FF-861).
        """
        options = location.options
        values: dict[str, object] = {}
        for name, value in options.values.items():
            values[name] = resolve(value) if isinstance(value, Reference) else value
            if isinstance(value, Reference) and name in _ADDRESSES:
                _refuse_address(name, value, resolve(value), is_http_fine=_lets_http(options))
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


def _lets_http(options: StoreOptions) -> bool:
    return options.values.get("allow_http") is True or "emulator" in options.values


def _refuse_address(name: str, said: Reference, found: Secret, *, is_http_fine: bool) -> None:
    """Refuses an address that was looked up, as one in the project file itself would be."""
    if not is_url(found.reveal()):
        message = f"`{name}` is `{said}`, and what is there is no URL without user and query"
        raise StoreOptionValueError(message, hint="put `https://host:port` there")
    if not is_http_fine and found.reveal().startswith("http://"):
        message = f"`{name}` is `{said}`, an `http://` URL, and what it sends can be read"
        hint = "use `https://`, or say `allow_http = true` in a network that you trust"
        raise StoreOptionValueError(message, hint=hint)

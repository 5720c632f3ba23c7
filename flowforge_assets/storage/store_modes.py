"""Whether the options of a store are whole: one set of credentials, and what it needs besides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from flowforge_assets.errors.base import FlowForgeError, Place
from flowforge_assets.errors.stores import (
    CredentialModeError,
    NoCredentialsError,
    StoreOptionValueError,
)
from flowforge_assets.storage.option_names import CREDENTIALS, CredentialSet
from flowforge_assets.storage.remote_url import RemoteUrl, StoreKind

CALLED: Mapping[StoreKind, str] = {
    "s3": "an S3 store",
    "azure": "an Azure store",
    "onelake": "a OneLake store",
    "gcs": "a GCS store",
    "other": "a store of this protocol",
}
_EXAMPLES: Mapping[StoreKind, str] = {
    "s3": '`access_key_id = { env = "..." }` and `secret_access_key = { env = "..." }`',
    "azure": '`account_key = { env = "..." }`',
    "onelake": "`tenant_id`, `client_id` and `client_secret`",
    "gcs": '`service_account = { file = "..." }`',
    "other": "",
}


@dataclass(frozen=True, slots=True)
class WholeOptions:
    """The options of the store at `url`, which the project file has in the table `where`."""

    url: RemoteUrl
    values: Mapping[str, object]
    where: str
    place: Callable[[str], Place | None]

    def misfits(self) -> Iterator[FlowForgeError]:
        """What is wrong about them as a whole."""
        yield from self._of_credentials()
        yield from self._of_addresses()
        if self.url.kind == "s3":
            yield from self._of_region()
        if self.url.kind == "azure":
            yield from self._of_account()

    @property
    def _modes(self) -> list[str]:
        return [name for name in ("ambient", "anonymous") if self.values.get(name) is True]

    def _of_credentials(self) -> Iterator[FlowForgeError]:
        sets = CREDENTIALS[self.url.kind]
        given = [name for name in self.values if any(name in each.names for each in sets)]
        chosen = [*given, *self._modes]
        fitting = [each for each in sets if set(given) <= each.names]
        if not chosen:
            if sets and "emulator" not in self.values:
                yield self._nothing_given()
        elif len(self._modes) > 1 or (self._modes and given) or not fitting:
            message = f"two kinds of credentials at once{self._inside}: {listed(chosen)}"
            hint = f"keep one: {_or(sets)}, or `ambient = true`"
            yield CredentialModeError(message, place=self.place(chosen[-1]), hint=hint)
        elif given and not any(set(each.needed) <= set(given) for each in fitting):
            lacking = [name for name in fitting[0].needed if name not in given]
            message = f"a part of the credentials is missing{self._inside}: {listed(lacking)}"
            hint = f"give {_or(fitting)} together"
            yield CredentialModeError(message, place=self.place(given[0]), hint=hint)

    def _nothing_given(self) -> NoCredentialsError:
        message = f"`{self.url}` has no credentials, and nothing says where to take them from"
        table = self.where or "env.NAME.store"
        hint = (
            f"in `[{table}]` write {_EXAMPLES[self.url.kind]},"
            f" or `ambient = true` where this machine has an identity of its own"
        )
        return NoCredentialsError(message, place=self.place(""), hint=hint)

    def _of_addresses(self) -> Iterator[FlowForgeError]:
        endpoint = self.values.get("endpoint")
        if not isinstance(endpoint, str) or urlsplit(endpoint).scheme == "https":
            return
        if self.values.get("allow_http") is not True:
            message = f"`endpoint`{self._inside} is `http://`, and what it sends can be read"
            hint = "use `https://`, or say `allow_http = true` in a network that you trust"
            yield StoreOptionValueError(message, place=self.place("endpoint"), hint=hint)

    def _of_region(self) -> Iterator[FlowForgeError]:
        has_keys = "access_key_id" in self.values or "anonymous" in self._modes
        if has_keys and not {"region", "endpoint"} & set(self.values):
            message = f"`region` is missing{self._inside}"
            hint = 'write the bucket\'s own, e.g. `region = "eu-central-1"`'
            yield StoreOptionValueError(message, place=self.place(""), hint=hint)

    def _of_account(self) -> Iterator[FlowForgeError]:
        account = self.values.get("account")
        if not (account or self.url.host or "emulator" in self.values):
            message = f"`{self.url}` names no storage account"
            hint = 'write `account = "..."`, or `abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/`'
            yield StoreOptionValueError(message, place=self.place(""), hint=hint)
        elif self.url.account and account not in (None, self.url.account):
            message = f"`account`{self._inside} is another than the one in `{self.url}`"
            place = self.place("account")
            yield StoreOptionValueError(message, place=place, hint="name it in one place only")
        if {"emulator", "endpoint"} <= set(self.values):
            message = f"`emulator` and `endpoint`{self._inside} name two places"
            place = self.place("endpoint")
            yield StoreOptionValueError(message, place=place, hint="keep one of them")

    @property
    def _inside(self) -> str:
        return f" in `[{self.where}]`" if self.where else ""


def listed(names: list[str]) -> str:
    """`a`, `b`."""
    return ", ".join(f"`{name}`" for name in names)


def _or(sets: tuple[CredentialSet, ...] | list[CredentialSet]) -> str:
    return " or ".join(" + ".join(f"`{name}`" for name in each.needed) for each in sets)

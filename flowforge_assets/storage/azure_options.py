"""The options of Azure's Blob Storage, ADLS Gen2 and OneLake, for adlfs and for the engines."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from flowforge_assets.errors.stores import StoreOptionValueError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

    from flowforge_assets.storage.azure_files import AzureCredential
    from flowforge_assets.storage.resolved import Resolved

_EMULATED_ACCOUNT: Final = "devstoreaccount1"
# Azurite's, published in its documentation; it opens nothing else
_EMULATED_KEY: Final = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
_AUTHORITY: Final = "https://login.microsoftonline.com"
_EMULATOR_VARIABLE: Final = "AZURITE_BLOB_STORAGE_URL"
_led_to: Final[dict[str, str]] = {}
"""What this process has set the variable to."""


def account_of(store: Resolved) -> str:
    """The storage account's name; OneLake is one for all workspaces."""
    emulated = _EMULATED_ACCOUNT if store.text("emulator") else ""
    return store.text("account") or store.url.account or emulated


def engine(store: Resolved) -> dict[str, str]:
    """What deltalake and polars call the options.

    Raises:
        StoreOptionValueError: another store of this process has another emulator (FF-861).
    """
    emulator = store.text("emulator")
    if emulator is not None:
        _lead_to(emulator.rstrip("/"), store)
    given = {
        "azure_storage_account_name": account_of(store),
        "azure_storage_account_key": _account_key(store),
        "azure_storage_sas_key": _sas(store),
        "azure_storage_tenant_id": store.text("tenant_id"),
        "azure_storage_client_id": store.text("client_id"),
        "azure_storage_client_secret": store.text("client_secret"),
        "azure_storage_token": store.text("token"),
        "azure_endpoint": store.text("endpoint"),
        "azure_storage_authority_host": None if store.mode == "ambient" else _AUTHORITY,
        "azure_storage_use_emulator": "true" if emulator else "false",
        "azure_use_fabric_endpoint": "true" if store.url.kind == "onelake" else "false",
        "azure_skip_signature": "true" if store.mode == "anonymous" else "false",
        "allow_http": "true" if emulator or store.is_on("allow_http") else "false",
    }
    return {name: value for name, value in given.items() if value is not None}


def _lead_to(address: str, store: Resolved) -> None:
    """Sets the environment variable from which alone the engines take an emulator's address."""
    is_as_we_left_it = os.environ.get(_EMULATOR_VARIABLE) == _led_to.get(_EMULATOR_VARIABLE, "")
    if is_as_we_left_it and os.environ[_EMULATOR_VARIABLE] != address:
        raise StoreOptionValueError(
            f"`emulator` of `{store.url}` is another than that of a store of the same process",
            hint="use one emulator in a process: the engines know of one alone",
        )
    os.environ[_EMULATOR_VARIABLE] = _led_to[_EMULATOR_VARIABLE] = address


def filesystem(store: Resolved) -> AbstractFileSystem:
    """A client of adlfs."""
    # an extra, and it takes a second to import
    from azure.storage.blob.aio import ExponentialRetry

    from flowforge_assets.storage.azure_files import AzureFiles  # as above

    return AzureFiles(
        account_name=account_of(store),
        account_url=_account_url(store),
        credential=_credential(store),
        limits={
            "connection_timeout": store.connect_seconds,
            "read_timeout": store.timeout_seconds,
            # Azure's own waits 15 seconds and more before it tries again
            "retry_policy": ExponentialRetry(
                initial_backoff=0, increment_base=2, retry_total=store.max_retries
            ),
        },
        skip_instance_cache=True,
        use_listings_cache=False,
    )


def _account_url(store: Resolved) -> str:
    account = account_of(store)
    emulator = store.text("emulator")
    if emulator is not None:
        return f"{emulator.rstrip('/')}/{account}"
    if store.url.kind == "onelake":
        return f"https://{account}.blob.fabric.microsoft.com"
    return store.text("endpoint") or f"https://{account}.blob.core.windows.net"


def _account_key(store: Resolved) -> str | None:
    key = store.text("account_key")
    others = any(store.text(name) for name in ("sas_token", "client_secret"))
    is_emulated = store.text("emulator") is not None and store.mode == "explicit"
    return _EMULATED_KEY if key is None and is_emulated and not others else key


def _sas(store: Resolved) -> str | None:
    sas = store.text("sas_token")
    return None if sas is None else sas.removeprefix("?")


def _credential(store: Resolved) -> AzureCredential:
    """What Azure's own client takes as a credential."""
    if store.mode == "anonymous":
        return None
    # come with adlfs
    from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential
    from azure.identity.aio import ClientSecretCredential, DefaultAzureCredential

    from flowforge_assets.storage.azure_files import GivenToken  # as above

    key, sas, token = _account_key(store), _sas(store), store.text("token")
    if store.mode == "ambient":
        return DefaultAzureCredential()
    if key is not None:
        return AzureNamedKeyCredential(account_of(store), key)
    if sas is not None:
        return AzureSasCredential(sas)
    if token is not None:
        return GivenToken(token)
    return ClientSecretCredential(
        tenant_id=store.text("tenant_id") or "",
        client_id=store.text("client_id") or "",
        client_secret=store.text("client_secret") or "",
        authority=_AUTHORITY,
    )

"""adlfs with the client that we make: it would look into the environment, and knows no limits."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self, TypeAlias

from adlfs import AzureBlobFileSystem
from azure.core.credentials import AccessToken, AzureNamedKeyCredential, AzureSasCredential
from azure.core.credentials_async import AsyncTokenCredential
from azure.storage.blob.aio import BlobServiceClient

AzureCredential: TypeAlias = (
    AzureNamedKeyCredential | AzureSasCredential | AsyncTokenCredential | None
)

_NOTHING: Final = object()


@dataclass(frozen=True, slots=True)
class GivenToken:
    """A bearer token that someone else fetched; it is used for as long as it is good."""

    token: str = field(repr=False)

    async def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
        """The token; whether it has expired the service says."""
        return AccessToken(self.token, int(time.time()) + 3600)

    async def close(self) -> None:
        """Nothing is open."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Nothing is open."""


class AzureFiles(AzureBlobFileSystem):
    """The files of one storage account, by the one credential that is given."""

    def __init__(
        self,
        *,
        account_name: str,
        account_url: str,
        credential: AzureCredential,
        limits: Mapping[str, Any],  # keyword arguments of Azure's client, which lists none
        **options: object,
    ) -> None:
        self._given = (account_url, credential, limits)
        # a credential of any kind keeps adlfs from making one of the environment's
        super().__init__(account_name=account_name, credential=_NOTHING, anon=True, **options)

    def do_connect(self) -> None:
        """Makes the client; whatever adlfs found in the environment is put aside."""
        self.account_url, credential, limits = self._given
        self.account_key = self.connection_string = self.sas_token = None
        self.credential = credential if isinstance(credential, AsyncTokenCredential) else None
        self.service_client = BlobServiceClient(self.account_url, credential=credential, **limits)

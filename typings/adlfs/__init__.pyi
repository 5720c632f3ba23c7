# What we use of adlfs, which comes without types.

from fsspec.asyn import AsyncFileSystem

class AzureBlobFileSystem(AsyncFileSystem):
    account_name: str | None
    account_key: str | None
    account_url: str
    connection_string: str | None
    credential: object
    sync_credential: object
    sas_token: str | None
    service_client: object
    def do_connect(self) -> None: ...

"""Environment variables that engines would use beside, or instead of, the credentials given.

The engines fill every option that they are not told from the environment. Most are told; these
few have no value that means nothing, so a run that finds one set does not start.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from flowforge_assets.errors.stores import StrayVariableError

if TYPE_CHECKING:
    from flowforge_assets.storage.resolved import Resolved

_SESSION: Final = ("AWS_SESSION_TOKEN", "AWS_TOKEN", "SESSION_TOKEN", "TOKEN")
_OTHER_COMMITS: Final = ("AWS_S3_LOCKING_PROVIDER",)
_OTHER_LOOKUP: Final = (*_OTHER_COMMITS, "AWS_FORCE_CREDENTIAL_LOAD")
_BEARER: Final = ("AZURE_STORAGE_TOKEN",)
_ACCOUNT: Final = (
    "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_ACCESS_KEY",
    "AZURE_STORAGE_MASTER_KEY",
    "ACCOUNT_KEY",
    "ACCESS_KEY",
    "MASTER_KEY",
)
_FEDERATED: Final = ("AZURE_FEDERATED_TOKEN_FILE", "FEDERATED_TOKEN_FILE")
_AZURE_PLACE: Final = ("AZURE_ENDPOINT", "AZURE_STORAGE_ENDPOINT")
_GOOGLE: Final = (
    "GOOGLE_SERVICE_ACCOUNT",
    "GOOGLE_SERVICE_ACCOUNT_PATH",
    "SERVICE_ACCOUNT",
    "SERVICE_ACCOUNT_PATH",
)


def refuse_stray_variables(store: Resolved) -> None:
    """Refuses an environment in which an engine would use other credentials than those given.

    Raises:
        StrayVariableError: such a variable is set (FF-653).
    """
    wanted = {name.upper() for name in _stray(store)}
    # deltalake reads names in any case
    found = sorted(name for name, value in os.environ.items() if value and name.upper() in wanted)
    if found:
        message = f"`{found[0]}` is set, and would be used beside the credentials of `{store.url}`"
        hint = f"start with `env -u {found[0]} flowforge ...`"
        if found[0].upper() not in _OTHER_COMMITS:
            hint += ", give the option that it stands for, or say `ambient = true`"
        raise StrayVariableError(message, hint=hint)


def _stray(store: Resolved) -> tuple[str, ...]:
    """The variables that would matter to this store."""
    kind, given = store.url.kind, store.values
    if kind == "s3" and store.mode != "explicit":
        return _OTHER_COMMITS  # a writer that locks elsewhere and one that does not meet unawares
    if store.mode == "ambient" or (store.mode == "anonymous" and kind != "gcs"):
        return ()
    match kind:
        case "s3":
            return _OTHER_LOOKUP if "session_token" in given else (*_OTHER_LOOKUP, *_SESSION)
        case "azure" | "onelake":
            place = () if {"endpoint", "emulator"} & set(given) else _AZURE_PLACE
            bearer = () if "token" in given else _BEARER
            has_key = "account_key" in given or "emulator" in given
            account = () if has_key or "token" in given else _ACCOUNT
            federated = _FEDERATED if "client_secret" in given else ()
            return (*place, *bearer, *account, *federated)
        case "gcs":
            return _GOOGLE
        case _:
            return ()

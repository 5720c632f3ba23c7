"""URLs of remote stores: which kind of store one names, and what stands in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from flowforge_assets.errors.storage import BadLocationError

StoreKind: TypeAlias = Literal["s3", "azure", "onelake", "gcs", "other"]

_SCHEMES: Final[dict[str, tuple[StoreKind, str]]] = {
    "s3": ("s3", "s3"),
    "s3a": ("s3", "s3"),
    "gs": ("gcs", "gs"),
    "gcs": ("gcs", "gs"),
    "az": ("azure", "az"),
    "abfs": ("azure", "abfs"),
    "abfss": ("azure", "abfss"),
}
"""The kind of each scheme, and the scheme that every engine knows for it."""

_NO_STORES: Final = frozenset(
    """adl arrow_hdfs async_wrapper asynclocal asyncwrapper blockcache cached dask data dir dvc
    file filecache generic gist git github jlab jupyter libarchive local memory pyscript
    reference simplecache tar wandb zip""".split()  # noqa: SIM905 - a list would be one a line
)
"""fsspec's protocols that cannot be written, or that are a view of another place."""

_FABRIC: Final = ".fabric.microsoft.com"
_PREFIX: Final = re.compile(r"[A-Za-z0-9!$&'()+,;=@._ ~-]+(/[A-Za-z0-9!$&'()+,;=@._ ~-]+)*")


@dataclass(frozen=True, slots=True)
class RemoteUrl:
    """A remote URL in parts; its text is how every engine takes it.

    `bucket` is the container of Azure, the workspace of OneLake, the host of other protocols.
    `host` is the account's, where an Azure URL names one.
    """

    kind: StoreKind
    scheme: str
    bucket: str
    prefix: str = ""
    host: str = ""

    @property
    def account(self) -> str | None:
        """The storage account that the URL itself names."""
        return self.host.partition(".")[0] or None

    def __str__(self) -> str:
        """`s3://bucket/prefix`, without a slash at its end."""
        place = f"{self.bucket}@{self.host}" if self.host else self.bucket
        return f"{self.scheme}://{place}" + (f"/{self.prefix}" if self.prefix else "")


def is_remote(text: str) -> bool:
    """Whether `text` is a URL, and neither `file://` nor `memory://`."""
    scheme, separator, _ = text.partition("://")
    return bool(separator) and scheme not in {"file", "memory"}


def parse_remote_url(text: str) -> RemoteUrl:
    """The parts of a remote URL.

    Raises:
        BadLocationError: it is of no kind that is known, or holds what a place may not: a
            password, a query, characters that mean something else in a URL (FF-601).
    """
    scheme, _, rest = text.partition("://")
    kind, written = _SCHEMES.get(scheme) or ("other", scheme)
    if kind == "other":
        _refuse_unknown(scheme)
    place, _, prefix = rest.partition("/")
    prefix = prefix.rstrip("/")
    if any(mark in text for mark in "?#"):
        message = f"the `{scheme}://` URL of a store has a query or a fragment"
        hint = "end it with the folder; what a client needs stands beside it as options"
        raise BadLocationError(message, hint=hint)
    user, at, host = place.rpartition("@")
    if kind == "azure" and at and ":" not in user:
        return _azure(written, user, host, prefix)
    if at:
        message = f"the `{scheme}://` URL of a store holds a user or a password"
        hint = 'write them as options: `username = "..."`, `password = { env = "NAME" }`'
        raise BadLocationError(message, hint=hint)
    return _checked(RemoteUrl(kind, written, place, prefix), text)


def _azure(scheme: str, container: str, host: str, prefix: str) -> RemoteUrl:
    shown = f"{scheme}://{container}@{host}"
    if host.endswith(_FABRIC):
        scheme = "abfss"
        if "/" not in prefix and not prefix.endswith((".Lakehouse", ".Warehouse")):
            message = f"`{shown}` names no item of its OneLake workspace"
            raise BadLocationError(message, hint="add it: `/shop.Lakehouse/Files/lake`")
    elif scheme == "az" or not host.endswith((".dfs.core.windows.net", ".blob.core.windows.net")):
        message = f"`{shown}` is no account of Azure's storage"
        hint = "write `abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/FOLDER`"
        raise BadLocationError(message, hint=hint)
    kind: StoreKind = "onelake" if host.endswith(_FABRIC) else "azure"
    return _checked(RemoteUrl(kind, scheme, container, prefix, host), shown)


def _checked(url: RemoteUrl, text: str) -> RemoteUrl:
    if not url.bucket:
        message = f"the `{url.scheme}://` URL of a store names no bucket or host"
        raise BadLocationError(message, hint=f"write `{url.scheme}://NAME/FOLDER`")
    parts = url.prefix.split("/")
    if url.prefix and (not _PREFIX.fullmatch(url.prefix) or {".", ".."} & set(parts)):
        message = f"the folder of `{text}` has parts or characters that a URL gives a meaning"
        hint = "use letters, digits, `-`, `_`, `.`, `=` and single `/`"
        raise BadLocationError(message, hint=hint)
    return url


def _refuse_unknown(scheme: str) -> None:
    # fsspec takes 100 ms to import, and only protocols of strangers are asked for
    from fsspec import available_protocols, registry

    if scheme in {"http", "https"}:
        message = f"a store at `{scheme}://` cannot be written"
        hint = "write the bucket's own URL, such as `abfss://CONTAINER@ACCOUNT...` or `s3://NAME`"
        raise BadLocationError(message, hint=hint)
    if scheme not in {*available_protocols(), *registry} or scheme in _NO_STORES:
        message = f"`{scheme}://` is no kind of store"
        hint = "write a folder, `s3://`, `abfss://`, `gs://`, or a protocol that fsspec knows"
        raise BadLocationError(message, hint=hint)

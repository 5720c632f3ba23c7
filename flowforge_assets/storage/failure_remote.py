"""What clients of remote stores throw, as coded errors.

They agree in little but the words of the service, so the text is asked: of the error and of those
that it came from. A signed URL may hold a secret, so no query of a URL is repeated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from flowforge_assets.errors.storage import DiskFullError, NoAccessError, UnreachableError
from flowforge_assets.errors.stores import NoBucketError, StoreBusyError, WrongCredentialsError

if TYPE_CHECKING:
    from flowforge_assets.core.key import DatasetKey
    from flowforge_assets.errors.storage import StorageError

LOOKING: Final = "while looking at the files that were written"
"""The note of an error that is no fault of what the rows come from."""
_LONGEST: Final = 300
# The codes are those of the services' references: Amazon S3 "Error responses", Azure Storage
# "Common REST API error codes" and "Blob service error codes", Google Cloud Storage "HTTP status
# and error codes" (as of 2026-11).
_CREDENTIALS: Final = re.compile(
    r"InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken|TokenRefreshRequired"
    r"|AuthenticationFailed|InvalidAuthenticationInfo|AuthorizationHeaderMalformed"
    r"|NoAuthenticationInformation|invalid_grant|invalid_client|invalid_request|AADSTS\d+"
    r"|InvalidCredentials|Invalid Credentials|Unauthenticated|UNAUTHENTICATED|Unauthorized"
    r"|Server failed to authenticate|Invalid base64|Incorrect padding|401 "
)
_NO_IDENTITY: Final = re.compile(
    r"NoCredentialsError|DefaultCredentialsError|CredentialUnavailableError|DefaultAzureCredential"
)
_NO_BUCKET: Final = re.compile(
    r"NoSuchBucket|bucket does not exist|ContainerNotFound|container does not exist"
    r"|FilesystemNotFound|The specified bucket|AccountNotFound|ResourceNotFound.*account",
    re.IGNORECASE,
)
_DENIED: Final = re.compile(
    r"AccessDenied|Access Denied|AuthorizationPermissionMismatch|AuthorizationFailure"
    r"|InsufficientAccountPermissions|Forbidden|\b403\b|does not have storage\."
)
_BUSY: Final = re.compile(
    r"SlowDown|ServerBusy|TooManyRequests|Too Many Requests|rateLimitExceeded|RequestLimitExceeded"
    r"|OperationTimedOut|ThrottlingException|reduce your request rate|\b(?:429|503)\b",
)
_FULL: Final = re.compile(r"QuotaExceeded|quota exceeded|InsufficientStorage|\b507\b")
_UNREACHED: Final = re.compile(
    r"error sending request|connect|timed? ?out|dns|reset by peer|broken pipe|closed"
    r"|incomplete|IncompleteRead|EOF|Name or service|resolve|unreachable|\b50[024]\b"
    r"|InternalError|error decoding response body|request or response body error|ssl|certificate"
    r"|Max retries|ClientPayload|ServerDisconnected|body",
    re.IGNORECASE,
)
_CLIENTS: Final = frozenset(
    ["aiobotocore", "aiohttp", "azure", "botocore", "fsspec", "gcsfs", "google", "s3fs", "adlfs",
     "deltalake", "_internal", "polars", "requests", "urllib3", "asyncio", "ssl"]
)  # fmt: skip


def as_remote_error(error: BaseException, key: DatasetKey, place: str) -> StorageError | None:
    """`error` as one that tells what is wrong with the store, or None when it tells nothing."""
    if not _is_clients(error):
        return None
    said = "\n".join(_texts(error))
    shown, at = shown_text(error), f"`{key}` at `{place}`"
    if _NO_IDENTITY.search(said):
        return no_identity(at)
    if _CREDENTIALS.search(said):
        message = f"the store of {at} does not take the credentials: {shown}"
        hint = "see that its options refer to the key, the secret and the token of today"
        return WrongCredentialsError(message, hint=hint)
    if _NO_BUCKET.search(said):
        message = f"the bucket of {at} is not there"
        return NoBucketError(message, hint="mend the store's `url`, or make the bucket")
    if isinstance(error, PermissionError) or _DENIED.search(said):
        message = f"{at} may not be read or written with these credentials: {shown}"
        hint = "give them the rights to read, list, write and delete below that prefix"
        return NoAccessError(message, hint=hint)
    if _BUSY.search(said):
        message = f"the store of {at} asked to slow down: {shown}"
        hint = "run again later or with fewer workers, or raise the store's `max_retries`"
        return StoreBusyError(message, hint=hint)
    if _FULL.search(said):
        message = f"there is no space left for {at}"
        return DiskFullError(message, hint="free some space or raise the quota, then run again")
    if isinstance(error, FileNotFoundError):
        return None
    if isinstance(error, (ConnectionError, TimeoutError)) or _UNREACHED.search(said):
        message = f"the store of {at} could not be reached: {shown}"
        hint = "see that its endpoint is right and answers, then run again"
        return UnreachableError(message, hint=hint)
    return None


def no_identity(at: str) -> WrongCredentialsError:
    """The error for `ambient` where a machine has no identity; `at` is what was asked for."""
    message = f"this machine has no identity for the store of {at}"
    hint = "`ambient = true` is for machines that have one: give credentials by reference"
    return WrongCredentialsError(message, hint=hint)


def is_of_write(error: BaseException) -> bool:
    """Whether it is the request of a write that failed, or a look at what was written."""
    if LOOKING in getattr(error, "__notes__", ()):
        return True
    return any(re.search(r"performing (?:PUT|POST|DELETE)", text) for text in _texts(error))


def shown_text(error: BaseException) -> str:
    """What an error says, in one line, without colours and without queries of URLs."""
    text = re.sub(r"\x1b\[[0-9;]*m|↳|<\?xml.*?\?>", " ", str(error))
    # how Azure's client ends what it says: ids of the request, and the answer as it came
    text = re.sub(r"\b(?:RequestId|Time):\S+|\bContent:\s*<.*", " ", text, flags=re.DOTALL)
    text = re.sub(r"(https?://[^\s?\"'<>]*)\?[^\s\"'<>]*", r"\1", text)
    text = " ".join(text.split()) or type(error).__name__
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _texts(error: BaseException) -> Iterator[str]:
    """What an error says, and what those say that it came from."""
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        yield f"{type(at).__name__}: {at}"
        at = at.__cause__ or at.__context__


def _is_clients(error: BaseException) -> bool:
    """Whether a client of stores, or the system for it, threw the error."""
    module = type(error).__module__.partition(".")[0]
    return isinstance(error, OSError) or module in _CLIENTS

"""The database of a Prefect server: PostgreSQL, whose URL stands in an environment variable."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from flowforge_assets.errors.deploy import ServerDatabaseError
from flowforge_assets.storage.secrets import Reference, resolve

SETTING: Final = "PREFECT_SERVER_DATABASE_CONNECTION_URL"
_SCHEMES: Final = frozenset({"postgres", "postgresql", "postgresql+asyncpg"})
# What libpq calls it, and the driver that Prefect uses (asyncpg 0.32, "connect").
_RENAMED: Final = {"sslmode": "ssl"}


def database_setting(variable: str) -> dict[str, str]:
    """The setting of Prefect for the database whose URL the environment variable holds.

    The URL may be one for other programs, such as that of a ledger: the driver is put in.

    Raises:
        SecretMissingError: the variable is not set (FF-650).
        ServerDatabaseError: it holds no URL of PostgreSQL (FF-888).
    """
    url = resolve(Reference("env", variable)).reveal()
    try:
        parts = urlsplit(url)
    except ValueError:
        raise _no_url(variable) from None  # its message may hold the password
    if parts.scheme not in _SCHEMES or parts.fragment:
        raise _no_url(variable)
    given = parse_qsl(parts.query, keep_blank_values=True)
    query = urlencode([(_RENAMED.get(name, name), value) for name, value in given])
    return {SETTING: f"postgresql+asyncpg://{parts.netloc}{parts.path}{query and '?' + query}"}


def _no_url(variable: str) -> ServerDatabaseError:
    message = f"`{variable}` holds no URL of PostgreSQL"
    hint = (
        "set it to `postgresql://user:password@host/database`; write `#`, `[`, `/` and `@` of a "
        "password as `%23`, `%5B`, `%2F` and `%40`"
    )
    return ServerDatabaseError(message, hint=hint)

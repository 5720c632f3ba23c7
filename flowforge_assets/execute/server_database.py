"""The database of a Prefect server: PostgreSQL, whose URL stands in an environment variable."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from flowforge_assets.errors.deploy import ServerDatabaseError
from flowforge_assets.storage.secrets import Reference, resolve

SETTING: Final = "PREFECT_SERVER_DATABASE_CONNECTION_URL"
_SCHEMES: Final = frozenset({"postgres", "postgresql", "postgresql+asyncpg"})
# What a URL may set, and what the driver that Prefect uses calls it (asyncpg 0.32, "connect"). What
# else libpq knows it refuses when the server starts.
_NAMES: Final = {"sslmode": "ssl", "ssl": "ssl", "host": "host", "port": "port"}


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
    unknown = [name for name, _ in given if name not in _NAMES]
    if unknown:
        message = f"`{variable}` sets `{unknown[0]}`, which Prefect's driver does not know"
        raise ServerDatabaseError(message, hint=f"of a URL's settings it takes {', '.join(_NAMES)}")
    query = urlencode([(_NAMES[name], value) for name, value in given])
    return {SETTING: f"postgresql+asyncpg://{parts.netloc}{parts.path}{query and '?' + query}"}


def _no_url(variable: str) -> ServerDatabaseError:
    message = f"`{variable}` holds no URL of PostgreSQL"
    hint = (
        "set it to `postgresql://user:password@host/database`; write `#`, `[`, `/` and `@` of a "
        "password as `%23`, `%5B`, `%2F` and `%40`"
    )
    return ServerDatabaseError(message, hint=hint)

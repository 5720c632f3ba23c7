"""PostgreSQL for ledgers: one server a test run, a schema of its own a test."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from flowforge_assets.record.database import PostgresPlace
from postgres_server import postgres_server

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """How the server of this test run is reached, by a socket in its folder."""
    with postgres_server() as url:
        yield url


@pytest.fixture
def postgres_place(postgres_url: str) -> PostgresPlace:
    """A schema that nobody has made yet."""
    return PostgresPlace(postgres_url, f"ledger_{next(_numbers)}")

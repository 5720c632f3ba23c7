from __future__ import annotations

from collections.abc import Iterator

import pytest

from evidence_engines import (
    DuckdbEngine,
    Engine,
    PipedEngine,
    PostgresEngine,
    duckdb_reference,
    fakesnow,
    googlesql,
    postgres,
)
from hostile_rows import HOSTILE
from idiom_rows import IDIOM_TABLES
from postgres_server import postgres_server
from small_rows import SMALL

_TABLES = {**SMALL, **HOSTILE, **IDIOM_TABLES}


@pytest.fixture(scope="session")
def reference() -> Iterator[DuckdbEngine]:
    """DuckDB with the tables."""
    with duckdb_reference() as engine:
        engine.enter(_TABLES)
        yield engine


@pytest.fixture(scope="session")
def bigquery_engine() -> Iterator[PipedEngine]:
    with googlesql() as engine:
        engine.enter(_TABLES)
        yield engine


@pytest.fixture(scope="session")
def snowflake_engine() -> Iterator[PipedEngine]:
    with fakesnow() as engine:
        engine.enter(_TABLES)
        yield engine


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    with postgres_server() as dsn:
        yield dsn


@pytest.fixture(scope="session")
def postgres_engine(postgres_dsn: str) -> Iterator[PostgresEngine]:
    with postgres(postgres_dsn, "evidence") as engine:
        engine.enter(_TABLES)
        yield engine


@pytest.fixture
def engine(request: pytest.FixtureRequest, target: str) -> Engine:
    """The engine that stands for a target, with the tables."""
    name = "postgres" if target == "redshift" else target
    found: Engine = request.getfixturevalue(f"{name}_engine")
    return found

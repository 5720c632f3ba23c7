"""Warehouses on this machine: one server of each a worker, a place in it a test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from bigquery_proxy import bigquery_proxy
from child_server import child_server, free_port, wait_for_port
from postgres_server import postgres_server
from redshift_proxy import redshift_proxy
from warehouse_places import WarehousePlace

_HERE = Path(__file__).parent
_numbers = count(1)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Lets the tests of this folder reach servers on this machine."""
    for item in items:
        if item.path.parent == _HERE:
            item.add_marker(pytest.mark.emulator)


@pytest.fixture(scope="session")
def postgres_port() -> Iterator[int]:
    port = free_port()
    with postgres_server(port=port):
        yield port


# One for each file: after many sessions that end in the middle of a statement, fakesnow hangs.
@pytest.fixture(scope="module")
def snowflake_port() -> Iterator[int]:
    folder, port = Path(sys.prefix) / "fakesnow", free_port()
    sys.path.append(str(folder))  # the client lies there too, behind all that we have
    child = [sys.executable, "-S", str(_HERE / "snowflake_server.py"), str(folder), str(port)]
    with child_server(child) as process:
        wait_for_port(port, process)
        yield port


@pytest.fixture
def snowflake(snowflake_port: int) -> WarehousePlace:
    options = {
        "account": "fakesnow",
        "host": "127.0.0.1",
        "port": snowflake_port,
        "protocol": "http",
        "user": "fake",
        "password": "snow",
        "database": "DB1",
    }
    return WarehousePlace("snowflake", options, f"t{next(_numbers)}_")


@pytest.fixture(scope="session")
def bigquery_port() -> Iterator[int]:
    folder, port = Path(sys.prefix) / "bigquery", free_port()
    sys.path.append(str(folder))  # the client lies there too, behind all that we have
    server = str(_HERE / "bigquery_server.py")
    child = [sys.executable, "-S", server, str(folder), str(port), str(free_port())]
    with child_server(child) as process:
        wait_for_port(port, process)
        with bigquery_proxy(port) as proxy:
            yield proxy


@pytest.fixture
def bigquery(bigquery_port: int) -> WarehousePlace:
    options = {
        "project": "proj",
        "endpoint": f"http://127.0.0.1:{bigquery_port}",
        "anonymous": True,
        "timeout_seconds": 60,
    }
    return WarehousePlace("bigquery", options, f"t{next(_numbers)}_")


@pytest.fixture(scope="session")
def redshift_port(postgres_port: int) -> Iterator[int]:
    sys.path.append(str(Path(sys.prefix) / "redshift"))  # the client, behind all that we have
    with redshift_proxy(postgres_port) as port:
        yield port


@pytest.fixture
def redshift(redshift_port: int) -> WarehousePlace:
    options = {
        "host": "127.0.0.1",
        "port": redshift_port,
        "database": "postgres",
        "user": "postgres",
        "password": "secret-word",
        "ssl": False,
    }
    return WarehousePlace("redshift", options, f"t{next(_numbers)}_")


@pytest.fixture
def postgres(postgres_port: int) -> WarehousePlace:
    options = {
        "host": "127.0.0.1",
        "port": postgres_port,
        "database": "postgres",
        "user": "postgres",
        "sslmode": "disable",
    }
    return WarehousePlace("postgres", options, f"t{next(_numbers)}_")

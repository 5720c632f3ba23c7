"""Fixtures: servers on this machine that stand for the stores of clouds.

Each server starts when the first test of a worker asks for it, and ends with the worker. A test
gets an empty place in it (`StorePlace`), and the mark `emulator`, which lets it reach this machine;
one that asks by `request.getfixturevalue` has to be marked by hand.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

import pytest

from azurite_server import AZURE_ACCOUNT, AZURE_KEY, azurite_server
from child_server import child_server, free_port, wait_for_port
from fault_proxy import FaultProxy
from s3_signature import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from store_place import OptionValue, StorePlace, empty_place
from store_servers import store_servers

BUCKET = "lake"
REGION = "us-east-1"
EMULATORS = ("moto_s3", "ministack_s3", "unsafe_s3", "azurite", "gcs", "gcs_json")
_VARIABLE = "FLOWFORGE_TEST_SECRET"  # which holds the secret


def pytest_configure() -> None:
    """Keeps gcsfs from asking Google itself what kind a bucket is, whatever the endpoint."""
    os.environ["GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT"] = "false"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests that ask for an emulator."""
    for item in items:
        if set(EMULATORS) & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.emulator)


@pytest.fixture(scope="session")
def store_ports() -> Iterator[Mapping[str, int]]:
    """The ports of S3, unsafe S3 and GCS, by name."""
    with store_servers(BUCKET) as ports:
        yield ports


@pytest.fixture
def moto_s3(store_ports: Mapping[str, int], monkeypatch: pytest.MonkeyPatch) -> StorePlace:
    """A place in moto's S3, which checks signatures; below `forbidden/` nothing is allowed."""
    return _s3_place(store_ports["s3"], monkeypatch)


@pytest.fixture
def unsafe_s3(store_ports: Mapping[str, int], monkeypatch: pytest.MonkeyPatch) -> StorePlace:
    """A place in an S3 that takes no notice of conditional puts."""
    return _s3_place(store_ports["unsafe_s3"], monkeypatch)


@pytest.fixture
def gcs(store_ports: Mapping[str, int]) -> StorePlace:
    """A place in Google Cloud Storage, for files and engines."""
    return _gcs_place(store_ports["gcs"])


@pytest.fixture(scope="session")
def ministack_port() -> Iterator[int]:
    """The port of ministack, which has the bucket."""
    port = free_port()
    environment = {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "LOG_LEVEL": "WARNING",
        "SERVICES": "s3",
    }
    command = [str(Path(sys.executable).parent / "ministack")]
    with child_server(command, environment=environment) as process:
        wait_for_port(port, process)
        connection = HTTPConnection("127.0.0.1", port)
        connection.request("PUT", f"/{BUCKET}")
        with connection.getresponse() as response:
            assert response.status == HTTPStatus.OK
        connection.close()
        yield port


@pytest.fixture
def ministack_s3(ministack_port: int, monkeypatch: pytest.MonkeyPatch) -> StorePlace:
    """A place in ministack's S3."""
    return _s3_place(ministack_port, monkeypatch)


@pytest.fixture(scope="session")
def azurite_port() -> Iterator[int]:
    """The port of Azurite, which has the container."""
    with azurite_server(BUCKET) as port:
        yield port


@pytest.fixture
def azurite(azurite_port: int, monkeypatch: pytest.MonkeyPatch) -> StorePlace:
    """A place in Azurite's Blob Storage."""
    monkeypatch.setenv(_VARIABLE, AZURE_KEY)
    endpoint = f"http://127.0.0.1:{azurite_port}"
    # the engines' client takes the emulator's address from nowhere else
    # set by who opens a store; what it was before comes back after the test
    monkeypatch.setenv("AZURITE_BLOB_STORAGE_URL", endpoint)
    monkeypatch.delenv("AZURITE_BLOB_STORAGE_URL")
    options: dict[str, OptionValue] = {
        "account": AZURE_ACCOUNT,
        "account_key": {"env": _VARIABLE},
        "emulator": endpoint,
        "allow_http": True,
    }
    return empty_place(f"az://{BUCKET}", options, endpoint)


@pytest.fixture(scope="session")
def gcs_json_port() -> Iterator[int]:
    """The port of gcp-storage-emulator, which has the bucket."""
    port = free_port()
    command = [
        str(Path(sys.executable).parent / "gcp-storage-emulator"),
        *("start", "--host=127.0.0.1", f"--port={port}", "--in-memory"),
        f"--default-bucket={BUCKET}",
    ]
    with child_server(command) as process:
        wait_for_port(port, process)
        yield port


@pytest.fixture
def gcs_json(gcs_json_port: int) -> StorePlace:
    """A place in a GCS for files only: it has no XML API, and ignores `ifGenerationMatch`."""
    return _gcs_place(gcs_json_port)


@pytest.fixture
def fault_proxy() -> Iterator[Callable[[StorePlace], FaultProxy]]:
    """Makes proxies before the server of a place; `place.through(proxy.url)` goes by one."""
    proxies: list[FaultProxy] = []

    def before(place: StorePlace) -> FaultProxy:
        proxies.append(FaultProxy(place.endpoint))
        return proxies[-1]

    yield before
    for proxy in proxies:
        proxy.close()


def _s3_place(port: int, monkeypatch: pytest.MonkeyPatch) -> StorePlace:
    monkeypatch.setenv(_VARIABLE, SECRET_ACCESS_KEY)
    endpoint = f"http://127.0.0.1:{port}"
    options: dict[str, OptionValue] = {
        "region": REGION,
        "access_key_id": ACCESS_KEY_ID,
        "secret_access_key": {"env": _VARIABLE},
        "endpoint": endpoint,
        "allow_http": True,
    }
    return empty_place(f"s3://{BUCKET}", options, endpoint)


def _gcs_place(port: int) -> StorePlace:
    endpoint = f"http://127.0.0.1:{port}"
    options: dict[str, OptionValue] = {
        "anonymous": True,
        "project": "tests",
        "endpoint": endpoint,
        "allow_http": True,
    }
    return empty_place(f"gs://{BUCKET}", options, endpoint)

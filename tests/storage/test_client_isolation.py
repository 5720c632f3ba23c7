"""Clients with credentials of their own use no others, whatever this machine has."""

from __future__ import annotations

import base64
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable

from flowforge_assets.storage.clients import delta_options, filesystem, polars_options, root_of
from flowforge_assets.storage.location import RemoteLocation
from flowforge_assets.storage.store_options import read_options
from request_recorder import Recorder, recorder

pytestmark = pytest.mark.emulator

KEY = {"env": "LAKE_KEY"}
CANARY = "CANARYCANARY"
GOOD = base64.b64encode(b"good").decode()
CASES: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "s3": ("s3://lake/shop", {"access_key_id": "GOODID", "secret_access_key": KEY}),
    "s3 anonymous": ("s3://lake/shop", {"anonymous": True}),
    "azure key": ("az://lake/shop", {"account": "acme", "account_key": KEY}),
    "azure anonymous": ("az://lake/shop", {"account": "acme", "anonymous": True}),
    "gcs anonymous": ("gs://lake/shop", {"anonymous": True}),
}
ELSEWHERE = [
    "AWS_ENDPOINT",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_METADATA_ENDPOINT",
    "AZURE_ENDPOINT",
    "AZURE_STORAGE_ENDPOINT",
    "AZURE_MSI_ENDPOINT",
    "MSI_ENDPOINT",
    "IDENTITY_ENDPOINT",
    "AZURE_AUTHORITY_HOST",
    "AZURITE_BLOB_STORAGE_URL",
    "GOOGLE_BASE_URL",
    "STORAGE_EMULATOR_HOST",
]
SECRETS = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_IAM_ROLE_ARN",
    "AWS_S3_ASSUME_ROLE_ARN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "IDENTITY_HEADER",
    "AZURE_STORAGE_ACCOUNT_NAME",
    "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_SAS_KEY",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_TENANT_ID",
    "AZURE_STORAGE_CLIENT_ID",
    "AZURE_STORAGE_CONNECTION_STRING",
]
SWITCHES = [
    "AWS_SKIP_SIGNATURE",
    "AWS_REQUEST_PAYER",
    "AZURE_SKIP_SIGNATURE",
    "AZURE_STORAGE_USE_EMULATOR",
    "AZURE_USE_FABRIC_ENDPOINT",
    "AZURE_USE_AZURE_CLI",
    "AZURE_STORAGE_ANON",
]


@pytest.fixture
def right() -> Iterator[Recorder]:
    """The server that the options name."""
    with recorder() as found:
        yield found


@pytest.fixture
def wrong() -> Iterator[Recorder]:
    """The server that the environment names."""
    with recorder() as found:
        yield found


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wrong: Recorder) -> Recorder:
    """Another account's credentials and places, in the environment and at home."""
    monkeypatch.setenv("LAKE_KEY", GOOD)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".aws").mkdir()
    keys = f"aws_access_key_id = {CANARY}\naws_secret_access_key = {CANARY}\n"
    profiles = f"[default]\n{keys}[{CANARY}]\n{keys}"
    (tmp_path / ".aws" / "credentials").write_text(profiles)
    (tmp_path / ".aws" / "config").write_text(f"[default]\nendpoint_url = {wrong.url}\n")
    for name in SECRETS:
        monkeypatch.setenv(name, base64.b64encode(CANARY.encode()).decode())
    monkeypatch.setenv("AWS_PROFILE", CANARY)
    for name in SWITCHES:
        monkeypatch.setenv(name, "true")
    for name in ELSEWHERE:
        monkeypatch.setenv(name, wrong.url)
    monkeypatch.setenv("AWS_REGION", "eu-canary-1")
    return wrong


def location(case: str, endpoint: str) -> RemoteLocation:
    url, raw = CASES[case]
    limits = {"max_retries": 0, "timeout_seconds": 5, "allow_http": True}
    return RemoteLocation(url, read_options(url, {**raw, **limits, "endpoint": endpoint}))


def read_by_fsspec(where: RemoteLocation) -> None:
    filesystem(where).cat_file(f"{root_of(where)}/file")


def put_by_fsspec(where: RemoteLocation) -> None:
    filesystem(where).pipe_file(f"{root_of(where)}/file", b"1", mode="create")


def read_by_delta(where: RemoteLocation) -> None:
    DeltaTable(f"{where.url}/table", storage_options=delta_options(where))


def read_by_polars(where: RemoteLocation) -> None:
    pl.scan_parquet(f"{where.url}/file.parquet", **polars_options(where)).collect()


def write_by_polars(where: RemoteLocation) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(f"{where.url}/new.parquet", **polars_options(where))


WAYS = [read_by_fsspec, put_by_fsspec, read_by_delta, read_by_polars, write_by_polars]
each_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)


@each_way
@pytest.mark.parametrize("case", CASES)
def test_only_the_given_place_is_asked_with_the_given_credentials(
    case: str, way: Callable[[RemoteLocation], None], right: Recorder, planted: Recorder
) -> None:
    with suppress(Exception):  # the server refuses all
        way(location(case, right.url))
    assert right.requests
    assert not planted.requests
    assert "canary" not in right.text.lower()
    assert not [each for each in right.requests if "x-amz-request-payer" in each.headers]
    signed = {"s3": "Credential=GOODID/", "azure key": "SharedKey acme:"}.get(case)
    for each in right.requests:
        found = each.headers.get("authorization")
        # polars signs an anonymous put to GCS with an empty token
        assert signed in found if signed and found else found in {None, "Bearer", "Bearer "}


@pytest.mark.parametrize(
    ("case", "way"),
    [
        *(("s3", way) for way in WAYS),
        *(("azure key", way) for way in WAYS),
        # gcsfs has six tries, whatever it is told; the others end at once
        *(("gcs anonymous", way) for way in WAYS if way is not put_by_fsspec),
    ],
)
def test_a_store_that_never_answers_is_given_up(
    case: str, way: Callable[[RemoteLocation], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKE_KEY", GOOD)
    url, raw = CASES[case]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        limits = {"max_retries": 0, "timeout_seconds": 0.2, "endpoint": endpoint}
        options = read_options(url, {**raw, **limits, "allow_http": True})
        with pytest.raises(Exception, match=r"(?i)time|^$|error sending|Kernel"):
            way(RemoteLocation(url, options))

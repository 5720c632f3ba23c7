"""One set of options for fsspec and for the engines: what each is told."""

from __future__ import annotations

import base64
import json
import logging
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from flowforge_assets.errors.stores import (
    BadSecretError,
    ClientMissingError,
    SecretMissingError,
    StoreOptionValueError,
    StrayVariableError,
)
from flowforge_assets.storage.clients import delta_options, filesystem, polars_options, root_of
from flowforge_assets.storage.location import RemoteLocation
from flowforge_assets.storage.store_options import read_options

if TYPE_CHECKING:
    from adlfs import AzureBlobFileSystem

KEY = {"env": "LAKE_KEY"}
VALUE = base64.b64encode(b"canary").decode()
S3 = {"region": "eu-central-1", "access_key_id": "AKIA", "secret_access_key": KEY}
OPEN = {"region": "eu-central-1", "anonymous": True}
AZURE = "abfss://lake@acme.dfs.core.windows.net/shop"
ONELAKE = "abfss://sales@onelake.dfs.fabric.microsoft.com/shop.Lakehouse/Files/lake"
SERVICE = {"tenant_id": "t", "client_id": "c", "client_secret": KEY}


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKE_KEY", VALUE)


def location(url: str, raw: Mapping[str, object]) -> RemoteLocation:
    return RemoteLocation(url, read_options(url, raw))


@pytest.mark.parametrize(
    ("url", "raw", "told"),
    [
        (
            "s3://lake/shop",
            S3,
            {
                "aws_access_key_id": "AKIA",
                "aws_secret_access_key": VALUE,
                "aws_region": "eu-central-1",
                "aws_endpoint_url": "https://lake.s3.eu-central-1.amazonaws.com",
                "aws_virtual_hosted_style_request": "true",
                "aws_allow_http": "false",
            },
        ),
        (
            "s3://lake.with.dots/shop",
            S3,
            {
                "aws_endpoint_url": "https://s3.eu-central-1.amazonaws.com",
                "aws_virtual_hosted_style_request": "false",
            },
        ),
        (
            "s3://lake",
            {**S3, "endpoint": "http://minio:9000", "allow_http": True, "session_token": KEY},
            {
                "aws_endpoint_url": "http://minio:9000",
                "aws_endpoint_url_s3": "http://minio:9000",
                "aws_virtual_hosted_style_request": "false",
                "aws_allow_http": "true",
                "aws_session_token": VALUE,
            },
        ),
        (
            "s3://lake",
            {**S3, "endpoint": "https://r2.example.com", "path_style": False},
            {"aws_endpoint_url": "https://lake.r2.example.com"},
        ),
        (
            "s3://lake",
            {"anonymous": True, "region": "cn-north-1", "path_style": True},
            {
                "aws_skip_signature": "true",
                "aws_endpoint_url": "https://s3.cn-north-1.amazonaws.com.cn",
            },
        ),
        (
            AZURE,
            {"account_key": KEY},
            {"azure_storage_account_name": "acme", "azure_storage_account_key": VALUE},
        ),
        (
            "az://lake/shop",
            {"account": "acme", "sas_token": KEY},
            {"azure_storage_account_name": "acme", "azure_storage_sas_key": VALUE},
        ),
        (
            AZURE,
            SERVICE,
            {
                "azure_storage_tenant_id": "t",
                "azure_storage_client_id": "c",
                "azure_storage_client_secret": VALUE,
                "azure_storage_authority_host": "https://login.microsoftonline.com",
                "azure_storage_use_emulator": "false",
            },
        ),
        (
            ONELAKE,
            {"token": KEY},
            {
                "azure_storage_account_name": "onelake",
                "azure_storage_token": VALUE,
                "azure_use_fabric_endpoint": "true",
            },
        ),
        (
            ONELAKE,
            SERVICE,
            {"azure_storage_client_secret": VALUE, "azure_use_fabric_endpoint": "true"},
        ),
        ("gs://lake", {"anonymous": True}, {"google_base_url": "https://storage.googleapis.com"}),
    ],
)
def test_engines_are_told_the_options_by_their_names(
    url: str, raw: Mapping[str, object], told: Mapping[str, str]
) -> None:
    where = location(url, raw)
    for_delta = delta_options(where)
    for_polars = polars_options(where)["storage_options"]
    assert {name: for_delta.get(name) for name in told} == told
    assert {name: for_polars.get(name) for name in told} == told
    assert all(isinstance(value, str) for value in for_delta.values())


def test_each_client_has_a_deadline_and_retries() -> None:
    raw = {**S3, "timeout_seconds": 7, "connect_timeout_seconds": 2, "max_retries": 1}
    where = location("s3://lake", raw)
    for_delta, for_polars = delta_options(where), polars_options(where)["storage_options"]
    assert for_delta["timeout"] == for_polars["timeout"] == "7.000s"
    assert for_delta["connect_timeout"] == for_polars["connect_timeout"] == "2.000s"
    assert (for_delta["max_retries"], for_delta["retry_timeout"]) == ("1", "14.000s")
    assert (for_polars["max_retries"], for_polars["retry_timeout_ms"]) == (1, 14000)
    given = _given(filesystem(where))
    assert given["config_kwargs"]["read_timeout"] == 7
    assert given["config_kwargs"]["retries"]["total_max_attempts"] == 2


@pytest.mark.parametrize(("mode", "provider"), [("ambient", "auto"), ("anonymous", None)])
def test_polars_looks_for_an_identity_only_where_it_may(mode: str, provider: str | None) -> None:
    where = location("s3://lake", {mode: True, "region": "us-east-1"})
    assert polars_options(where)["credential_provider"] == provider
    assert polars_options(location("s3://lake", S3))["credential_provider"] is None


def test_a_workload_identity_is_left_to_the_clients() -> None:
    told = delta_options(location("s3://lake", {"ambient": True}))
    assert not {name for name in told if "key" in name or "token" in name or "endpoint" in name}


def test_gcs_gets_its_key_with_the_endpoint_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    key = {"client_email": "a@b", "private_key": "x", "private_key_id": "y"}
    monkeypatch.setenv("LAKE_KEY", json.dumps(key))
    raw = {"service_account": KEY, "endpoint": "https://gcs.example.com"}
    told = delta_options(location("gs://lake", raw))
    assert json.loads(told["google_service_account_key"]) == {
        **key,
        "gcs_base_url": "https://gcs.example.com",
    }


@pytest.mark.parametrize("key", ["canary", "[1]", '{"client_email": "canary"}'])
def test_what_is_no_key_of_a_service_account_is_refused(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("LAKE_KEY", key)
    where = location("gs://lake", {"service_account": KEY})
    for make in (filesystem, delta_options, polars_options):
        with pytest.raises(BadSecretError, match="no JSON key") as caught:
            make(where)
        assert "canary" not in caught.value.render()


def test_a_private_key_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    key = {"client_email": "a@b", "private_key": "canary", "private_key_id": "y", "token_uri": "u"}
    monkeypatch.setenv("LAKE_KEY", json.dumps(key))
    with pytest.raises(BadSecretError, match="private key cannot be read") as caught:
        filesystem(location("gs://lake", {"service_account": KEY}))
    assert "canary" not in caught.value.render()


def test_adlfs_speaks_to_the_blob_endpoint_of_onelake() -> None:
    files = _azure(location(ONELAKE, {"token": KEY}))
    assert files.account_url == "https://onelake.blob.fabric.microsoft.com"
    assert files.account_name == "onelake"
    assert root_of(location(ONELAKE, {"token": KEY})) == "sales/shop.Lakehouse/Files/lake"


@pytest.mark.parametrize(
    ("url", "raw", "account_url"),
    [
        (AZURE, {"account_key": KEY}, "https://acme.blob.core.windows.net"),
        (AZURE, {"ambient": True}, "https://acme.blob.core.windows.net"),
        (AZURE, {"anonymous": True}, "https://acme.blob.core.windows.net"),
        (AZURE, SERVICE, "https://acme.blob.core.windows.net"),
        (
            "az://lake",
            {"emulator": "http://127.0.0.1:1"},
            "http://127.0.0.1:1/devstoreaccount1",
        ),
        (
            "az://lake",
            {"account": "a", "sas_token": KEY, "endpoint": "https://b.example.com"},
            "https://b.example.com",
        ),
    ],
)
def test_adlfs_speaks_to_the_blob_endpoint_of_the_account(
    url: str, raw: Mapping[str, object], account_url: str
) -> None:
    assert _azure(location(url, raw)).account_url == account_url


@pytest.mark.parametrize(
    ("url", "raw"),
    [
        ("s3://lake/shop", S3),
        (AZURE, {"account_key": KEY}),
        ("gs://lake/shop", {"anonymous": True}),
    ],
)
def test_clients_keep_no_listings_and_are_shared_with_nobody(
    url: str, raw: Mapping[str, object]
) -> None:
    one, other = filesystem(location(url, raw)), filesystem(location(url, raw))
    assert one is not other
    assert not one.dircache.use_listings_cache


def test_an_fsspec_path_has_no_slash_at_its_end() -> None:
    assert root_of(location("s3://lake/shop/", S3)) == "lake/shop"
    assert root_of(location("s3://lake", S3)) == "lake"
    assert root_of(location(AZURE, {"account_key": KEY})) == "lake/shop"
    assert root_of(location("ftp://host/lake/", {})) == "/lake"


def test_a_client_that_is_not_installed_is_named() -> None:
    with pytest.raises(ClientMissingError) as caught:
        location("sftp://host/lake", {"host": "x"})
    assert "paramiko" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("module", "url", "raw", "extra"),
    [
        ("s3fs", "s3://lake", S3, "s3"),
        ("flowforge_assets.storage.azure_files", AZURE, {"account_key": KEY}, "azure"),
        ("gcsfs.core", "gs://lake", {"anonymous": True}, "gcs"),
    ],
)
def test_an_extra_that_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch, module: str, url: str, raw: Mapping[str, object], extra: str
) -> None:
    monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(ClientMissingError) as caught:
        filesystem(location(url, raw))
    assert f"`pip install 'flowforge-assets[{extra}]'`" in (caught.value.hint or "")


def test_a_secret_that_is_not_there_is_met_before_any_client(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("LAKE_KEY")
    for make in (filesystem, delta_options, polars_options):
        with pytest.raises(SecretMissingError, match="`LAKE_KEY` is not set"):
            make(location("s3://lake", S3))


@pytest.mark.parametrize(
    ("address", "said"),
    [("http://minio:9000", "an `http://` URL"), ("https://me:canary@minio", "is no URL")],
)
def test_an_address_that_is_looked_up_is_held_against_the_same_rules(
    monkeypatch: pytest.MonkeyPatch, address: str, said: str
) -> None:
    monkeypatch.setenv("LAKE_ENDPOINT", address)
    where = location("s3://lake", {**S3, "endpoint": {"env": "LAKE_ENDPOINT"}})
    for make in (filesystem, delta_options, polars_options):
        with pytest.raises(StoreOptionValueError, match=said) as caught:
            make(where)
        assert "canary" not in caught.value.render()


def test_an_address_may_be_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKE_ENDPOINT", "http://minio:9000")
    raw = {**S3, "endpoint": {"env": "LAKE_ENDPOINT"}, "allow_http": True}
    assert delta_options(location("s3://lake", raw))["aws_endpoint_url"] == "http://minio:9000"


@pytest.mark.parametrize(
    ("url", "raw", "variable"),
    [
        ("s3://lake", S3, "AWS_SESSION_TOKEN"),
        ("s3://lake", S3, "token"),
        ("s3://lake", {**S3, "session_token": KEY}, "AWS_S3_LOCKING_PROVIDER"),
        ("s3://lake", {"ambient": True}, "AWS_S3_LOCKING_PROVIDER"),
        ("s3://lake", OPEN, "AWS_S3_LOCKING_PROVIDER"),
        (AZURE, {"sas_token": KEY}, "AZURE_STORAGE_ACCOUNT_KEY"),
        (AZURE, {"account_key": KEY}, "AZURE_STORAGE_TOKEN"),
        (AZURE, {"account_key": KEY}, "AZURE_ENDPOINT"),
        (AZURE, SERVICE, "AZURE_FEDERATED_TOKEN_FILE"),
        ("gs://lake", {"anonymous": True}, "GOOGLE_SERVICE_ACCOUNT"),
    ],
)
def test_an_environment_that_would_add_credentials_is_refused(
    monkeypatch: pytest.MonkeyPatch, url: str, raw: Mapping[str, object], variable: str
) -> None:
    monkeypatch.setenv(variable, "canary")
    for make in (filesystem, delta_options, polars_options):
        with pytest.raises(StrayVariableError, match=f"`{variable}` is set") as caught:
            make(location(url, raw))
        assert "canary" not in caught.value.render()


@pytest.mark.parametrize(
    ("url", "raw", "variable"),
    [
        ("s3://lake", {"ambient": True}, "AWS_SESSION_TOKEN"),
        ("s3://lake", {**S3, "session_token": KEY}, "AWS_SESSION_TOKEN"),
        (AZURE, {"account_key": KEY}, "AZURE_STORAGE_ACCOUNT_KEY"),
        (AZURE, {"ambient": True}, "AZURE_FEDERATED_TOKEN_FILE"),
    ],
)
def test_an_environment_that_changes_nothing_passes(
    monkeypatch: pytest.MonkeyPatch, url: str, raw: Mapping[str, object], variable: str
) -> None:
    monkeypatch.setenv(variable, "canary")
    assert delta_options(location(url, raw))


@pytest.mark.parametrize("raw", [S3, {"ambient": True}, OPEN])
def test_a_commit_to_s3_is_on_condition_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, raw: Mapping[str, object]
) -> None:
    monkeypatch.setenv("AWS_CONDITIONAL_PUT", "disabled")
    assert delta_options(location("s3://lake", raw))["aws_conditional_put"] == "etag"


def test_a_second_emulator_of_azure_in_one_process_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AZURITE_BLOB_STORAGE_URL", "http://127.0.0.1:9")
    first, second = (
        location("az://lake", {"emulator": f"http://127.0.0.1:{port}"}) for port in (1, 2)
    )
    for make in (delta_options, polars_options, delta_options):
        make(first)
    for make in (delta_options, polars_options):
        with pytest.raises(StoreOptionValueError, match="is another than that of a store"):
            make(second)
    assert os.environ["AZURITE_BLOB_STORAGE_URL"] == "http://127.0.0.1:1"


def _given(files: object) -> Any:  # noqa: ANN401 - what fsspec keeps of its arguments
    return getattr(files, "storage_options")  # noqa: B009 - not among what we use of it


def _azure(where: RemoteLocation) -> AzureBlobFileSystem:
    from adlfs import AzureBlobFileSystem  # an extra

    files = filesystem(where)
    assert isinstance(files, AzureBlobFileSystem)
    return files


@pytest.mark.parametrize("library", ["azure", "gcsfs"])
def test_a_client_prints_nothing_by_itself(library: str) -> None:
    filesystem(location("gs://lake/shop", {"anonymous": True}))
    filesystem(location("gs://lake/shop", {"anonymous": True}))
    [kept] = logging.getLogger(library).handlers
    assert isinstance(kept, logging.NullHandler)

"""The options of a remote store, as the project file has them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from flowforge_assets.errors.base import FlowForgeError, Place, Problems
from flowforge_assets.errors.stores import (
    CredentialModeError,
    NoCredentialsError,
    PlainSecretError,
    StoreOptionValueError,
    UnknownStoreOptionError,
)
from flowforge_assets.storage.secrets import Reference
from flowforge_assets.storage.store_options import StoreOptions, read_options

KEY = {"env": "LAKE_KEY"}
S3 = {"region": "eu-central-1", "access_key_id": "AKIA", "secret_access_key": KEY}
AZURE = "abfss://lake@acme.dfs.core.windows.net/shop"
ONELAKE = "abfss://sales@onelake.dfs.fabric.microsoft.com/shop.Lakehouse/Files/lake"


def problems(url: str, raw: Mapping[str, object]) -> list[FlowForgeError]:
    with pytest.raises(FlowForgeError) as caught:
        read_options(url, raw, where="env.prod.store", place=lambda name: Place("f", 1, text=name))
    error = caught.value
    return error.errors if isinstance(error, Problems) else [error]


@pytest.mark.parametrize(
    ("url", "raw"),
    [
        ("s3://lake/shop", S3),
        ("s3://lake/shop", {**S3, "session_token": KEY, "path_style": False}),
        ("s3://lake/shop", {"ambient": True}),
        ("s3://lake/shop", {"anonymous": True, "region": "us-east-1"}),
        ("s3://lake", {**S3, "endpoint": "http://minio:9000", "allow_http": True}),
        ("s3://lake", {"ambient": True, "timeout_seconds": 1.5, "max_retries": 0}),
        (AZURE, {"account_key": KEY}),
        (AZURE, {"sas_token": KEY}),
        (AZURE, {"tenant_id": "t", "client_id": "c", "client_secret": KEY}),
        ("az://lake/shop", {"account": "acme", "ambient": True}),
        ("az://lake/shop", {"emulator": "http://127.0.0.1:10000"}),
        (ONELAKE, {"token": KEY}),
        (ONELAKE, {"ambient": True}),
        ("gs://lake/shop", {"service_account": {"file": "/run/gcs.json"}, "project": "p"}),
        ("gs://lake/shop", {"anonymous": True}),
        ("ftp://host/shop", {"username": "u", "password": KEY, "port": 21}),
    ],
)
def test_each_kind_takes_its_options(url: str, raw: Mapping[str, object]) -> None:
    assert set(read_options(url, raw).values) == set(raw)


def test_url_and_format_stand_beside_the_options() -> None:
    raw = {"url": "s3://lake", "format": "delta", "ambient": True}
    assert read_options("s3://lake", raw) == StoreOptions("s3", {"ambient": True})


@pytest.mark.parametrize(
    ("url", "name", "hint"),
    [
        ("s3://lake", "access_key", "did you mean `access_key_id`?"),
        ("s3://lake", "aws_region", "did you mean `region`?"),
        (AZURE, "accountkey", "did you mean `account_key`?"),
        ("gs://lake", "zzz", "known are `url`, `format`, `service_account`"),
        (ONELAKE, "account_key", "known are"),
        ("ftp://host", "passwrd", "did you mean `password`?"),
    ],
)
def test_a_misspelt_option_is_an_error(url: str, name: str, hint: str) -> None:
    [error] = problems(url, {"ambient": True, name: "x"})
    assert isinstance(error, UnknownStoreOptionError)
    assert error.message.startswith(f"unknown option `{name}` in `[env.prod.store]`: ")
    assert hint in (error.hint or "")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("region", 3, "a string"),
        ("region", "", "a string"),
        ("ambient", "yes", "`true` or `false`"),
        ("endpoint", "minio:9000", "a URL without user and query"),
        ("endpoint", "https://user:canary@minio", "a URL without user and query"),
        ("endpoint", "https://minio?token=canary", "a URL without user and query"),
        ("timeout_seconds", 0, "a number of seconds above 0"),
        ("timeout_seconds", True, "a number of seconds above 0"),
        ("max_retries", -1, "a whole number from 0"),
        ("max_retries", 1.5, "a whole number from 0"),
        ("allow_http", {"env": "A"}, "`true` or `false`"),
        ("max_retries", {"env": "A"}, "a whole number from 0"),
        ("region", {"env": ""}, "a whole reference"),
        ("region", {"env": "A", "file": "b"}, "a whole reference"),
        ("region", {"env": "A", "field": "b"}, "a whole reference"),
        ("region", {"prefect_block": "lake"}, "a whole reference"),
    ],
)
def test_a_value_of_another_type_is_an_error(name: str, value: object, said: str) -> None:
    [error] = problems("s3://lake", {**S3, name: value})
    assert isinstance(error, StoreOptionValueError)
    assert error.message == f"`{name}` in `[env.prod.store]` is not {said}"
    assert "canary" not in error.render()


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("s3://lake", "secret_access_key"),
        ("s3://lake", "session_token"),
        (AZURE, "account_key"),
        (AZURE, "sas_token"),
        (AZURE, "client_secret"),
        (ONELAKE, "token"),
        ("gs://lake", "service_account"),
        ("ftp://host", "password"),
    ],
)
@pytest.mark.parametrize("value", ["canary", 5, ["canary"], {"value": "canary"}])
def test_a_secret_in_plain_text_is_refused_and_not_repeated(
    url: str, name: str, value: object
) -> None:
    [error] = problems(url, {name: value})
    assert isinstance(error, PlainSecretError)
    assert error.place == Place("f", 1)
    assert "`{ env = " in (error.hint or "")
    assert "canary" not in error.render()


@pytest.mark.parametrize(
    ("url", "raw", "said"),
    [
        ("s3://lake", {**S3, "ambient": True}, "two kinds of credentials"),
        ("gs://lake", {"ambient": True, "anonymous": True}, "two kinds of credentials"),
        (AZURE, {"account_key": KEY, "sas_token": KEY}, "two kinds of credentials"),
        (AZURE, {"account_key": KEY, "tenant_id": "t"}, "two kinds of credentials"),
        ("s3://lake", {"region": "r", "access_key_id": "A"}, "missing in `[env.prod.store]`"),
        ("s3://lake", {"session_token": KEY}, "`access_key_id`, `secret_access_key`"),
        (AZURE, {"tenant_id": "t", "client_secret": KEY}, "`client_id`"),
    ],
)
def test_credentials_are_one_whole_set(url: str, raw: Mapping[str, object], said: str) -> None:
    [error] = problems(url, raw)
    assert isinstance(error, CredentialModeError)
    assert said in error.message


@pytest.mark.parametrize(
    ("url", "raw"),
    [
        ("s3://lake", {}),
        ("s3://lake", {"region": "eu-central-1"}),
        ("s3://lake", {"ambient": False}),
        (AZURE, {}),
        (ONELAKE, {}),
        ("gs://lake", {"project": "p"}),
    ],
)
def test_without_credentials_a_remote_store_is_refused(url: str, raw: Mapping[str, object]) -> None:
    [error] = problems(url, raw)
    assert isinstance(error, NoCredentialsError)
    assert error.exit_code == 2
    assert "`ambient = true`" in (error.hint or "")


@pytest.mark.parametrize(
    ("url", "raw", "said"),
    [
        ("s3://lake", {**S3, "endpoint": "http://minio:9000"}, "is `http://`"),
        ("s3://lake", {"access_key_id": "A", "secret_access_key": KEY}, "`region` is missing"),
        ("az://lake", {"account_key": KEY}, "names no storage account"),
        (AZURE, {"account": "other", "account_key": KEY}, "`account` in `[env.prod.store]` is"),
        (
            "az://lake",
            {"emulator": "http://127.0.0.1:1", "endpoint": "https://b"},
            "`emulator` and `endpoint`",
        ),
    ],
)
def test_what_a_store_needs_besides_is_asked_for(
    url: str, raw: Mapping[str, object], said: str
) -> None:
    [error] = problems(url, raw)
    assert isinstance(error, StoreOptionValueError)
    assert said in error.message


def test_all_mistakes_are_told_at_once() -> None:
    found = problems(
        "s3://lake", {"aws_region": "x", "secret_access_key": "canary", "max_retries": "a"}
    )
    assert [error.code for error in found] == ["FF-860", "FF-861", "FF-862"]


def test_a_value_that_is_no_secret_may_be_a_reference_too() -> None:
    options = read_options("s3://lake", {**S3, "region": {"env": "LAKE_REGION"}})
    assert options.values["region"] == Reference("env", "LAKE_REGION")


def test_options_are_equal_by_what_they_say() -> None:
    one, same = (read_options("s3://lake", S3) for _ in range(2))
    other = read_options("s3://lake", {**S3, "region": "us-east-1"})
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert len({one, same, other}) == 2
